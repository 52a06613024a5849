"""What people can ask of the service about themselves: a copy of what is held; and what was passed on."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from exchange.core.disclosure import BASES, KINDS
from exchange.core.own_copy import COPY_STATES, Part
from exchange.core.rectification import ABOUT, OUTCOMES
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

# A copy of what is held about one person (GDPR Art. 15). The object and its key are there from `ready` until it was
# handed out or its time is over; the list stays and says nothing of what was in it.
own_copy = Table(
    "own_copy",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("participant_id", "participant.id"),
    word("state", default="open"),
    ref("prepared_by", "account.id", index=False),
    now(),
    when("due_at"),
    ref("checked_by", "account.id", nullable=True, index=False),
    when("checked_at"),
    ref("approved_by", "account.id", nullable=True, index=False),
    when("approved_at"),
    Column("object_key", Text),
    Column("key_sealed", LargeBinary),
    Column("size", BigInteger),
    Column("sha256", Text),
    when("until"),
    ref("handed_by", "account.id", nullable=True, index=False),
    when("ended_at"),
    one_of("state", COPY_STATES),
    # whoever went through the list does not approve it
    CheckConstraint("approved_by <> prepared_by and approved_by <> checked_by", name="second_person"),
    Index("uq_own_copy_open", "participant_id", unique=True, postgresql_where=text("ended_at is null")),
)

# Something of the case was passed on (rule 15). For a sentence or parole there is no word here, on purpose.
disclosure = Table(
    "disclosure",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    word("kind"),
    word("basis"),
    sealed("authority_sealed"),
    sealed("what_sealed"),
    sealed("duty_sealed"),
    # Whom it is about, and the consents that it stands on: each is good for one disclosure.
    Column("concerned", ARRAY(Uuid), nullable=False),
    Column("consents", ARRAY(Uuid), nullable=False),
    ref("recorded_by", "account.id", index=False),
    now(),
    one_of("kind", KINDS),
    one_of("basis", BASES),
    CheckConstraint("basis = 'legal_duty' or cardinality(consents) = cardinality(concerned)", name="consents"),
)

# When a case was closed; gone when it is opened again. Retention is counted from here (rule 23).
closing = Table("closing", metadata, key(), ref("case_id", "cases.id", index=False), now(), UniqueConstraint("case_id"))

# Somebody says that something about them is wrong (GDPR Art. 16); `outcome` NULL until it was answered.
rectification = Table(
    "rectification",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("participant_id", "participant.id"),
    word("about"),
    sealed("said_sealed"),
    word("outcome", nullable=True),
    sealed("answer_sealed"),
    ref("recorded_by", "account.id", index=False),
    now(),
    when("due_at"),
    ref("decided_by", "account.id", nullable=True, index=False),
    when("decided_at"),
    one_of("about", ABOUT),
    one_of("outcome", OUTCOMES),
)

# One thing on the list: in, or left out with a reason; NULL until somebody has looked.
own_copy_item = Table(
    "own_copy_item",
    metadata,
    key(),
    ref("copy_id", "own_copy.id", ondelete="CASCADE"),
    Column("position", Integer, nullable=False),
    word("part"),
    # The message, the answer or the referral that it is; NULL for what there is once.
    Column("about", Uuid),
    Column("inside", Boolean),
    # What was seen by whoever looked at it last, keyed: what is different when the copy is made goes out to nobody.
    Column("seen", LargeBinary),
    sealed("reason_sealed"),
    ref("decided_by", "account.id", nullable=True, index=False),
    when("decided_at"),
    one_of("part", Part),
)
