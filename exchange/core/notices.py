"""Whether a notice may go to a participant, and when: pure, everything defaults to no.

A notice says in neutral words that there is something. It goes only

- by the means, at the hours and in the words that the participant said are safe, once all of them are recorded
  (DESIGN section 13: notices are off until then),
- while nothing stops the case or the person: no pause, no stop for safety, no emergency, no order, not in custody,
- while what it is about still stands and the gate would let it be spoken of (DESIGN section 6),
- at most as often about one thing as the case's policy says (rule 6: nobody is reminded more than policy allows).

`explain` is asked when the notice is asked for and again at the moment of sending. Any exception in a check means no.
Times are aware and in the service's zone. What is sent, and how, is not known here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from exchange.core.errors import Refused
from exchange.core.model import Channel, Status

MEANS = (Channel.EMAIL, Channel.TEXT)
_LOOK_AHEAD = 15


@dataclass(frozen=True)
class SafeHours:
    """On which weekdays (0 is Monday), from when to when; `end` 00:00 is the day's end."""

    days: frozenset[int]
    start: time
    end: time

    def allow(self, local: datetime) -> bool:
        """Whether it is safe at this moment."""
        before_end = self.end == time() or local.time() < self.end
        return local.weekday() in self.days and self.start <= local.time() and before_end

    def next(self, local: datetime) -> datetime | None:
        """This moment if it is safe, else the next safe one; None where there is none within two weeks."""
        if self.allow(local):
            return local
        for ahead in range(_LOOK_AHEAD):
            begins = datetime.combine(local.date() + timedelta(days=ahead), self.start, local.tzinfo)
            # an hour that the change to summer time leaves out is none: what the clock shows then counts
            begins = begins.astimezone(UTC).astimezone(local.tzinfo)
            if begins > local and self.allow(begins):
                return begins
        return None


@dataclass(frozen=True)
class Facts:
    """What is known at one moment. `gate` holds what the gate misses; `sent` counts what went about the same thing."""

    means: Channel | None = None
    address: bool = False
    hours: SafeHours | None = None
    words: bool = False
    declined: bool = False
    contact_changed: bool = True
    came_back: bool = True
    set_up: bool = False
    case_open: bool = False
    paused: bool = True
    hold: bool = True
    emergency: bool = True
    contact_order: bool = True
    takes_part: bool = False
    status: Status | None = None
    custody: bool = True
    stands: bool = False
    gate: tuple[str, ...] = ("check_failed",)
    sent: int = 0
    most: int = 0
    asked_by_staff: bool = False
    by_itself: bool = False


Check = Callable[[Facts], Iterator[str]]


def recorded(facts: Facts) -> Iterator[str]:
    """Safe means, address, hours and words: off until all are recorded, and off where the person wants none."""
    if facts.declined:
        yield "declined"
        return
    if facts.means not in MEANS or not facts.address:
        yield "no_means"
    if facts.hours is None or not facts.hours.days:
        yield "no_hours"
    if not facts.words:
        yield "no_words"


def reachable(facts: Facts) -> Iterator[str]:
    """How to reach them safely is as it was, nothing came back, and the service can send that way."""
    if facts.contact_changed:
        yield "contact_changed"
    if facts.came_back:
        yield "came_back"
    if not facts.set_up:
        yield "not_set_up"


def nothing_stops_the_case(facts: Facts) -> Iterator[str]:
    """Open, not paused, not stopped for safety, no emergency, no order against contact."""
    if not facts.case_open:
        yield "case_closed"
    if facts.paused:
        yield "case_paused"
    if facts.hold:
        yield "safety_hold"
    if facts.emergency:
        yield "emergency"
    if facts.contact_order:
        yield "contact_order"


def person_may_be_told(facts: Facts) -> Iterator[str]:
    """They take part, nothing about their situation has changed, and they are where notices arrive (rule 20)."""
    if not facts.takes_part:
        yield "takes_part"
    if facts.status is not Status.ACTIVE:
        yield "status"
    if facts.custody:
        yield "custody"


def still_stands(facts: Facts) -> Iterator[str]:
    """What it is about was not taken back, and the gate would let it be spoken of now."""
    if not facts.stands:
        yield "over"
    if facts.gate:
        yield "gate"


def within_policy(facts: Facts) -> Iterator[str]:
    """Rule 6: so often about one thing and no more; by itself only where policy and person both allow it."""
    if facts.sent >= facts.most:
        yield "enough"
    if not facts.asked_by_staff and not facts.by_itself:
        yield "not_by_itself"


CONDITIONS: tuple[Check, ...] = (
    recorded,
    reachable,
    nothing_stops_the_case,
    person_may_be_told,
    still_stands,
    within_policy,
)
REASONS = (
    "declined", "no_means", "no_hours", "no_words", "contact_changed", "came_back", "not_set_up", "case_closed",
    "case_paused", "safety_hold", "emergency", "contact_order", "takes_part", "status", "custody", "over", "gate",
    "enough", "not_by_itself", "never", "check_failed",
)  # fmt: skip
"""Every code that a verdict may hold."""
OFF = REASONS[:15]
"""Those that are about the person or the case, whatever the notice is about."""


@dataclass(frozen=True)
class Verdict:
    """Every reason against it, and from when it may go: None exactly if there is a reason."""

    reasons: tuple[str, ...]
    at: datetime | None

    def require(self) -> datetime:
        """When it may go; `Refused` with a sentence where it may not."""
        if self.at is None:
            raise Refused("A notice may not be sent to this person now. Nothing was sent.")
        return self.at


def explain(facts: Facts, now: datetime) -> Verdict:
    """The rule's answer. `now` aware, in the service's zone."""
    reasons: list[str] = []
    for check in CONDITIONS:
        try:
            reasons.extend(check(facts))
        except Exception:  # noqa: BLE001  # any exception in a check means no
            reasons.append("check_failed")
    if reasons:
        return Verdict(tuple(dict.fromkeys(reasons)), None)
    try:
        at = facts.hours.next(now) if facts.hours else None
    except Exception:  # noqa: BLE001  # likewise
        return Verdict(("check_failed",), None)
    return Verdict((), at) if at else Verdict(("never",), None)
