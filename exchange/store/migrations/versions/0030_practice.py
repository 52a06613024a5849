"""The service's own words of consents; who loosened a case from outside; when a name was agreed."""

from importlib.resources import files

from alembic import op

from exchange.store.tables import loosened, metadata, wording

revision = "0030"
down_revision = "0029"


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
    _erasures_of_one_thing()
    _only_consents_that_ended()
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("wording.sql").read_bytes())


def _erasures_of_one_thing() -> None:
    """A person who never took part, and a referral, get a certificate too."""
    op.execute("alter table erasure alter column case_id drop not null")
    for name, table in (("participant_id", "participant"), ("referral_id", "referral")):
        op.execute(f"alter table erasure add column if not exists {name} uuid references {table} (id)")
        op.execute(f"create index if not exists ix_erasure_{name} on erasure ({name})")
    op.execute("alter table erasure drop constraint if exists ck_erasure_what")
    things = "('message', 'case', 'participant', 'referral')"
    op.execute(f"alter table erasure add constraint ck_erasure_what check (what in {things})")


def _only_consents_that_ended() -> None:
    """Of what was decided about closing a case the portal reads which consents ended, and when; nothing else of it."""
    op.execute("revoke select (id, what, about, word, applied_at) on closing_decision from exchange_portal")
    op.execute("grant select (what, about, word, applied_at) on closing_decision to exchange_portal")
    op.execute("alter table closing_decision enable row level security")
    op.execute("create policy console_all on closing_decision to exchange_console using (true) with check (true)")
    ended = "what = 'consent' and word = 'end' and applied_at is not null"
    op.execute(f"create policy portal_reads on closing_decision for select to exchange_portal using ({ended})")
