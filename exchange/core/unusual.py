"""What is unusual in the record: patterns that an auditor should look at. A finding is a question, not a verdict.

Rules, each over leaves in order:

- **outside hours**: a member of staff reads content, codes or the record while the service is closed.
- **bulk**: one member of staff reads in many different cases (`Limits.cases`) within `Limits.window`.
- **not assigned**: a member of staff reads content of a case without being lead, on its team or its cover at that
  time, as the record itself tells (case.opened, case.assigned, case.unassigned, case.cover_set).
- **repeated failures**: one account, or one link, is refused `Limits.failures` times within `Limits.window`.

Neighbouring events of one kind, person and case within the window are one finding.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

CONTENT = frozenset(
    {
        "link.shown", "own_copy.handed_out", "own_copy.looked_at", "participant.code_read", "presented.opened",
        "release.created", "release.presented", "release.printed", "review.opened",
    }
)  # fmt: skip
"""Acts by which staff reach what people said, or what opens it."""
READING = CONTENT | {"record.exported", "record.read", "referral.read"}
REFUSALS = frozenset({"account.refused", "link.refused"})
STAFFING = frozenset({"case.assigned", "case.cover_set", "case.opened", "case.unassigned"})
ACCESSES = frozenset({"presented.opened", "preview.opened", "review.opened", "view.opened"})
"""Acts by which somebody saw content: what the chart counts."""


class Kind(StrEnum):
    """What makes it unusual."""

    OUTSIDE_HOURS = "outside_hours"
    BULK = "bulk"
    NOT_ASSIGNED = "not_assigned"
    FAILURES = "failures"


@dataclass(frozen=True, slots=True)
class Limits:
    """From how many on: different cases and refusals, within the window."""

    cases: int = 10
    failures: int = 5
    window: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Unusual:
    """One finding: from entry `first` to entry `last`; `who` is an account or link id, `case` "" where several."""

    kind: Kind
    who: str
    case: str
    first: int
    last: int
    since: datetime
    until: datetime
    count: int


class _Event(NamedTuple):
    number: int
    at: datetime
    who: str
    case: str


@dataclass
class Watch:
    """Takes leaves one by one, in order; `found` grows. `is_open` says whether the service is open at a time."""

    is_open: Callable[[datetime], bool]
    limits: Limits = Limits()
    found: list[Unusual] = field(default_factory=list)
    _team: dict[str, dict[str, str]] = field(default_factory=dict)
    _cover: dict[str, str] = field(default_factory=dict)
    _recent: dict[tuple[Kind, str], deque[_Event]] = field(default_factory=dict)
    _open: dict[tuple[Kind, str, str], int] = field(default_factory=dict)

    def see(self, index: int, leaf: Mapping[str, Any]) -> None:
        """Take in the next leaf, parsed and checked; leaves that no rule asks about change nothing."""
        act, case = str(leaf["act"]), str(leaf.get("case", ""))
        if act in STAFFING:
            self._staff(act, case, leaf)
        elif act in REFUSALS:
            whom = leaf.get("link") or leaf.get("account")
            if isinstance(whom, str):
                event = _Event(index, datetime.fromisoformat(leaf["at"]), whom, case)
                self._many(Kind.FAILURES, event, self.limits.failures, distinct=False)
        elif act in READING and leaf["actor"].get("kind") == "staff":
            at = datetime.fromisoformat(leaf["at"])
            self._reading(act, _Event(index, at, str(leaf["actor"]["id"]), case))

    def findings(self) -> list[Unusual]:
        """Every finding so far, in the order in which they began."""
        return sorted(self.found, key=lambda one: one.first)

    def _reading(self, act: str, event: _Event) -> None:
        if not self.is_open(event.at):
            self._add(Kind.OUTSIDE_HOURS, event, 1)
        if not event.case:
            return
        near = event.who in self._team.get(event.case, ()) or event.who == self._cover.get(event.case)
        if act in CONTENT and not near:
            self._add(Kind.NOT_ASSIGNED, event, 1)
        self._many(Kind.BULK, event, self.limits.cases, distinct=True)

    def _staff(self, act: str, case: str, leaf: Mapping[str, Any]) -> None:
        """Who is on the case from now on."""
        team = self._team.setdefault(case, {})
        match act:
            case "case.opened":
                team[str(leaf.get("facilitator", leaf["actor"].get("id", "")))] = "lead"
            case "case.cover_set":
                self._cover[case] = str(leaf.get("cover", ""))
            case "case.unassigned":
                team.pop(str(leaf.get("account", "")), None)
            case "case.assigned":
                part = str(leaf.get("role", "co"))
                if part == "lead":
                    for who in [who for who, has in team.items() if has == "lead"]:
                        del team[who]
                team[str(leaf.get("account", ""))] = part

    def _many(self, kind: Kind, event: _Event, limit: int, *, distinct: bool) -> None:
        """A finding once the window holds so many events (of different cases, if distinct)."""
        recent = self._recent.setdefault((kind, event.who), deque())
        recent.append(event)
        while recent[0].at < event.at - self.limits.window:
            recent.popleft()
        if len(recent) < limit:
            return
        count = len({one.case for one in recent}) if distinct else len(recent)
        if count >= limit:
            whole = event._replace(case="") if distinct else event
            self._add(kind, whole, count, recent[0])

    def _add(self, kind: Kind, event: _Event, count: int, first: _Event | None = None) -> None:
        """A new finding, or the open one of the same kind, person and case goes on."""
        key = (kind, event.who, event.case)
        place, begin = self._open.get(key), first or event
        if place is not None and begin.at <= self.found[place].until + self.limits.window:
            before = self.found[place]
            total = before.count + 1 if first is None else max(before.count, count)
            self.found[place] = replace(before, last=event.number, until=event.at, count=total)
            return
        self._open[key] = len(self.found)
        self.found.append(Unusual(kind, event.who, event.case, begin.number, event.number, begin.at, event.at, count))
