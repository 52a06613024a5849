"""When the service answers its phone, and which days its staff work. Pure: callers give the time.

Hours are written once a week (`Mon-Fri 08:00-20:00; Sat 09:00-17:00`) with a list of closed days (bank
holidays). A working day is Monday to Friday and not closed. Times given must be aware and are read in
their own zone, which callers set to the service's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from exchange.core.errors import BadInput

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPAN = re.compile(r"(\w{3})(?:\s*[-\u2013]\s*(\w{3}))?\s+(\d{1,2}:\d\d)\s*[-\u2013]\s*(\d{1,2}:\d\d)")
_LOOK_AHEAD = 60


@dataclass(frozen=True)
class Hours:
    """Per weekday (Monday first) from when to when, or None; and the days closed besides."""

    week: tuple[tuple[time, time] | None, ...]
    closed: frozenset[date] = frozenset()

    @classmethod
    def parse(cls, untrusted_text: str, closed: Iterable[date] = ()) -> "Hours":
        """Read the written form. Raises BadInput (field opening) that shows how to write it."""
        week: list[tuple[time, time] | None] = [None] * 7
        for part in filter(None, (piece.strip() for piece in untrusted_text.split(";"))):
            for day, hours in _days(part):
                week[day] = hours
        return cls(tuple(week), frozenset(closed))

    def text(self) -> str:
        """The written form, days with the same hours together: `parse` reads it back."""
        spans = []
        for hours, run in groupby(range(7), key=lambda day: self.week[day]):
            days = [DAYS[day] for day in run]
            if hours:
                names = days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"
                spans.append(f"{names} {hours[0]:%H:%M}-{hours[1]:%H:%M}")
        return "; ".join(spans)

    def on(self, day: date) -> tuple[time, time] | None:
        """The hours of one day, or None where the phone is not answered."""
        return None if day in self.closed else self.week[day.weekday()]

    def is_open(self, now: datetime) -> bool:
        """Whether the phone is answered now."""
        hours = self.on(now.date())
        return hours is not None and hours[0] <= now.time() < hours[1]

    def reopens_at(self, now: datetime) -> datetime | None:
        """The next opening after `now` (same zone); None where none comes within 60 days."""
        for ahead in range(_LOOK_AHEAD):
            day = now.date() + timedelta(days=ahead)
            hours = self.on(day)
            if hours and (ahead or now.time() < hours[0]):
                return datetime.combine(day, hours[0], now.tzinfo)
        return None

    def working(self, day: date) -> bool:
        """Whether staff work that day."""
        return day.weekday() < 5 and day not in self.closed

    def after_working_days(self, start: date, count: int) -> date:
        """The `count`-th working day after `start`: a follow-up, or when an item shows to its cover too."""
        day = start
        while count > 0:
            day += timedelta(days=1)
            count -= self.working(day)
        return day

    def before_closed_day(self, now: datetime) -> bool:
        """Whether tomorrow nobody answers: a release today deserves a warning (DESIGN section 5)."""
        return self.on(now.date() + timedelta(days=1)) is None


def _days(part: str) -> list[tuple[int, tuple[time, time]]]:
    wrong = BadInput("Write opening hours like this: Mon-Fri 08:00-20:00; Sat 09:00-17:00", field="opening")
    found = _SPAN.fullmatch(part)
    if found is None:
        raise wrong
    names = [name.capitalize() for name in (found[1], found[2] or found[1])]
    if not set(names) <= set(DAYS):
        raise wrong
    first, last = (DAYS.index(name) for name in names)
    try:
        hours = _clock(found[3]), _clock(found[4])
    except ValueError:
        raise wrong from None
    if first > last or hours[0] >= hours[1]:
        raise wrong
    return [(day, hours) for day in range(first, last + 1)]


def _clock(text: str) -> time:
    return time(23, 59) if text == "24:00" else time.fromisoformat(text.rjust(5, "0"))
