"""The life of a case beside its messages: what practice writes down (`core/diary.py`)."""

from sqlalchemy import BigInteger, Column, Identity, Integer, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from exchange.core.closing import What, Word
from exchange.core.diary import Diary
from exchange.core.model import CASE_FACTS, FactKind
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

# Append-only. What counts is the newest row per (case, participant, kind).
diary = Table(
    "diary",
    metadata,
    key(),
    Column("number", BigInteger, Identity(), nullable=False, unique=True),
    ref("case_id", "cases.id"),
    ref("participant_id", "participant.id", nullable=True),
    word("kind"),
    word("value"),
    sealed("words_sealed"),
    ref("recorded_by", "account.id", index=False),
    now(),
    one_of("kind", Diary),
)

# What becomes of something that is open when its case is closed. Append-only but for `applied_at`: when the case was
# closed and it was carried out. What counts until then is the newest row per (case, what, about) without it.
closing_decision = Table(
    "closing_decision",
    metadata,
    key(),
    Column("number", BigInteger, Identity(), nullable=False, unique=True),
    ref("case_id", "cases.id"),
    word("what"),
    Column("about", Uuid, nullable=False, index=True),
    word("state"),
    word("word"),
    ref("decided_by", "account.id", index=False),
    now(),
    when("applied_at"),
    one_of("what", What),
    one_of("word", Word),
)

# The form of the risk assessment, version by version: never changed. Nobody's words about anybody stand here.
assessment_form = Table(
    "assessment_form",
    metadata,
    key(),
    Column("number", Integer, nullable=False, unique=True),
    Column("form", JSONB, nullable=False),
    ref("made_by", "account.id", index=False),
    now(),
)

# One assessment; `version` is the form it was made with, whose words stand in its parts.
assessment = Table(
    "assessment",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    Column("version", Integer, nullable=False),
    word("value"),
    when("until"),
    sealed("why_sealed"),
    ref("recorded_by", "account.id", index=False),
    now(),
    one_of("value", CASE_FACTS[FactKind.ASSESSMENT]),
)

# What was asked and answered about the case, or about one person in it.
assessment_part = Table(
    "assessment_part",
    metadata,
    key(),
    ref("assessment_id", "assessment.id"),
    ref("case_id", "cases.id"),
    ref("participant_id", "participant.id", nullable=True),
    sealed("told_sealed"),
)
