"""What in a text may tell who or where somebody is (rule 17), marked for whoever reviews it. A help, no judgement."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from exchange.core.leak_patterns import LeakKind
from exchange.core.leaks import Mark, find
from exchange.store.read import Left, PersonView
from exchange.web.frame import N_

KINDS: dict[LeakKind, str] = {
    "phone": N_("telephone number"),
    "email": N_("e-mail address"),
    "link": N_("web address"),
    "handle": N_("name on a social network"),
    "postcode": N_("postcode"),
    "address": N_("address"),
    "plate": N_("number plate"),
    "number": N_("number of a person or account"),
    "birth": N_("date of birth"),
    "place": N_("place, school or workplace"),
    "own": N_("name or address known in this case"),
}


@dataclass(frozen=True)
class Shown:
    """One mark as the page shows it: its words, where they are, and whether somebody has looked at it."""

    number: int
    kind: LeakKind
    words: str
    start: int
    end: int
    looked: Literal["", "left", "taken"] = ""

    @property
    def told(self) -> str:
        """What it looks like, as a message id."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Piece:
    """Some words of a text. A mark or a note may go over several pieces; `begins`, `ends`: the mark does here."""

    words: str
    start: int
    mark: Shown | None = None
    begins: bool = False
    ends: bool = False
    noted: bool = False
    pins: tuple[int, ...] = ()


async def shown(
    text: str, people: Iterable[PersonView], left: Left, struck: Collection[tuple[int, int]] = ()
) -> list[Shown]:
    """The marks of a text in their order; `struck`: what the list takes out. In a thread: a long one takes a second."""
    known = list(people)
    own = [words for one in known for words in (one.name, one.contact.get("address", ""))]
    marks = await asyncio.to_thread(find, text, own, [one.form_of_name for one in known])
    return [_shown(number, mark, text, left, struck) for number, mark in enumerate(marks, 1)]


def pieces(text: str, marks: Iterable[Shown], notes: Iterable[tuple[int, int, int]] = ()) -> list[Piece]:
    """The whole text in pieces. `notes`: number, start and end of each note's words."""
    shown, noted = [mark for mark in marks if not mark.looked], sorted(notes, key=lambda note: note[1:])
    edges = {0, len(text)} | {at for mark in shown for at in (mark.start, mark.end)}
    edges |= {min(at, len(text)) for _, start, end in noted for at in (start, end)}
    places = sorted(edges)
    cut = [Piece(text[at:until], at) for at, until in pairwise(places)]
    return _marked([_noted(piece, noted) for piece in cut], shown)


def _shown(number: int, mark: Mark, text: str, left: Left, struck: Collection[tuple[int, int]]) -> Shown:
    words = text[mark.start : mark.end]
    looked: Literal["", "left", "taken"] = "left" if (mark.kind, words) in left else ""
    if any(start <= mark.start and mark.end <= end for start, end in struck):
        looked = "taken"
    return Shown(number, mark.kind, words, mark.start, mark.end, looked)


def _noted(piece: Piece, notes: list[tuple[int, int, int]]) -> Piece:
    over = [note for note in notes if note[1] <= piece.start < note[2]]
    ending = tuple(number for number, _, end in over if end == piece.start + len(piece.words))
    return replace(piece, noted=bool(over), pins=ending)


def _marked(cut: list[Piece], marks: list[Shown]) -> list[Piece]:
    """Marks do not overlap and stand in their order, so one pass over both is enough."""
    made, waiting = [], iter(marks)
    mark = next(waiting, None)
    for piece in cut:
        while mark and mark.end <= piece.start:
            mark = next(waiting, None)
        if mark and mark.start <= piece.start:
            ends = piece.start + len(piece.words) == mark.end
            made.append(replace(piece, mark=mark, begins=piece.start == mark.start, ends=ends))
        else:
            made.append(piece)
    return made
