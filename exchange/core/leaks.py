"""What in a text may tell who or where somebody is (rule 17). It advises; it never approves and never stops anything.

    for mark in find("Ring me on 07700 900123", own=["Ash Reed"]):
        text[mark.start:mark.end], mark.kind

Looked for are telephone numbers (also said in words), e-mail, links, handles, postcodes, addresses, number plates,
identity numbers, dates of birth, named places, and the words of the case's own list.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from exchange.core.leak_patterns import PATTERNS

LeakKind = Literal[
    "phone", "email", "link", "handle", "postcode", "address", "plate", "number", "birth", "place", "own"
]
SHORTEST_OWN = 3
_TIMES = frozenset(
    {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "christmas", "easter"}
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `start` to `end` (exclusive) of the text, and what they look like."""

    start: int
    end: int
    kind: LeakKind


def find(text: str, own: Iterable[str] = (), agreed: Iterable[str] = ()) -> list[Mark]:
    """The marks in their order; none overlaps another.

    `own`: names and addresses of the case's people. `agreed`: the forms of name that they agreed to be known by.
    """
    plain, places = _plain(text)
    known = {word for form in agreed for word in _words(form)}
    found = [
        mark
        for phrase in own
        for mark in _own(plain, phrase)
        if not known.issuperset(_words(plain[mark.start : mark.end]))
    ]
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(plain):
            start, end = match.span("mark" if "mark" in pattern.groupindex else 0)
            if end > start and not _harmless(plain[start:end]):
                found.append(Mark(start, end, kind))
    return [Mark(places[m.start], places[m.end - 1] + 1, m.kind) for m in _apart(found)]


def _plain(text: str) -> tuple[str, list[int]]:
    """The text without invisible characters and with plain digits and letters, and where each one was."""
    kept, places = [], []
    for place, character in enumerate(text):
        if unicodedata.category(character) == "Cf":
            continue
        for plain in unicodedata.normalize("NFKC", character):
            kept.append(" " if plain in "\t\u00a0" else plain)
            places.append(place)
    return "".join(kept), places


def _words(phrase: str) -> list[str]:
    return re.findall(r"[^\W_]+(?!['’])", phrase.casefold().replace("’s", "").replace("'s", ""))


def _own(plain: str, phrase: str) -> Iterable[Mark]:
    """The whole phrase however it is written, and each of its words where it is written like a name."""
    words = unicodedata.normalize("NFKC", phrase).split()
    if len("".join(words)) < SHORTEST_OWN:
        return
    whole = r"\s+".join(map(re.escape, words))
    for match in re.finditer(rf"(?<!\w){whole}(?:['’]s)?(?!\w)", plain, re.IGNORECASE):
        yield Mark(*match.span(), "own")
    for word in words:
        if len(word) >= SHORTEST_OWN and word[0].isupper():
            for match in re.finditer(rf"(?<!\w){re.escape(word)}(?:['’]s)?(?!\w)", plain):
                yield Mark(*match.span(), "own")


def _harmless(marked: str) -> bool:
    return marked.casefold() in _TIMES


def _apart(found: list[Mark]) -> list[Mark]:
    """Of overlapping ones the one that begins first, and of those the longest; what sticks out joins it."""
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and mark.start < kept[-1].end:
            last = kept[-1]
            kept[-1] = Mark(last.start, max(last.end, mark.end), last.kind)
        else:
            kept.append(mark)
    return kept
