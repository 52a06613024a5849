"""What follows a decision not to share (rule 21): the author is told, may appeal, and a supervisor decides."""

from sqlalchemy import CheckConstraint, Index, Table, text

from exchange.core.model import Method
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

# That the author was told: by which safe means, when and in which words.
told = Table(
    "told",
    metadata,
    key(),
    ref("message_id", "message.id"),
    word("kind"),
    word("means"),
    sealed("words_sealed"),
    ref("recorded_by", "account.id", index=False),
    now(),
    one_of("kind", ("withheld", "upheld", "allowed")),
)

# The author does not agree. `recorded_by` NULL: they wrote it themselves, through their own link.
appeal = Table(
    "appeal",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("message_id", "message.id"),
    ref("participant_id", "participant.id"),
    word("method"),
    sealed("text_sealed"),
    ref("recorded_by", "account.id", nullable=True, index=False),
    now(),
    when("decided_at"),
    ref("decided_by", "account.id", nullable=True, index=False),
    word("outcome", nullable=True),
    sealed("reason_sealed"),
    one_of("method", Method),
    one_of("outcome", ("upheld", "allowed")),
    CheckConstraint("(decided_at is null) = (outcome is null)", name="decided"),
    Index("uq_appeal_open", "message_id", unique=True, postgresql_where=text("decided_at is null")),
)
