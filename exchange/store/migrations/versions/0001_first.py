"""The first schema: the tables, the ledger, the queue, and decisions that cannot be edited."""

from importlib.resources import files

from alembic import op
from procrastinate.schema import SchemaManager

from exchange.store.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    conn = op.get_bind()
    metadata.create_all(conn)
    # Raw driver calls: both scripts hold several statements and per cent signs.
    driver = conn.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("ledger.sql").read_bytes())
        cursor.execute(SchemaManager.get_schema().encode())
        cursor.execute(files("exchange.store").joinpath("append_only.sql").read_bytes())
