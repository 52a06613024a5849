"""Case life: the diary, letters never to be sent, cooling-off time. A new database has tables and columns already."""

from importlib.resources import files

from alembic import op

from exchange.core.model import State
from exchange.store.tables import diary, metadata

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make what is not there yet. The portal reads whether a message may be sent, and since when a yes stands."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    metadata.create_all(op.get_bind(), tables=[diary], checkfirst=True)
    op.execute("grant select, insert, update, delete on diary to exchange_console")
    op.execute("alter table message add column if not exists never_sent boolean not null default false")
    states = ", ".join(f"'{state}'" for state in State)
    op.execute("alter table message drop constraint if exists ck_message_state")
    op.execute(f"alter table message add constraint ck_message_state check (state in ({states}))")
    op.execute("alter table receive_current add column if not exists since timestamptz not null default now()")
    op.execute("update receive_current r set since = c.at from consent c where c.id = r.consent_id")
    op.execute("grant select (never_sent), insert (never_sent) on message to exchange_portal")
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("never_sent.sql").read_bytes())
