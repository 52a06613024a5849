"""The service's own words of a consent, version by version (`core/wordings.py`); nothing about anybody."""

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from exchange.core.model import ConsentKind
from exchange.store.tables.base import key, metadata, now, one_of, ref, when, word

# A draft is changed and thrown away; what was approved is never changed nor removed, only retired (`wording.sql`).
wording = Table(
    "wording",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    word("kind"),
    Column("number", Integer, nullable=False),
    Column("words", JSONB, nullable=False),
    ref("written_by", "account.id", index=False),
    now("written_at"),
    ref("approved_by", "account.id", nullable=True, index=False),
    when("approved_at"),
    when("from_at"),
    ref("retired_by", "account.id", nullable=True, index=False),
    when("retired_at"),
    one_of("kind", ConsentKind),
    UniqueConstraint("kind", "number"),
    CheckConstraint("approved_by <> written_by", name="two_people"),
    CheckConstraint("(approved_at is null) = (from_at is null)", name="from"),
    CheckConstraint("(approved_at is null) = (approved_by is null)", name="approved"),
)
