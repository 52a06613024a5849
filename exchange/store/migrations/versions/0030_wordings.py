"""The service's own words of consents. A new database has the table already."""

from importlib.resources import files

from alembic import op

from exchange.store.tables import metadata, wording

revision = "0030"
down_revision = "0027"


def upgrade() -> None:
    """Make it where it is not there yet, and keep what was approved. The portal reads what it shows, no name."""
    metadata.create_all(op.get_bind(), tables=[wording], checkfirst=True)
    op.execute("grant select, insert, update, delete on wording to exchange_console")
    op.execute(
        "grant select (name, kind, number, words, approved_at, from_at, retired_at, written_at) on wording"
        " to exchange_portal"
    )
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("wording.sql").read_bytes())
