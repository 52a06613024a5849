"""Where in a message a note or a change belongs. Closed: a place has exactly the keys of one of `SHAPES`.

    {"page": 3}                                     a page of a letter
    {"page": 3, "box": [1200, 3000, 4000, 500]}     a region of it: left, top, width, height in 1/10000
    {"seconds": 65.2}                               a time of a recording
    {"seconds": 65.2, "box": […]}                   a region of the picture at that time
    {"text": "text", "start": 10, "end": 24}        characters of a text part, `end` exclusive
    {}                                              the message as a whole

Whether the version has such a page, picture or text is for whoever knows the version (`fits`).
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from exchange.core.errors import BadInput
from exchange.core.leaf import PART

WHOLE = 10_000
"""The width and the height of every picture, in the unit of a box."""
MOST_PAGES = 10_000
MOST_SECONDS = 1_000_000
MOST_CHARACTERS = 10_000_000
SHAPES = frozenset(
    frozenset(keys)
    for keys in ((), ("page",), ("page", "box"), ("seconds",), ("seconds", "box"), ("text", "start", "end"))
)
_NO_BLANK = re.compile(r"\S+")
_CLOCK = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,4}):)?(\d{1,6})(?:[.,](\d{1,3}))?", re.ASCII)


def checked(untrusted: Mapping[str, Any]) -> dict[str, Any]:
    """The place, if it is one. Raises BadInput."""
    good = frozenset(untrusted) in SHAPES and all(_GOOD[name](value) for name, value in untrusted.items())
    if not good or untrusted.get("end", 1) <= untrusted.get("start", 0):
        raise BadInput("This place cannot be used. Choose it again.", field="place")
    return dict(untrusted)


def fits(place: Mapping[str, Any], parts: Mapping[str, int]) -> bool:
    """Whether a version with these parts (name: bytes) has such a place."""
    if "page" in place:
        return f"page-{place['page']:03}" in parts
    if "seconds" in place:
        return "picture" in parts if "box" in place else not parts.keys().isdisjoint(("sound", "picture"))
    return "text" not in place or bool(place["end"] <= parts.get(place["text"], 0))


def milliseconds(untrusted: str) -> int | None:
    """`1:05.2`, `0:01:05,200`, `65.2`: all 65,200. None for anything else."""
    found = _CLOCK.fullmatch(untrusted.strip())
    if not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    if (found[2] and seconds > 59) or (found[1] and minutes > 59):
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "0").ljust(3, "0"))


def clock(span: int) -> str:
    """Milliseconds as `milliseconds` reads them, tenths only where there are some: 1:05, 1:05.2."""
    whole, rest = divmod(span, 1000)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    begin = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{begin}:{seconds:02}" + (f".{rest:03}".rstrip("0") if rest else "")


def box(untrusted: str) -> tuple[int, int, int, int] | None:
    """`12.5,30,40,10`: left, top, width and height in percent, within the picture. None for anything else."""
    numbers = [re.fullmatch(r"(\d{1,3})(?:\.(\d{1,4}))?", one.strip(), re.ASCII) for one in untrusted.split(",")]
    if len(numbers) != 4 or not all(numbers):
        return None
    made = [int(one[1]) * 100 + int((one[2] or "0").ljust(4, "0")[:2]) for one in numbers if one]
    return (made[0], made[1], made[2], made[3]) if _box(made) else None


def percents(found: Collection[int]) -> str:
    """A box as `box` reads it."""
    return ",".join(f"{one / 100:.2f}".rstrip("0").rstrip(".") for one in found)


def find_words(text: str, words: str, nth: int = 1) -> tuple[int, int] | None:
    """Where these words stand for the `nth` time, however the blanks between them are; None where they do not."""
    wanted = words.split()
    if not wanted or nth < 1:
        return None
    plain = " ".join(wanted)
    # every word with where it stands; blanks between words count as one, however many they are
    there = [found.span() for found in _NO_BLANK.finditer(text)]
    joined = " ".join(text[start:end] for start, end in there)
    places = [place for start, end in there for place in (*range(start, end), end)]
    at = -1
    for _ in range(nth):
        at = joined.find(plain, at + 1)
        if at < 0:
            return None
    return places[at], places[at + len(plain) - 1] + 1


def _number(value: object, most: int, *, least: int = 0) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _whole(value: object, most: int, *, least: int = 0) -> bool:
    return isinstance(value, int) and _number(value, most, least=least)


def _box(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 4 or not all(_whole(one, WHOLE) for one in value):
        return False
    left, top, width, height = value
    return bool(width > 0 and height > 0 and left + width <= WHOLE and top + height <= WHOLE)


_GOOD: dict[str, Callable[[object], bool]] = {
    "page": lambda value: _whole(value, MOST_PAGES, least=1),
    "seconds": lambda value: _number(value, MOST_SECONDS),
    "box": _box,
    "text": lambda value: isinstance(value, str) and PART.fullmatch(value) is not None,
    "start": lambda value: _whole(value, MOST_CHARACTERS),
    "end": lambda value: _whole(value, MOST_CHARACTERS),
}
