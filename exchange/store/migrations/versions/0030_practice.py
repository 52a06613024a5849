"""The service's own words of consents; who loosened a case from outside; when a name was agreed."""

from importlib.resources import files

from alembic import op

from exchange.store.tables import loosened, metadata, wording

revision = "0030"
down_revision = "0027"


def upgrade() -> None:
    """Make what a new database has already, and keep what was approved. The portal reads what it shows, no more."""
    made = [wording, loosened]
    metadata.create_all(op.get_bind(), tables=made, checkfirst=True)
    for table in made:
        op.execute(f"grant select, insert, update, delete on {table.name} to exchange_console")
    op.execute(
        "grant select (name, kind, number, words, approved_at, from_at, retired_at, written_at) on wording"
        " to exchange_portal"
    )
    op.execute("alter table participant add column if not exists named_at timestamptz")
    op.execute("grant select (named_at) on participant to exchange_portal")
    op.execute("grant select (source) on referral to exchange_portal")
    op.execute("alter table access_grant add column if not exists key_again bytea")
    _only_consents_that_ended()
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("wording.sql").read_bytes())


def _only_consents_that_ended() -> None:
    """Of what was decided about closing a case the portal reads which consents ended, and when; nothing else of it."""
    op.execute("revoke select (id, what, about, word, applied_at) on closing_decision from exchange_portal")
    op.execute("grant select (what, about, word, applied_at) on closing_decision to exchange_portal")
    op.execute("alter table closing_decision enable row level security")
    op.execute("create policy console_all on closing_decision to exchange_console using (true) with check (true)")
    ended = "what = 'consent' and word = 'end' and applied_at is not null"
    op.execute(f"create policy portal_reads on closing_decision for select to exchange_portal using ({ended})")
