"""Scanned piles of replies (rule 20): what was put in as one file, and what of it belongs to whom.

The pile is its owner's, who put it in, and is sealed to the service; what was found to be a reply is sealed to its
case. Nothing of it says what stands on a page.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, Uuid
from sqlalchemy import text as sql

from exchange.core.piles import LeftOver
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

# `waiting` for a worker, `read`, `refused` (a code of `media.limits`); `gone`: all of it put in or thrown away.
pile = Table(
    "pile",
    metadata,
    key(),
    ref("account_id", "account.id"),
    word("state", default="waiting"),
    word("refused_code", nullable=True),
    sealed("name_sealed"),
    Column("key_sealed", LargeBinary),
    Column("object_key", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("pages", Integer, nullable=False, server_default=sql("0")),
    now(),
    when("ended_at"),
    one_of("state", ("waiting", "read", "refused", "gone")),
    Index("ix_pile_there", "account_id", postgresql_where=sql("state <> 'gone'")),
)

# Pages in a row. `answers_id`: what their code went out with; without it the key is sealed to the service.
# `message_id`: what it is being put in as.
pile_part = Table(
    "pile_part",
    metadata,
    key(),
    ref("pile_id", "pile.id"),
    Column("position", Integer, nullable=False),
    ref("case_id", "cases.id", nullable=True),
    ref("answers_id", "message.id", nullable=True),
    ref("message_id", "message.id", nullable=True),
    word("why", nullable=True),
    word("state", default="there"),
    Column("pages", Integer, nullable=False),
    Column("key_sealed", LargeBinary),
    now(),
    when("ended_at"),
    one_of("why", LeftOver),
    one_of("state", ("there", "put_in", "away")),
    UniqueConstraint("pile_id", "position"),
)

# One page, as it came; `number` is its place in the pile.
pile_page = Table(
    "pile_page",
    metadata,
    Column("part_id", Uuid, ForeignKey("pile_part.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("object_key", Text, nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
)
