"""Marks that a facilitator has looked at and left as they are. A new database has the table already."""

from alembic import op

from exchange.store.tables import mark_left, metadata

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make what is not there yet; console and worker have every row, the portal none."""
    metadata.create_all(op.get_bind(), tables=[mark_left], checkfirst=True)
    op.execute("grant select, insert, update, delete on mark_left to exchange_console")
