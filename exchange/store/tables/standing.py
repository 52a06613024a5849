"""Who stands how to a case beside its team: conflicts of interest, and cases opened in an emergency."""

from sqlalchemy import CheckConstraint, Index, Table, text

from exchange.core.model import EmergencyKind
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

# A conflict of interest. While it stands (`until` NULL), nothing of the case is for this account.
bar = Table(
    "bar",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("account_id", "account.id"),
    sealed("reason_sealed"),
    now("since"),
    when("until"),
    ref("set_by", "account.id", index=False),
    ref("lifted_by", "account.id", nullable=True, index=False),
    Index("uq_bar_open", "case_id", "account_id", unique=True, postgresql_where=text("until is null")),
)

# Somebody from outside the team opened the case, or asked to where the policy wants a second person.
# It counts from `opened_at` to `until`, unless it was ended before.
emergency = Table(
    "emergency",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("account_id", "account.id"),
    word("kind"),
    sealed("reason_sealed"),
    now("asked_at"),
    when("opened_at"),
    ref("second_by", "account.id", nullable=True, index=False),
    when("until"),
    when("ended_at"),
    ref("ended_by", "account.id", nullable=True, index=False),
    one_of("kind", EmergencyKind),
    CheckConstraint("(opened_at is null) = (until is null)", name="ends"),
    CheckConstraint("second_by <> account_id", name="second_person"),
    Index("uq_emergency_open", "case_id", "account_id", unique=True, postgresql_where=text("ended_at is null")),
)
