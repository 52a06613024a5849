"""Erasures with their certificates, and legal holds that forbid them."""

from sqlalchemy import Column, Date, Index, Integer, Table, Text, text

from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

# One line per erased message, case, person who never took part, or referral (which has no case). `note` is the signed
# certificate, NULL until a worker has signed it.
erasure = Table(
    "erasure",
    metadata,
    key(),
    ref("case_id", "cases.id", nullable=True),
    ref("message_id", "message.id", nullable=True),
    ref("participant_id", "participant.id", nullable=True),
    ref("referral_id", "referral.id", nullable=True),
    word("what"),
    Column("objects", Integer, nullable=False),
    # After this day no backup from before the erasure is kept, by the policy of that day.
    Column("backups_until", Date, nullable=False),
    Column("note", Text),
    now(),
    one_of("what", ("message", "case", "participant", "referral")),
)

# While one is in force nothing of the case is erased. At most one at a time.
legal_hold = Table(
    "legal_hold",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    sealed("reason_sealed"),
    ref("placed_by", "account.id", index=False),
    now(),
    sealed("lifted_reason_sealed"),
    ref("lifted_by", "account.id", nullable=True, index=False),
    when("lifted_at"),
    Index("uq_legal_hold_open", "case_id", unique=True, postgresql_where=text("lifted_at is null")),
)
