"""What two people agreed about how they write to each other: ground rules, and who agreed to which."""

from sqlalchemy import BigInteger, Column, Identity, Table, UniqueConstraint

from exchange.core.model import Method
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, word

# Append-only; the newest of a case counts. JSON: the rules in both languages, a list of lines each.
ground_rules = Table(
    "ground_rules",
    metadata,
    key(),
    Column("number", BigInteger, Identity(), nullable=False, unique=True),
    ref("case_id", "cases.id"),
    sealed("text_sealed"),
    ref("written_by", "account.id", index=False),
    now(),
)

# That somebody agreed to exactly these. `recorded_by` NULL: they did it themselves, through their own link.
rules_agreed = Table(
    "rules_agreed",
    metadata,
    key(),
    ref("rules_id", "ground_rules.id"),
    ref("participant_id", "participant.id"),
    word("method"),
    word("language", default="en"),
    ref("recorded_by", "account.id", nullable=True, index=False),
    now(),
    one_of("method", Method),
    UniqueConstraint("rules_id", "participant_id"),
)
