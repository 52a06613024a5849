"""Leaves wait without a lock until they get their place in the record."""

from importlib.resources import files

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the scripts as they are: they hold several statements."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        for name in ("ledger_pending.sql", "ledger_pending_roles.sql"):
            cursor.execute(files("exchange.store").joinpath(name).read_bytes())
