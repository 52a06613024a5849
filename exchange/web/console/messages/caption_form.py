"""The lines of captions as form fields, a page of them at a time, and back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exchange.core.captions import LAST, Captions, Cue, cue, divided
from exchange.core.errors import BadInput, WrongLine

PER_PAGE = 50
"""Lines on one page: a form takes 300 fields, and an old computer should not have to draw more."""
ADDED = 10
"""Lines that may be added before a page is shown anew."""
LENGTH = 4_000
"""Milliseconds of a new line that was given no end."""
_TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:[.,](\d{1,3}))?")


@dataclass(frozen=True)
class Row:
    """One line as the page shows it."""

    number: int
    start: str
    end: str
    text: str


def shown(time: int) -> str:
    """1:05.250, or 1:02:05.250"""
    minutes, rest = divmod(time, 60_000)
    seconds = f"{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds}" if minutes >= 60 else f"{minutes}:{seconds}"


def time_of(untrusted: str) -> int | None:
    """Milliseconds of `1:05.2`, `1:02:05`, `65.25`; None for anything else."""
    found = _TIME.fullmatch(untrusted.strip()) if untrusted.isascii() else None
    if found is None:
        return None
    hours, minutes, seconds, part = found.groups()
    time = ((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds)) * 1000 + int((part or "").ljust(3, "0"))
    return time if time <= LAST else None


def rows_of(captions: Captions, first: int) -> list[Row]:
    """A page of lines from `first` on (from 0)."""
    page = captions[first : first + PER_PAGE]
    return [Row(first + n + 1, shown(c.start), shown(c.end), c.text) for n, c in enumerate(page)]


def merged(before: Captions, untrusted: Mapping[str, str], *, dividing: bool) -> Captions:
    """All lines, with those of a page as the form has them. A line without words is gone; the page is put in order.

    The form has `first` and `count`, and start-0, end-0, text-0 … for the page, one or more of them new. Raises
    WrongLine at the field, BadInput for a form that is none of ours.
    """
    first, count = _number(untrusted.get("first", "")), _number(untrusted.get("count", ""))
    if first > len(before) or count > PER_PAGE + ADDED:
        raise BadInput
    page: list[Cue] = []
    for place in range(PER_PAGE + ADDED):
        old = before[first + place] if place < count and first + place < len(before) else None
        if f"text-{place}" in untrusted:
            page += _line(untrusted, place, first, old, dividing=dividing)
    page.sort(key=lambda c: c.start)
    rest = before[first + count :]
    early = bool(page and first) and page[0].start < before[first - 1].start
    late = bool(page and rest) and page[-1].start > rest[0].start
    if early or late:
        raise WrongLine("A line of this page belongs on another page: see line %(line)s.", first + 1, field="start-0")
    return (*before[:first], *page, *rest)


def _line(untrusted: Mapping[str, str], place: int, first: int, old: Cue | None, *, dividing: bool) -> list[Cue]:
    text = untrusted[f"text-{place}"]
    if not text.strip():
        return []
    field, number = f"start-{place}", first + place + 1
    start = time_of(untrusted.get(field, ""))
    if start is None:
        raise WrongLine("Line %(line)s needs a time such as 1:05.2.", number, field=field)
    ends = untrusted.get(f"end-{place}", "").strip()
    end = time_of(ends) if ends else min(start + LENGTH, LAST)
    if end is None or end <= start:
        raise WrongLine("Line %(line)s must end after it begins.", number, field=f"end-{place}")
    pieces = old.pieces if old and old.start >= start and old.end <= end else ()
    blank = cue(start, end, pieces) or Cue(start, end, ())
    if not dividing:
        text = re.sub(r"\n\s*\n", "\n", text)
    return divided(blank, text)


def _number(untrusted: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", untrusted):
        raise BadInput
    return int(untrusted)
