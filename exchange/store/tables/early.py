"""The sound of a video whose picture is still being made: for the team to listen, never a version."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from exchange.store.tables.base import key, metadata, now, ref

# Gone in the statement in which its message leaves quarantine (`store/unit.py`).
early = Table(
    "early",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("round", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("key_sealed", LargeBinary, nullable=False),
    now(),
)
