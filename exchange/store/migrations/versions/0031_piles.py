"""Scanned piles of replies."""

from alembic import op

from exchange.store.tables import metadata, pile, pile_page, pile_part

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Make what a new database has already. The portal has nothing of it."""
    made = [pile, pile_part, pile_page]
    metadata.create_all(op.get_bind(), tables=made, checkfirst=True)
    for table in made:
        op.execute(f"grant select, insert, update, delete on {table.name} to exchange_console")
