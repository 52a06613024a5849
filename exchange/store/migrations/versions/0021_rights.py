"""What people can ask about themselves. A new database has the tables already."""

from alembic import op

from exchange.store.tables import metadata, own_copy, own_copy_item

revision = "0021"
down_revision = "0019"


def upgrade() -> None:
    """Make what is not there yet; console and worker have every row, the portal none."""
    metadata.create_all(op.get_bind(), tables=[own_copy, own_copy_item], checkfirst=True)
    op.execute("grant select, insert, update, delete on own_copy, own_copy_item to exchange_console")
