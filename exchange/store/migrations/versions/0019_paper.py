"""Printed packs and their codes. A new database has the table already."""

from alembic import op

from exchange.store.tables import metadata, printed_pack

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make what is not there yet; console and worker have every row, the portal none."""
    metadata.create_all(op.get_bind(), tables=[printed_pack], checkfirst=True)
    op.execute("grant select, insert, update, delete on printed_pack to exchange_console")
