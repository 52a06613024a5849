"""Cases, the people in them, who looks after them, and the facts the gate reads."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Identity, Index, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from exchange.core.model import CaseState, FactKind, Side
from exchange.core.referrals import Source
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

cases = Table(
    "cases",
    metadata,
    key(),
    Column("reference", Text, nullable=False, unique=True),
    ref("key_id", "key_pair.id", index=False),
    word("type", default="general"),
    Column("policy", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    word("state", default=CaseState.OPEN),
    ref("cover_id", "account.id", nullable=True),
    sealed("summary_sealed"),
    now("created_at"),
    now("moved_at"),
    one_of("state", CaseState),
)

participant = Table(
    "participant",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    word("side"),
    sealed("name_sealed", nullable=False),
    # The agreed form of name the other person may see (rule 16), and how to address this person.
    sealed("form_of_name_sealed", nullable=False),
    # JSON: access needs (rule 19), supporters, interpreters: free text.
    sealed("needs_sealed"),
    # How they sign what they write, as the other person may see it; empty: not signed (rule 16).
    sealed("signature_sealed"),
    # When the form of their name or their signature was agreed anew: a yes to sharing from before does not last.
    when("named_at"),
    Column("custody", Boolean, nullable=False, server_default=text("false")),
    Column("under_18", Boolean, nullable=False, server_default=text("false")),
    # When they come of age: the first moment of that day here. Held only where it is needed, no date of birth.
    when("of_age_at"),
    # Rule 4: what the author may learn; empty by default.
    Column("author_may_learn", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    word("language", default="en"),
    now("created_at"),
    one_of("side", Side),
)

# How to reach a person safely; the newest row counts. JSON: means, address, hours, words, who may answer.
safe_contact = Table(
    "safe_contact",
    metadata,
    key(),
    ref("participant_id", "participant.id"),
    sealed("detail_sealed", nullable=False),
    word("means"),
    # NULL: at the machine itself, from a table of cases.
    ref("recorded_by", "account.id", nullable=True, index=False),
    now(),
)

# The participant's code for this case; one row, replaced when a new one is agreed.
code = Table(
    "code",
    metadata,
    Column("participant_id", Uuid, ForeignKey("participant.id"), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    sealed("code_sealed", nullable=False),
    word("agreed_how"),
    ref("recorded_by", "account.id", index=False),
    now(),
)

assignment = Table(
    "assignment",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("account_id", "account.id"),
    word("part"),
    now("since"),
    when("until"),
    one_of("part", ("lead", "co")),
    Index("uq_assignment_open", "case_id", "account_id", unique=True, postgresql_where=text("until is null")),
)

# Append-only. What counts is the newest row per (case, participant, kind).
fact = Table(
    "fact",
    metadata,
    key(),
    Column("number", BigInteger, Identity(), nullable=False, unique=True),
    ref("case_id", "cases.id", index=False),
    ref("participant_id", "participant.id", nullable=True),
    word("kind"),
    word("value"),
    when("until"),
    sealed("note_sealed"),
    ref("recorded_by", "account.id", nullable=True, index=False),
    now(),
    one_of("kind", FactKind),
    Index("ix_fact_case_id_kind_number", "case_id", "kind", "number"),
)

# Referrals, sealed to the service's key pair: there is no case yet. `source`: who made it, in a word.
referral = Table(
    "referral",
    metadata,
    key(),
    Column("reference", Text, nullable=False, unique=True),
    sealed("detail_sealed"),
    word("source", default=Source.SELF),
    word("state", default="new"),
    sealed("reason_sealed"),
    ref("case_id", "cases.id", nullable=True),
    ref("decided_by", "account.id", nullable=True, index=False),
    when("decided_at"),
    when("notice_at"),
    now("created_at"),
    one_of("source", Source),
    one_of("state", ("new", "opened", "not_for_us")),
)
