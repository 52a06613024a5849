"""Where the words of a letter's texts stand on its pages, as the part `words` says it (media/sheaf.py).

    for place in boxes(words, "text", text, mark.start, mark.end):
        place.page, place.box

Bound to the very text: for a text that was changed since, nothing is said. It is for whoever reviews, and for covering
a word that was found in a text on the page where it is read.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A box (x, y, width, height) in 1/10000 of the picture of the part `page`."""

    page: str
    box: Box


def boxes(words: bytes, part: str, text: str, start: int, end: int) -> list[Place]:
    """What covers characters `start` to `end` (exclusive) of this text: whole words, those of a line as one box."""
    found: list[Place] = []
    for begin, stop, page, *box in _about(words, part, text).get("boxes", ()):
        if begin < end and start < stop:
            place = Place(f"page-{page:03d}", (box[0], box[1], box[2], box[3]))
            if found and _beside(found[-1], place):
                found[-1] = _joined(found[-1], place)
            else:
                found.append(place)
    return found


def alone(words: bytes, part: str, text: str) -> list[tuple[int, int]]:
    """Characters from and to: words that only this text has. `text`: not seen on the pages; `reading`: only there."""
    return [(start, end) for start, end in _about(words, part, text).get("alone", ())]


def _about(words: bytes, part: str, text: str) -> dict[str, Any]:
    try:
        about = json.loads(words)[part]
    except (ValueError, KeyError):
        return {}
    is_same: bool = about["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    return about if is_same else {}


def _beside(one: Place, next_one: Place) -> bool:
    """On the same line of the same page, further on in reading order."""
    (x, y, _, height), (next_x, next_y, _, next_height) = one.box, next_one.box
    overlap = min(y + height, next_y + next_height) - max(y, next_y)
    return one.page == next_one.page and next_x >= x and overlap * 2 >= min(height, next_height)


def _joined(one: Place, other: Place) -> Place:
    (x, y, width, height), (ox, oy, other_width, other_height) = one.box, other.box
    left, top = min(x, ox), min(y, oy)
    right, bottom = max(x + width, ox + other_width), max(y + height, oy + other_height)
    return Place(one.page, (left, top, right - left, bottom - top))
