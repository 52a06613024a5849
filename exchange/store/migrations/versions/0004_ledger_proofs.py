"""Subtree roots beside the leaves, for proofs; witnesses and their cosignatures."""

from importlib.resources import files

from alembic import op

revision = "0004"
down_revision = "0006"


def upgrade() -> None:
    """Run the script as it is: it holds several statements."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("ledger_proofs.sql").read_bytes())
