"""Captions while they are written. A new database has the table already."""

from alembic import op

from exchange.store.tables import caption_draft, metadata

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make what is not there yet; console and worker have every row, the portal none."""
    metadata.create_all(op.get_bind(), tables=[caption_draft], checkfirst=True)
    op.execute("grant select, insert, update, delete on caption_draft to exchange_console")
