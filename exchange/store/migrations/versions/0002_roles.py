"""Three roles: the owner, console and worker, and the portal, which gets only what it needs (`roles.sql`)."""

from importlib.resources import files

from alembic import op

from exchange.store.roles import make_roles

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the roles where they are missing (they belong to the whole server), then grant."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    make_roles(driver)
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("roles.sql").read_bytes())
