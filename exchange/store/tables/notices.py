"""Notices to participants: what each said is safe, and what was sent, when, by what means, with what outcome."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text

from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

MEANS = ("email", "text")
STATES = ("waiting", "trying", "sent", "delivered", "failed", "came_back", "unknown", "stopped")

# What somebody said is safe; the newest row counts. `means` NULL: they want none. JSON: address, days, hours, words.
notice_wish = Table(
    "notice_wish",
    metadata,
    key(),
    ref("participant_id", "participant.id"),
    word("means", nullable=True),
    # Whether one may go by itself when a link is made, where the case's policy allows that too.
    Column("by_itself", Boolean, nullable=False, server_default=text("false")),
    sealed("detail_sealed"),
    ref("recorded_by", "account.id", index=False),
    now(),
    one_of("means", MEANS),
)

# One notice. No address and no words: the worker opens the newest wish at the moment of sending. `tried_at` is set
# before it leaves, `ended_at` once its outcome is known, so that a crash between the two is seen and never repeated.
notice = Table(
    "notice",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("participant_id", "participant.id"),
    ref("message_id", "message.id", nullable=True),
    ref("link_id", "link.id", nullable=True),
    word("event"),
    word("means"),
    word("state", default="waiting"),
    word("outcome", nullable=True),
    Column("wording", Text),
    # 128 random bits in hex: finds the notice by what comes back, and at the sender of text messages.
    Column("token", Text, nullable=False, unique=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    ref("asked_by", "account.id", nullable=True, index=False),
    now("asked_at"),
    when("due_at"),
    when("tried_at"),
    when("ended_at"),
    one_of("event", ("link", "offer", "return")),
    one_of("means", MEANS),
    one_of("state", STATES),
    Index("ix_notice_open", "state", postgresql_where=text("state in ('waiting', 'trying', 'sent')")),
)
