"""Listening before the picture is made, and how long a making takes. A new database has the table already."""

from alembic import op

from exchange.store.tables import early, metadata

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make what is not there yet. The portal reads no key; with a withdrawal it takes the sound away."""
    metadata.create_all(op.get_bind(), tables=[early], checkfirst=True)
    op.execute("alter table message add column if not exists working_since timestamptz")
    op.execute("grant select, insert, update, delete on early to exchange_console")
    op.execute("grant select (message_id, object_key), delete on early to exchange_portal")
    op.execute("grant select (working_since) on message to exchange_portal")
