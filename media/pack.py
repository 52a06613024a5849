"""A printed pack: sheets of words and pages of ours, set as one tagged PDF (PDF/UA-1; docs/decisions/0022).

Blocks are data for `media/inside/press.py`: whoever makes them gives strings, never markup.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media.limits import Code, Rejected
from media.workbench import Workbench

Block = dict[str, Any]
_MOST_BYTES = 512 << 20


@dataclass(frozen=True)
class Pack:
    """`title` stands in the window, `foot` on each sheet; `language` is one of ours; `large`: 18 points for 12."""

    title: str
    language: str
    foot: str
    large: bool
    sheets: Sequence[Sequence[Block]] = field(repr=False)


def heading(text: str) -> Block:
    """The heading of a sheet."""
    return {"kind": "heading", "text": text}


def words(text: str) -> Block:
    """One paragraph of ours."""
    return {"kind": "words", "text": text}


def numbered(items: Sequence[str]) -> Block:
    """What to do, step by step."""
    return {"kind": "numbered", "items": list(items)}


def codes(pairs: Sequence[tuple[str, str]]) -> Block:
    """Names and codes in a frame, large."""
    return {"kind": "codes", "codes": [list(pair) for pair in pairs]}


def qr(text: str, label: str) -> Block:
    """A QR code, its text below it; one text per pack."""
    return {"kind": "qr", "text": text, "label": label}


def letter(untrusted_text: str, language: str) -> Block:
    """What somebody wrote, with its paragraphs and lines as they were; `language` a BCP 47 tag."""
    return {"kind": "letter", "text": untrusted_text, "language": language.partition("-")[0].lower()}


def picture(name: str, label: str) -> Block:
    """A page of ours by its name in `pictures`; `label` is read out in its place."""
    return {"kind": "picture", "name": name, "label": label}


def ruled() -> Block:
    """Lines to write on, to the end of the sheet."""
    return {"kind": "ruled"}


def press(bench: Workbench, pack: Pack, pictures: Mapping[str, Path]) -> Path:
    """The PDF. Raises Rejected: no_letters where no font of ours has a letter of the text."""
    order = bench.product / "order.json"
    told = {"title": pack.title, "language": pack.language, "foot": pack.foot, "large": pack.large}
    order.write_text(json.dumps({**told, "sheets": [list(sheet) for sheet in pack.sheets]}), encoding="ascii")
    order.chmod(0o644)
    with bench.folder() as folder:
        for name, path in pictures.items():
            bench.lend(path, folder, name)
        bench.ask("press", order, folder, lambda _: None)
        made = bench.take(folder, "pack.pdf", "pack.pdf", _MOST_BYTES)
    with made.open("rb") as file:
        if file.read(5) != b"%PDF-":
            raise Rejected(Code.UNSAFE, detail="no PDF was set")
    return made
