"""Passkeys. A new database has the tables from the first migration already."""

from alembic import op

from exchange.store.tables import metadata, passkey, passkey_challenge

revision = "0007"
down_revision = "0004"


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=[passkey, passkey_challenge], checkfirst=True)
