"""What the gate knows about one message and its case at one moment. Everything defaults to no (`core/gate.py`)."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from exchange.core.model import State, Status


@dataclass(frozen=True)
class Person:
    """What is recorded of one participant. Everything defaults to no."""

    takes_part: bool = False
    may_be_asked: bool = False
    status: Status | None = None
    prepared: bool = False
    accepts_responsibility: bool = False
    responsible: bool = True
    missing_support: tuple[str, ...] = ()
    decided_at: datetime | None = None
    """When they agreed to take part."""
    asked_at: datetime | None = None
    """When they agreed to be told that something is there."""
    of_age_at: datetime | None = None
    """When they come of age, where that is recorded: what was decided before does not count from then on."""
    agreed_rules: bool = False
    """Agreed to the ground rules of the exchange as they stand, or there are none."""


@dataclass(frozen=True)
class Approval:
    """One approval in force of one digest; `assigned`: given by a facilitator assigned to the case then."""

    account: UUID
    digest: str
    assigned: bool


@dataclass(frozen=True)
class Grant:
    """The key handed to one link or session; `own`: it belongs to the session that asks."""

    digest: str
    own: bool
    live: bool
    until: datetime


@dataclass(frozen=True)
class Facts:
    """What is known about one message and its case at one moment. Everything defaults to no.

    `digest` is the revision asked about; `share` and `receive` say whether the consent for exactly this
    digest, and for this message, is in force.
    """

    state: State = State.RECEIVING
    case_open: bool = False
    paused: bool = True
    hold: bool = True
    contact_order: bool = True
    carve_out: bool = False
    assessment_until: datetime | None = None
    author: Person = field(default_factory=Person)
    recipient: Person = field(default_factory=Person)
    digest: str | None = None
    newest_digest: str | None = None
    clean: bool = False
    approvals: tuple[Approval, ...] = ()
    four_eyes: bool = True
    touched_by: frozenset[UUID] = frozenset()
    share: bool = False
    receive: bool = False
    expires_at: datetime | None = None
    grant: Grant | None = None
    by_link: bool = True
    asker_assigned: bool = False
    asker_in_emergency: bool = False
    harmed_must_start: bool = True
    never_sent: bool = True
    accepted_at: datetime | None = None
    cooling_days: int = 0
    shared_at: datetime | None = None
    consent_days: int = 0
    share_after: bool = False
    said_at: datetime | None = None
    """When the author said beforehand that it may be shared."""
    after_approvals: tuple[Approval, ...] = ()
