"""Supervision of a case (rule 12): when a supervisor went through it with the team, and what was agreed, sealed."""

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
