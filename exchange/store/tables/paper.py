"""What went out on paper: the code on its sheets leads a reply back to its case (rule 20)."""

from sqlalchemy import Column, Table, Text, UniqueConstraint

from exchange.store.tables.base import key, metadata, now, ref

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
