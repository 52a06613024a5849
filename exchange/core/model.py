"""The words of the house (DESIGN section 2) as enums and frozen dataclasses. No behaviour but spelling.

Ids are UUIDs; a digest is 64 lower-case hex digits: SHA-256 over the canonical manifest of a revision.
Times are aware datetimes in UTC.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import rfc8785


class Role(StrEnum):
    """What a member of staff is trained and trusted to do; one account may hold several."""

    FACILITATOR = "facilitator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Side(StrEnum):
    """Which side of the harm a participant stands on."""

    HARMED = "harmed"
    RESPONSIBLE = "responsible"


class ActorKind(StrEnum):
    """Who acts: named staff, a participant through a link, a worker process, or the command line."""

    STAFF = "staff"
    PARTICIPANT = "participant"
    WORKER = "worker"
    OPERATOR = "operator"
    VISITOR = "visitor"


@dataclass(frozen=True)
class Actor:
    """Who does something. `id` is the account, participant or nothing for worker, operator, visitor.

    `session` is the console or portal session; `stepped_up` says that the second factor was confirmed
    within the last five minutes. `only`, if given, narrows what the roles allow to these permissions.
    """

    kind: ActorKind
    id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    session: UUID | None = None
    stepped_up: bool = False
    only: frozenset[str] | None = None


WORKER = Actor(ActorKind.WORKER)
OPERATOR = Actor(ActorKind.OPERATOR)
VISITOR = Actor(ActorKind.VISITOR)


class EmergencyKind(StrEnum):
    """Why a case is opened by somebody from outside its team."""

    DANGER = "danger"
    NOBODY_THERE = "nobody_there"
    DUTY = "duty"
    OTHER = "other"


class CaseState(StrEnum):
    """A case is open, closed (it can be opened again by a supervisor), or erased, which is for ever."""

    OPEN = "open"
    CLOSED = "closed"
    ERASED = "erased"


class Kind(StrEnum):
    """What a message is."""

    LETTER = "letter"
    AUDIO = "audio"
    VIDEO = "video"


class State(StrEnum):
    """Where a message stands (DESIGN section 6). The page words are in `web/words.py`."""

    RECEIVING = "receiving"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    SUPERSEDED = "superseded"
    WITHHELD = "withheld"
    APPROVED = "approved"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LATER = "later"
    RELEASED = "released"
    OPENED = "opened"
    LAPSED = "lapsed"
    CONCERN = "concern"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    KEPT = "kept"


class Event(StrEnum):
    """What can happen to a message."""

    RECEIVE = "receive"
    CLEAN = "clean"
    REJECT = "reject"
    PUT_IN_AGAIN = "put_in_again"
    REVISE = "revise"
    APPROVE = "approve"
    RETURN = "return"
    WITHHOLD = "withhold"
    RETRACT = "retract"
    REPLACE = "replace"
    UNSHARE = "unshare"
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    POSTPONE = "postpone"
    RELEASE = "release"
    OPEN = "open"
    LAPSE = "lapse"
    LINK_GONE = "link_gone"
    RAISE_CONCERN = "raise_concern"
    END_CONCERN = "end_concern"
    END_CONCERN_WITHHELD = "end_concern_withheld"
    WITHDRAW = "withdraw"
    ERASE = "erase"
    KEEP = "keep"


class Status(StrEnum):
    """How a participant is; anything but active pauses their messages for a supervisor."""

    ACTIVE = "active"
    LOST_CONTACT = "lost_contact"
    DIED = "died"
    LACKS_CAPACITY = "lacks_capacity"
    CAME_OF_AGE = "came_of_age"


class FactKind(StrEnum):
    """What a facilitator records about a case or a participant, and the gate reads."""

    ASSESSMENT = "assessment"
    PAUSE = "pause"
    HOLD = "hold"
    CONTACT_ORDER = "contact_order"
    CARVE_OUT = "carve_out"
    STATUS = "status"
    PREPARATION = "preparation"
    RESPONSIBILITY = "responsibility"
    GUARDIAN = "guardian"
    SUPPORTER = "supporter"
    INTERPRETER = "interpreter"


CASE_FACTS: dict[FactKind, tuple[str, ...]] = {
    FactKind.ASSESSMENT: ("current", "none"),
    FactKind.PAUSE: ("on", "off"),
    FactKind.HOLD: ("on", "off"),
    FactKind.CONTACT_ORDER: ("in_force", "none"),
    FactKind.CARVE_OUT: ("recorded", "none"),
}
PERSON_FACTS: dict[FactKind, tuple[str, ...]] = {
    FactKind.STATUS: tuple(Status),
    FactKind.PREPARATION: ("done", "not_done"),
    FactKind.RESPONSIBILITY: ("accepted", "not_accepted"),
    FactKind.GUARDIAN: ("not_needed", "needed", "in_place"),
    FactKind.SUPPORTER: ("not_needed", "needed", "in_place"),
    FactKind.INTERPRETER: ("not_needed", "needed", "in_place"),
}


LAPSING = frozenset({FactKind.ASSESSMENT, FactKind.PAUSE, FactKind.CONTACT_ORDER, FactKind.CARVE_OUT})
"""Facts that may end by themselves on a date. Every other one holds until somebody decides."""


class ConsentKind(StrEnum):
    """What a participant can agree to (DESIGN section 2; `be_asked`: to be told that something is there;
    `disclose`: that one thing is passed on to somebody outside, rule 15; `share_after`: that one message is shared
    also when its author has died or cannot be reached)."""

    TAKE_PART = "take_part"
    BE_ASKED = "be_asked"
    SHARE = "share"
    RECEIVE = "receive"
    DISCLOSE = "disclose"
    SHARE_AFTER = "share_after"


class Method(StrEnum):
    """How a consent was given."""

    LINK = "link"
    IN_PERSON = "in_person"
    PHONE = "phone"
    WRITING = "writing"
    PAPER = "paper"


class Given(StrEnum):
    """How staff who type a letter were given its words: copied from paper, or said by its author."""

    PAPER = "paper"
    PHONE = "phone"
    IN_PERSON = "in_person"


class Purpose(StrEnum):
    """What a link is for."""

    SUBMIT = "submit"
    PREVIEW = "preview"
    DECIDE = "decide"
    VIEW = "view"
    STOP = "stop"


class Channel(StrEnum):
    """By what way a link or a code reached a person."""

    EMAIL = "email"
    TEXT = "text"
    PHONE = "phone"
    IN_PERSON = "in_person"
    POST = "post"
    PRINT = "print"


class ReleaseWay(StrEnum):
    """The three ways of DESIGN section 5.5."""

    LINK = "link"
    WITH_ME = "with_me"
    PRINTED = "printed"


class Receiving(StrEnum):
    """How a recipient wishes to receive (rule 3)."""

    ALONE = "alone"
    FACILITATOR = "with_facilitator"
    SUPPORTER = "with_supporter"
    PRINTED = "printed"
    READ_ALOUD = "read_aloud"


TICKS: tuple[str, ...] = ("right_people", "no_threat", "nobody_else", "nothing_locating", "no_pressure")
UNDERSTOOD: tuple[str, ...] = ("myself", "interpreter", "colleague", "software")


@dataclass(frozen=True)
class Policy:
    """A case's policy. Days are calendar days; `notices`: at most so many about one thing (rule 6), 0 for none.

    `cooling_days` lie between a yes and handing over; `supervision_days`: how often the case is talked over in
    supervision, None for not prompted; `consent_days`: a decision older than that is asked anew before an offer;
    `retention_days` count from closing, and so do `follow_up_days`: when somebody asks how people are.
    `core/case_types.py` has the bounds.
    """

    four_eyes: bool = False
    assessment_days: int = 90
    link_days: int = 14
    window_days: int = 7
    expire_days: int | None = None
    harmed_starts: bool = False
    emergency_hours: int = 8
    notices: int = 2
    notices_by_itself: bool = False
    cooling_days: int = 0
    supervision_days: int | None = None
    consent_days: int = 365
    retention_days: int = 2_557
    follow_up_days: int | None = 42


@dataclass(frozen=True)
class ManifestPart:
    """One part of a revision: its name, type, plaintext size in bytes and SHA-256 in hex."""

    name: str
    media_type: str
    size: int
    sha256: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The parts of a revision. Its digest names the revision: SHA-256 over RFC 8785 JSON.

    `message` and `number` make two revisions with the same bytes distinct, so that an approval or a
    consent never carries over.
    """

    message: UUID
    number: int
    kind: Kind
    parts: tuple[ManifestPart, ...]

    def canonical(self) -> bytes:
        """The bytes the digest is taken over."""
        parts: list[Any] = [
            {"name": p.name, "type": p.media_type, "size": p.size, "sha256": p.sha256, "facts": p.facts}
            for p in self.parts
        ]
        return rfc8785.dumps(
            {"v": 1, "message": str(self.message), "number": self.number, "kind": str(self.kind), "parts": parts}
        )

    @property
    def digest(self) -> str:
        """64 hex digits."""
        return hashlib.sha256(self.canonical()).hexdigest()


@dataclass(frozen=True)
class Consent:
    """A participant's recorded decision (rule 5)."""

    participant: UUID
    kind: ConsentKind
    given: bool
    method: Method
    wording: str
    at: datetime
