"""A message that lay in the wrong case, or under the wrong person, on its way to where it belongs."""

from sqlalchemy import Column, ForeignKey, Index, Table, Uuid, text

from exchange.store.tables.base import key, metadata, now, one_of, ref, when, word

# From the decision until the copy stands and the old one is erased. `to_message` lies in the right case.
refiling = Table(
    "refiling",
    metadata,
    key(),
    ref("concern_id", "concern.id", index=False),
    ref("case_id", "cases.id"),
    ref("message_id", "message.id", index=False),
    Column("to_message", Uuid, ForeignKey("message.id"), nullable=False, unique=True),
    ref("decided_by", "account.id", index=False),
    now(),
    when("ended_at"),
    word("outcome", nullable=True),
    one_of("outcome", ("moved", "called_off")),
    # one at a time of each concern
    Index("uq_refiling_open", "concern_id", unique=True, postgresql_where=text("ended_at is null")),
)
