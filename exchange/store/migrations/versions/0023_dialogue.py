"""Dialogue and hard days: questions, ground rules, signatures, coming of age, what is shared after a death.

A new database has tables and columns already.
"""

from alembic import op

from exchange.core.model import ConsentKind
from exchange.store.tables import ground_rules, metadata, rules_agreed

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Make what is not there yet. The portal learns which ground rules are the newest, and writes who agreed."""
    made = [ground_rules, rules_agreed]
    metadata.create_all(op.get_bind(), tables=made, checkfirst=True)
    for table in made:
        op.execute(f"grant select, insert, update, delete on {table.name} to exchange_console")
    op.execute("grant select (id, number, case_id) on ground_rules to exchange_portal")
    op.execute(
        "grant select (id, rules_id, participant_id), insert (id, rules_id, participant_id, method, language)"
        " on rules_agreed to exchange_portal"
    )
    op.execute("alter table message add column if not exists asks boolean not null default false")
    op.execute("grant select (asks), insert (asks) on message to exchange_portal")
    op.execute("alter table participant add column if not exists signature_sealed bytea")
    op.execute("alter table participant add column if not exists of_age_at timestamptz")
    op.execute("grant select (of_age_at) on participant to exchange_portal")
    op.execute("alter table review drop constraint if exists ck_review_decision")
    decisions = "('approve', 'return', 'withhold', 'retract', 'after')"
    op.execute(f"alter table review add constraint ck_review_decision check (decision in {decisions})")
    kinds = ", ".join(f"'{kind}'" for kind in ConsentKind)
    op.execute("alter table consent drop constraint if exists ck_consent_kind")
    op.execute(f"alter table consent add constraint ck_consent_kind check (kind in ({kinds}))")
