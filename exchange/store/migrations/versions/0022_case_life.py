"""Referrals by professionals, the form of the risk assessment, closing. A new database has all of it already."""

from alembic import op

from exchange.core.diary import Diary
from exchange.core.referrals import Source
from exchange.store.tables import assessment, assessment_form, assessment_part, closing_decision, metadata

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make what is not there yet. The portal says who made a referral, in a word; it sees no assessment."""
    made = [assessment_form, assessment, assessment_part, closing_decision]
    metadata.create_all(op.get_bind(), tables=made, checkfirst=True)
    # what was asked and answered is never changed, only emptied when it is erased
    for table, emptied in ((assessment_form, ""), (assessment, "why_sealed"), (assessment_part, "told_sealed")):
        op.execute(f"revoke update, delete on {table.name} from exchange_console")
        op.execute(f"grant select, insert on {table.name} to exchange_console")
        if emptied:
            op.execute(f"grant update ({emptied}) on {table.name} to exchange_console")
    op.execute("revoke update, delete on closing_decision from exchange_console")
    op.execute("grant select, insert, update (applied_at) on closing_decision to exchange_console")
    # the gate asks whether a consent ended with the case it was given for
    op.execute("grant select (id, what, about, word, applied_at) on closing_decision to exchange_portal")
    sources, kinds = (", ".join(f"'{word}'" for word in words) for words in (Source, Diary))
    op.execute("alter table referral add column if not exists source text not null default 'self'")
    op.execute("alter table referral drop constraint if exists ck_referral_source")
    op.execute(f"alter table referral add constraint ck_referral_source check (source in ({sources}))")
    op.execute("grant insert (source) on referral to exchange_portal")
    op.execute("alter table diary drop constraint if exists ck_diary_kind")
    op.execute(f"alter table diary add constraint ck_diary_kind check (kind in ({kinds}))")
