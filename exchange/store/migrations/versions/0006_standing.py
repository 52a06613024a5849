"""Conflicts of interest and emergencies. A new database has the tables from the first migration already."""

from alembic import op

from exchange.store.tables import bar, emergency, metadata

revision = "0006"
down_revision = "0003"


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=[bar, emergency], checkfirst=True)
