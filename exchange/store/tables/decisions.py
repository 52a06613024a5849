"""Decisions are append-only events; `*_current` tables hold what is in force (DESIGN section 6).

A live grant needs a row of each `*_current` table for the same message and digest, by composite foreign
keys with ON DELETE CASCADE: taking an approval or a consent back kills the grant in the same statement.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from exchange.core.model import ConsentKind, Method
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

review = Table(
    "review",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("digest", Text),
    ref("account_id", "account.id"),
    word("decision"),
    sealed("reason_sealed"),
    Column("ticks", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    word("understood", nullable=True),
    Column("assigned", Boolean, nullable=False),
    # Approvals that a later revision, retraction or return voided.
    when("void_at"),
    now(),
    # `after`: a supervisor's second approval where the author has died or cannot be reached.
    one_of("decision", ("approve", "return", "withhold", "retract", "after")),
)

consent = Table(
    "consent",
    metadata,
    key(),
    Column("number", BigInteger, Identity(), nullable=False, unique=True),
    ref("participant_id", "participant.id"),
    word("kind"),
    ref("message_id", "message.id", nullable=True),
    Column("digest", Text),
    Column("given", Boolean, nullable=False),
    word("method"),
    Column("wording", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    sealed("note_sealed"),
    ref("recorded_by", "account.id", nullable=True, index=False),
    now(),
    one_of("kind", ConsentKind),
    one_of("method", Method),
)

approval_current = Table(
    "approval_current",
    metadata,
    Column("message_id", Uuid, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", Text, primary_key=True),
    ref("review_id", "review.id", index=False),
    ForeignKeyConstraint(["message_id", "digest"], ["revision.message_id", "revision.digest"], ondelete="CASCADE"),
)

share_current = Table(
    "share_current",
    metadata,
    Column("message_id", Uuid, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", Text, primary_key=True),
    ref("consent_id", "consent.id", index=False),
    ForeignKeyConstraint(["message_id", "digest"], ["revision.message_id", "revision.digest"], ondelete="CASCADE"),
)

receive_current = Table(
    "receive_current",
    metadata,
    Column("message_id", Uuid, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    ref("consent_id", "consent.id", index=False),
    # Since when the yes stands without a break: the cooling-off time counts from here.
    now("since"),
)

offer = Table(
    "offer",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("digest", Text, nullable=False),
    sealed("content_note_sealed"),
    Column("on_acceptance", Boolean, nullable=False, server_default=text("false")),
    word("told_by"),
    ref("made_by", "account.id", index=False),
    now(),
)

release = Table(
    "release",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("digest", Text, nullable=False),
    word("way"),
    ref("link_id", "link.id", nullable=True),
    sealed("present_sealed"),
    ref("made_by", "account.id", nullable=True, index=False),
    when("ended_at"),
    word("copy", nullable=True),
    now(),
    one_of("way", ("link", "with_me", "printed")),
)

review_note = Table(
    "review_note",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("digest", Text, nullable=False),
    ref("account_id", "account.id", index=False),
    Column("place", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    sealed("text_sealed", nullable=False),
    now(),
)

# What a facilitator has looked at and left: the words of a mark (core/leaks.py) only as a keyed hash.
mark_left = Table(
    "mark_left",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("keyed", LargeBinary, nullable=False),
    ref("account_id", "account.id", index=False),
    now(),
    UniqueConstraint("message_id", "keyed"),
)

# The reason for sending something back, spoken by a facilitator; the newest row of a review counts. One object at a
# time: what was recorded until the worker has made it safe, then only that.
spoken = Table(
    "spoken",
    metadata,
    key(),
    ref("message_id", "message.id"),
    ref("review_id", "review.id"),
    ref("account_id", "account.id", index=False),
    word("state", default="arrived"),
    word("refused_code", nullable=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("key_sealed", LargeBinary),
    now(),
    one_of("state", ("arrived", "ready", "refused")),
)

CONCERNS = ("threat", "new_crime", "safeguarding", "other", "misfiled")

concern = Table(
    "concern",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("message_id", "message.id"),
    ref("raised_by", "account.id", index=False),
    word("kind"),
    sealed("note_sealed", nullable=False),
    now(),
    when("ended_at"),
    ref("ended_by", "account.id", nullable=True, index=False),
    word("outcome", nullable=True),
    one_of("kind", CONCERNS),
)

concern_note = Table(
    "concern_note",
    metadata,
    key(),
    ref("concern_id", "concern.id"),
    ref("account_id", "account.id", index=False),
    sealed("text_sealed", nullable=False),
    now(),
)
