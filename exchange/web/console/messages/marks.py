"""What in a text may tell who or where somebody is (rule 17), marked for whoever reviews it. A help, no judgement."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from exchange.core.leak_patterns import LeakKind
from exchange.core.leaks import find
from exchange.store.read import PersonView
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
class Piece:
    """Some words of a text; `kind` says what they may tell, or is empty."""

    words: str
    kind: str = ""


async def pieces(text: str, people: Iterable[PersonView]) -> list[Piece]:
    """The whole text in pieces. In a thread: a long one takes a second."""
    known = list(people)
    own = [words for one in known for words in (one.name, one.contact.get("address", ""))]
    marks = await asyncio.to_thread(find, text, own, [one.form_of_name for one in known])
    cut, at = [], 0
    for mark in marks:
        cut += [Piece(text[at : mark.start]), Piece(text[mark.start : mark.end], KINDS[mark.kind])]
        at = mark.end
    return [piece for piece in (*cut, Piece(text[at:])) if piece.words]
