"""A copy of what is held about one person, for that person (GDPR Art. 15; rules 4, 5 and 17): what may be in it.

It holds what is theirs and nothing of anybody else: what they told, what they gave, what they decided and by which
words, what was said to them, and when staff opened any of it, by role. Not in it, whoever asks:

- anything of the other person: names, letters, answers, and whether they were offered, opened or read anything;
- what staff wrote for themselves: notes, assessments, concerns, what a case is about;
- what opens something: codes, links, keys.

Every piece is made by a function of its own that names the columns it takes (`steps/own_copy_pieces.py`), so that a
new column is left out until somebody puts it in. Here is the form: records of lines, as JSON and as one page of HTML.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from uuid import UUID

COPY_STATES = ("open", "checked", "approved", "ready", "handed_out", "gone", "dropped")
"""open: being looked through · checked: waits for a second person · approved: being made · ready: can be handed out,
once · handed_out · gone: its time was over, or its content was erased · dropped: given up before it was made."""
LIVE_STATES = ("open", "checked", "approved", "ready")


class Part(StrEnum):
    """What kinds of things a copy can hold, in the order in which it shows them."""

    DETAILS = "details"
    CONTACT = "contact"
    REFERRAL = "referral"
    SITUATION = "situation"
    CONSENTS = "consents"
    NOTICES = "notices"
    LINKS = "links"
    TOLD = "told"
    ORIGINAL = "original"
    VERSION = "version"
    DECISIONS = "decisions"
    CORRECTIONS = "corrections"
    DISCLOSED = "disclosed"
    OPENED = "opened"


ACTS_OF_OPENING = {
    "early.opened": "heard",
    "link.shown": "link",
    "original.replayed": "heard",
    "participant.code_read": "code",
    "preview.opened": "preview",
    "referral.read": "referral",
    "review.opened": "review",
    "view.opened": "read",
}
"""Entries of the record that say that something of a person was opened. Not `presented.opened`: that somebody else was
there when it was opened is the other person's to tell (rule 4)."""


@dataclass(frozen=True)
class Line:
    """One answer. `coded`: the value is words of the rules, said in the reader's language where it is one of them."""

    label: str
    value: str
    coded: bool = False


@dataclass(frozen=True)
class File:
    """A file of the copy: its path inside, and its media type as we made or took it."""

    path: str
    media_type: str


@dataclass(frozen=True)
class Piece:
    """One thing of the list, as it stands in the copy: records of lines, and files."""

    part: Part
    about: UUID | None
    title: str
    records: tuple[tuple[Line, ...], ...] = ()
    files: tuple[File, ...] = ()


WITHOUT_WORDS = frozenset({Part.LINKS, Part.OPENED})
"""Times and codes only, which grow with every visit: no reason to look through the whole list once more."""


def as_seen(piece: Piece) -> str:
    """What somebody sees who looks at it, to be compared with what would go out."""
    told = [] if piece.part in WITHOUT_WORDS else piece.records
    records = [[[line.label, line.value] for line in record] for record in told]
    return json.dumps([piece.title, records, [[one.path, one.media_type] for one in piece.files]])


def free_words(piece: Piece) -> list[str]:
    """Everything in it that somebody wrote freely."""
    return [line.value for record in piece.records for line in record if not line.coded]


@dataclass(frozen=True)
class Said:
    """The fixed words of a copy in one language: `labels` of lines and parts, `words` for codes, `text` around them."""

    language: str
    labels: Mapping[str, str]
    words: Mapping[str, str]
    text: Mapping[str, str]

    def value(self, line: Line) -> str:
        """The value as a reader reads it."""
        return self.words.get(line.value, line.value) if line.coded else line.value


@dataclass(frozen=True)
class Bundle:
    """Everything that goes into one copy."""

    reference: str
    made_at: str
    pieces: Sequence[Piece]
    left_out: int = 0
    said: Said = field(repr=False, default_factory=lambda: Said("en", {}, {}, {}))


def as_json(bundle: Bundle) -> bytes:
    """`everything.json`: the same as the page, for a machine; codes stay codes."""
    pieces = [
        {
            "part": piece.part.value,
            "title": piece.title,
            "records": [{line.label: line.value for line in record} for record in piece.records],
            "files": [{"path": one.path, "type": one.media_type} for one in piece.files],
        }
        for piece in bundle.pieces
    ]
    whole = {"v": 1, "reference": bundle.reference, "made_at": bundle.made_at, "left_out": bundle.left_out}
    return json.dumps(whole | {"pieces": pieces}, ensure_ascii=False, indent=1).encode()


def as_html(bundle: Bundle) -> bytes:
    """`index.html`: one page without script, style sheet or address to anywhere else, readable in any browser."""
    said = bundle.said
    head = f'<!doctype html><html lang="{escape(said.language)}"><head><meta charset="utf-8">'
    head += (
        f'<meta name="viewport" content="width=device-width"><title>{escape(said.text["title"])}</title></head><body>'
    )
    top = [f"<h1>{escape(said.text['title'])}</h1>", _words(said.text["about"])]
    top.append(_words(f"{said.text['reference']}: {bundle.reference}. {said.text['made']}: {bundle.made_at}."))
    if bundle.left_out:
        top.append(_words(said.text["left_out"].format(n=bundle.left_out)))
    body = [_piece(piece, said) for piece in bundle.pieces]
    end = [f"<h2>{escape(said.text['not_here'])}</h2>", _words(said.text["not_here_why"])]
    return "\n".join([head, *top, *body, *end, "</body></html>"]).encode()


def _piece(piece: Piece, said: Said) -> str:
    title = said.labels.get(piece.part.value, piece.part.value) + (f": {piece.title}" if piece.title else "")
    found = [f"<h2>{escape(title)}</h2>"]
    for record in piece.records:
        lines = "".join(
            f"<dt><strong>{escape(said.labels.get(line.label, line.label))}</strong></dt>"
            f"<dd>{'<br>'.join(escape(said.value(line)).splitlines())}</dd>"
            for line in record
        )
        found.append(f"<dl>{lines}</dl><hr>")
    if piece.files:
        listed = "".join(f'<li><a href="{escape(one.path)}">{escape(one.path)}</a></li>' for one in piece.files)
        found.append(f"<ul>{listed}</ul>")
    return "\n".join(found)


def _words(text: str) -> str:
    return f"<p>{escape(text)}</p>"
