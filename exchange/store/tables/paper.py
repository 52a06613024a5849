"""What went out on paper: its code leads a reply back to its case (rule 20). And what staff wrote down for people."""

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint

from exchange.core.model import Given
from exchange.store.tables.base import key, metadata, now, one_of, ref, word

# One pack per release on paper, in whatever sizes it is printed. The code is random: it tells nothing, opens nothing.
printed_pack = Table(
    "printed_pack",
    metadata,
    key(),
    ref("release_id", "release.id", index=False),
    ref("message_id", "message.id"),
    Column("digest", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    ref("made_by", "account.id", index=False),
    now(),
    UniqueConstraint("release_id"),
)

# A letter that its author said and staff wrote down, in this round; no row for what was copied from paper.
dictation = Table(
    "dictation",
    metadata,
    key(),
    ref("message_id", "message.id", index=False),
    Column("round", Integer, nullable=False),
    word("given"),
    ref("account_id", "account.id", index=False),
    now(),
    UniqueConstraint("message_id"),
    one_of("given", Given),
)
