"""What is to be taken out of a message, the making of a new version without it, and captions being written."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from exchange.core.edits import Why
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

# One place of the round's clean revision, sealed: where something stands is a hint at what stands there.
edit = Table(
    "edit",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("round", Integer, nullable=False),
    ref("account_id", "account.id", index=False),
    Column("place_sealed", LargeBinary, nullable=False),
    word("reason"),
    sealed("words_sealed"),
    now(),
    one_of("reason", Why),
)

making = Table(
    "making",
    metadata,
    key(),
    ref("message_id", "message.id"),
    ref("account_id", "account.id", index=False),
    # The newest version when it was asked for: if there is a newer one in the end, nothing is made.
    Column("base_digest", Text, nullable=False),
    word("state", default="waiting"),
    Column("progress", Integer, nullable=False, server_default=text("0")),
    word("refused_code", nullable=True),
    when("ended_at"),
    now(),
    one_of("state", ("waiting", "done", "refused")),
    Index("ix_making_one_at_a_time", "message_id", unique=True, postgresql_where=text("state = 'waiting'")),
)

# The captions of a recording while they are written, one sheet for the whole team; gone once they are a part.
caption_draft = Table(
    "caption_draft",
    metadata,
    key(),
    ref("message_id", "message.id", index=False),
    # The version that was heard while writing: times belong to it.
    Column("base_digest", Text, nullable=False),
    ref("account_id", "account.id", index=False),
    Column("language", Text, nullable=False),
    sealed("text_sealed"),
    # A machine wrote it and nobody has gone through it yet: not to be kept as it is.
    Column("machine", Boolean, nullable=False, server_default=text("false")),
    word("state", default="open"),
    Column("progress", Integer, nullable=False, server_default=text("0")),
    word("refused_code", nullable=True),
    # Counts what was kept, so that two people at one sheet do not undo each other's work.
    Column("number", Integer, nullable=False, server_default=text("1")),
    now(),
    one_of("state", ("open", "hearing", "refused")),
    Index("ix_caption_draft_message_id", "message_id", unique=True),
)
