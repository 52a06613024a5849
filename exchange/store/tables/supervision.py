"""Supervision of a case (rule 12): when a supervisor went through it with the team, and what was agreed, sealed; who
made its rules less careful from outside."""

from sqlalchemy import Table

from exchange.store.tables.base import key, metadata, now, ref, sealed

supervision = Table(
    "supervision",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("account_id", "account.id", index=False),
    sealed("note_sealed"),
    now(),
)

# Whoever made the rules of a case less careful, as a supervisor from outside: they do not join its team afterwards.
loosened = Table(
    "loosened",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("account_id", "account.id", index=False),
    now(),
)
