"""The life of a case beside its messages: what practice writes down (`core/diary.py`)."""

from sqlalchemy import BigInteger, Column, Identity, Table

from exchange.core.diary import Diary
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, word

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
