"""Telling the author that something is not shared, appeals, supervision. A new database has the tables already.

And what long lists need: the record by act and time (the auditor's overview read all of it), and open tasks.
"""

from alembic import op

from exchange.store.tables import appeal, metadata, supervision, told

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make what is not there yet. The portal puts an appeal in and sees whether one is open; it reads no word of it."""
    metadata.create_all(op.get_bind(), tables=[told, appeal, supervision], checkfirst=True)
    op.execute("grant select, insert, update, delete on told, appeal, supervision to exchange_console")
    op.execute(
        "grant select (id, message_id, decided_at),"
        " insert (id, case_id, message_id, participant_id, method, text_sealed) on appeal to exchange_portal"
    )
    op.execute("create index if not exists ledger_leaf_act on public.ledger_leaf (((leaf::jsonb) ->> 'act'), at)")
    op.execute("create index if not exists ix_task_open on task (at) where done_at is null")
