"""Single sign-on and recovery codes. A new database has the tables from the first migration already."""

from alembic import op

from exchange.store.tables import metadata, recovery_code, sign_on, sign_on_attempt

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=[sign_on, sign_on_attempt, recovery_code], checkfirst=True)
