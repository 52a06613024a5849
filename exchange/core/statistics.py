"""Figures of the service without persons: what is counted per quarter, and which of the numbers may be shown.

Counted from entries of the record alone (acts, ids, times, fixed words), so a quarter that has ended is counted once
and says the same for ever, whatever is erased later. Only quarters that have ended are counted: nobody learns of one
person by looking today and again tomorrow.

What is shown. A number from 1 to `least` - 1 is small. Each figure of a quarter has a total and is divided in up to
three ways (by what became of it, by kind of case, by month); every division adds up to the same total.

- A small total is hidden, and all its divisions with it. Nothing is added up over quarters.
- A division with a small part in it is hidden whole, its zeros too. Hiding only the small parts and a few beside them
  would tell whoever knows the rule which numbers can have led to it; so which part is small, how many are, and which
  are 0 is not told either. Everybody may know the rule.

Two divisions of one total say nothing about how they cross: for any two ways to fill them with the same total there
is a table that has both as its margins. A median is shown only where `least` times or more were measured.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from statistics import median_low

from exchange.core.case_types import CaseType
from exchange.core.diary import CASE_DIARY, PERSON_DIARY, Diary
from exchange.core.model import State
from exchange.core.waiting import WAITING


class Figure(StrEnum):
    """What is counted."""

    REFERRALS = "referrals"
    OPENED = "opened"
    INVITING = "inviting"
    PUT_IN = "put_in"
    DECIDED = "decided"
    OFFERED = "offered"
    ANSWERED = "answered"
    RELEASED = "released"
    EXCHANGES = "exchanges"
    WITHDRAWN = "withdrawn"
    OUTCOME = "outcome"
    CLOSED = "closed"


BY_KIND, BY_TYPE, BY_MONTH = "kind", "type", "month"
STATES: dict[Figure, tuple[State, ...]] = {
    Figure.PUT_IN: (State.QUARANTINED,),
    Figure.DECIDED: (State.APPROVED, State.RETURNED, State.WITHHELD),
    Figure.OFFERED: (State.OFFERED,),
    Figure.ANSWERED: (State.ACCEPTED, State.DECLINED, State.LATER),
    Figure.RELEASED: (State.RELEASED,),
    Figure.WITHDRAWN: (State.WITHDRAWN,),
}
"""A message counts when it comes into a state for the first time."""
REFERRED = {"referral.opened": "opened", "referral.declined": "not_for_us"}
KINDS: dict[Figure, tuple[str, ...]] = {
    Figure.REFERRALS: (*REFERRED.values(), "waiting"),
    Figure.INVITING: PERSON_DIARY[Diary.INVITING],
    Figure.DECIDED: STATES[Figure.DECIDED],
    Figure.ANSWERED: STATES[Figure.ANSWERED],
    Figure.OUTCOME: CASE_DIARY[Diary.OUTCOME],
}
OWNERS = ("team", "author", "recipient", "service", "supervisor")
STAGES = ("referral", "review", "offer", "answer", "hand_over", "whole")
_BETWEEN: dict[str, tuple[State, tuple[State, ...]]] = {
    "review": (State.QUARANTINED, STATES[Figure.DECIDED]),
    "offer": (State.APPROVED, (State.OFFERED,)),
    "answer": (State.OFFERED, STATES[Figure.ANSWERED]),
    "hand_over": (State.ACCEPTED, (State.RELEASED,)),
    "whole": (State.QUARANTINED, (State.RELEASED,)),
}
TYPED = frozenset({"case.opened", "case.policy_set"})
QUARTER = 3


@dataclass(frozen=True)
class Entry:
    """One entry of the record, as far as it counts; `at` in the service's own time zone."""

    at: datetime
    act: str
    case: str = ""
    message: str = ""
    participant: str = ""
    referral: str = ""
    kind: str = ""
    value: str = ""
    state_to: str = ""


@dataclass(frozen=True)
class Quarter:
    """Three months, named by their first day."""

    first: date

    @property
    def months(self) -> tuple[str, ...]:
        """Their numbers as words."""
        return tuple(str(self.first.month + at) for at in range(QUARTER))

    @property
    def next(self) -> "Quarter":
        """The one after it."""
        month = self.first.month + QUARTER
        return Quarter(date(self.first.year + month // 13, (month - 1) % 12 + 1, 1))

    @classmethod
    def of(cls, day: date) -> "Quarter":
        """The quarter of a day."""
        return cls(date(day.year, day.month - (day.month - 1) % QUARTER, 1))


@dataclass(frozen=True)
class Counted:
    """A quarter as it is: numbers by (figure, division, part), with ("", "") for the total; lengths of time in days
    by stage and by whom was waited for."""

    numbers: dict[tuple[str, str, str], int]
    stages: dict[str, list[int]]
    waits: dict[str, list[int]]


@dataclass(frozen=True)
class Shown:
    """A figure as it may be shown: None stands for a hidden number."""

    total: int | None
    parts: dict[str, dict[str, int | None]]


def counted(history: Sequence[Entry], quarter: Quarter) -> Counted:
    """Count one quarter. `history`: oldest first and up to its end, with everything of each message that moved in it,
    all referrals, and what kind each case is."""
    types = {one.case: one.kind for one in history if one.act in TYPED}
    moves = _moves(history)
    numbers: dict[tuple[str, str, str], int] = defaultdict(int)
    for figure, kind, one in _counting(history, moves, quarter):
        numbers[figure, "", ""] += 1
        numbers[figure, BY_MONTH, str(one.at.month)] += 1
        if figure in KINDS:
            numbers[figure, BY_KIND, kind] += 1
        if figure is not Figure.REFERRALS:
            numbers[figure, BY_TYPE, types.get(one.case) or CaseType.GENERAL] += 1
    return Counted(dict(numbers), _stages(history, moves, quarter), _waits(moves, quarter))


def divisions(figure: Figure, quarter: Quarter) -> dict[str, tuple[str, ...]]:
    """In which ways a figure is divided, and into what."""
    found = {BY_KIND: KINDS[figure]} if figure in KINDS else {}
    typed = {} if figure is Figure.REFERRALS else {BY_TYPE: tuple(CaseType)}
    return {**found, **typed, BY_MONTH: quarter.months}


def shown(numbers: Mapping[tuple[str, str, str], int], quarter: Quarter, least: int) -> dict[Figure, Shown]:
    """What may be shown of a quarter, by the rules at the top."""
    found = {}
    for figure in Figure:
        total = numbers.get((figure, "", ""), 0)
        parts = {
            by: divided({name: numbers.get((figure, by, name), 0) for name in names}, least)
            for by, names in divisions(figure, quarter).items()
        }
        found[figure] = Shown(None if _small(total, least) else total, parts)
    return found


def divided(parts: Mapping[str, int], least: int) -> dict[str, int | None]:
    """One division as it may be shown; its total is shown too, unless it is small."""
    if any(_small(number, least) for number in parts.values()):
        return dict.fromkeys(parts)
    return dict(parts)


def middle(days: Sequence[int], least: int) -> int | None:
    """The median in whole days; None where too few were measured."""
    return median_low(days) if len(days) >= least else None


def _small(number: int, least: int) -> bool:
    return 0 < number < least


def _moves(history: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for one in history:
        if one.message and one.state_to:
            found[one.message].append(one)
    return found


def _counting(
    history: Sequence[Entry], moves: Mapping[str, list[Entry]], quarter: Quarter
) -> Iterator[tuple[Figure, str, Entry]]:
    """Everything that counts in this quarter: the figure, what became of it, and the entry."""
    for figure, kind, one in (*_of_cases(history), *_of_people(history, quarter), *_of_messages(moves)):
        if Quarter.of(one.at.date()) == quarter:
            yield figure, kind, one


def _of_cases(history: Sequence[Entry]) -> Iterator[tuple[Figure, str, Entry]]:
    ended = {one.referral: REFERRED[one.act] for one in history if one.act in REFERRED}
    closed = {}
    for one in history:
        if one.act == "referral.received":
            yield Figure.REFERRALS, ended.get(one.referral, "waiting"), one
        elif one.act == "case.opened":
            yield Figure.OPENED, "", one
        elif one.act == "case.closed":
            closed[one.case] = one
    yield from ((Figure.CLOSED, "", one) for one in closed.values())


def _of_people(history: Sequence[Entry], quarter: Quarter) -> Iterator[tuple[Figure, str, Entry]]:
    """The newest word of the quarter about each person, and about each case."""
    newest: dict[tuple[Figure, str], Entry] = {}
    for one in history:
        if one.act == "diary.written" and Quarter.of(one.at.date()) == quarter:
            if one.kind == Diary.INVITING:
                newest[Figure.INVITING, one.participant] = one
            elif one.kind == Diary.OUTCOME:
                newest[Figure.OUTCOME, one.case] = one
    yield from ((figure, one.value, one) for (figure, _), one in newest.items())


def _of_messages(moves: Mapping[str, list[Entry]]) -> Iterator[tuple[Figure, str, Entry]]:
    exchanged: dict[tuple[str, Quarter], Entry] = {}
    for made in moves.values():
        first = _firsts(made)
        for figure, states in STATES.items():
            yield from ((figure, state, first[state]) for state in states if state in first)
        for one in made:
            place = one.case, Quarter.of(one.at.date())
            if one.state_to == State.RELEASED and (place not in exchanged or one.at < exchanged[place].at):
                exchanged[place] = one
    yield from ((Figure.EXCHANGES, "", one) for one in exchanged.values())


def _firsts(made: Iterable[Entry]) -> dict[str, Entry]:
    first: dict[str, Entry] = {}
    for one in made:
        first.setdefault(one.state_to, one)
    return first


def _stages(history: Sequence[Entry], moves: Mapping[str, list[Entry]], quarter: Quarter) -> dict[str, list[int]]:
    """How long each stage took that ended in this quarter."""
    found: dict[str, list[int]] = {name: [] for name in STAGES}
    came = {one.referral: one for one in history if one.act == "referral.received"}
    for one in history:
        if one.act in REFERRED and one.referral in came:
            _measure(found["referral"], came[one.referral], one, quarter)
    for made in moves.values():
        first = _firsts(made)
        for name, (begin, ends) in _BETWEEN.items():
            reached = [first[state] for state in ends if state in first]
            if begin in first and reached:
                _measure(found[name], first[begin], min(reached, key=lambda one: one.at), quarter)
    return found


def _waits(moves: Mapping[str, list[Entry]], quarter: Quarter) -> dict[str, list[int]]:
    """How long things had waited, and for whom, that went on in this quarter."""
    found: dict[str, list[int]] = {name: [] for name in OWNERS}
    for made in moves.values():
        for before, after in pairwise(made):
            owner = WAITING[State(before.state_to)].owner
            if owner in found:
                _measure(found[owner], before, after, quarter)
    return found


def _measure(days: list[int], begin: Entry, end: Entry, quarter: Quarter) -> None:
    if Quarter.of(end.at.date()) == quarter and end.at >= begin.at:
        days.append((end.at - begin.at).days)
