"""When each stored object was last read back, and what was found. A new database has the table already."""

from alembic import op

from exchange.store import tables as t

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """For worker and console; the portal's role is told nothing of it."""
    t.scrub.create(op.get_bind(), checkfirst=True)
    op.execute("grant select, insert, update, delete on scrub to exchange_console")
