"""Notices to participants. A new database has the tables from the first migration already."""

from alembic import op

from exchange.store.tables import metadata, notice, notice_wish

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=[notice_wish, notice], checkfirst=True)
