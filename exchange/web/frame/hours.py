"""Opening hours: read from one setting, said in words, and when the phone is answered next."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby

from exchange.web.frame.dates import clock, weekday, weekday_name
from exchange.web.frame.i18n import gettext

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SPAN = re.compile(r"^(\w{3})(?:-(\w{3}))? (\d{1,2}:\d{2})-(\d{1,2}:\d{2})$")


@dataclass(frozen=True)
class Opening:
    """Per weekday (Monday first) the times between which the phone is answered, or None for closed."""

    days: tuple[tuple[time, time] | None, ...]

    @classmethod
    def parse(cls, text: str) -> "Opening":
        """Read `Mon-Fri 08:00-20:00; Sat 09:00-17:00`. Raises ValueError with the part that is wrong."""
        days: list[tuple[time, time] | None] = [None] * 7
        for part in filter(None, (p.strip() for p in text.split(";"))):
            found = SPAN.match(part)
            if not found or not {found[1], found[2] or found[1]} <= set(DAYS):
                raise ValueError(f"Opening hours look like 'Mon-Fri 08:00-20:00', not like {part!r}")
            first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
            for day in range(first, last + 1):
                days[day] = (_time(found[3]), _time(found[4]))
        return cls(tuple(days))

    def sentences(self) -> list[str]:
        """One line per run of days with the same hours: "Monday to Friday, 8am to 8pm"."""
        lines = []
        for hours, run in groupby(range(7), key=lambda day: self.days[day]):
            if hours:
                span = list(run)
                lines.append(f"{_days(span[0], span[-1])}, " + _hours(*hours))
        return lines

    def is_open(self, now: datetime) -> bool:
        """Whether the phone is answered at `now`, an aware time in the service's zone."""
        hours = self.days[now.weekday()]
        return bool(hours) and hours[0] <= now.time() < hours[1]  # type: ignore[index]  # two numbers where there are any

    def reopens(self, now: datetime) -> str:
        """ "Open now, until 8pm", or when the phone is answered next; empty if it never is."""
        today = self.days[now.weekday()]
        if today and self.is_open(now):
            return gettext("Open now, until %(time)s") % {"time": clock(today[1])}
        for ahead in range(8):
            hours = self.days[(now.weekday() + ahead) % 7]
            if hours and (ahead or now.time() < hours[0]):
                day = weekday(now.date() + timedelta(days=ahead)) if ahead else gettext("today")
                return gettext("Opens again %(day)s, %(time)s") % {"day": day, "time": clock(hours[0])}
        return ""


def _time(text: str) -> time:
    return time(23, 59) if text == "24:00" else time.fromisoformat(text.rjust(5, "0"))


def _days(first: int, last: int) -> str:
    if first == last:
        return weekday_name(first)
    return gettext("%(first)s to %(last)s") % {"first": weekday_name(first), "last": weekday_name(last)}


def _hours(start: time, end: time) -> str:
    return gettext("%(first)s to %(last)s") % {"first": clock(start), "last": clock(end)}
