"""Taking something out of a message. A new database has the tables and the column already."""

from alembic import op

from exchange.store.tables import edit, making, metadata

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make what is not there yet; console and worker have every row, the portal none."""
    metadata.create_all(op.get_bind(), tables=[edit, making], checkfirst=True)
    op.execute("alter table revision add column if not exists edits_sealed bytea")
    op.execute("grant select, insert, update, delete on edit, making to exchange_console")
