"""The pages of a letter as they are gathered from its sources, and the texts and notes that come of them.

Parts: `page-001` …, `text`, `reading` (what a machine read where the document had words of its own), `came-001` …
and `words` (where each word stands). Only pages and, once ticked, `text` are ever shown to a recipient.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media.product import Fact, Part
from media.reading import Reading, Span, alone

PLAIN = "text/plain; charset=utf-8"
JSON = "application/json"


@dataclass
class Leaf:
    """What is known of one page's words (`page` None: words that stand on no certain page)."""

    page: int | None
    own: Reading | None = None
    seen: Reading | None = None

    @property
    def said(self) -> Reading | None:
        """The document's own words if it has any, else what the machine read."""
        return self.own or self.seen

    @property
    def compared(self) -> bool:
        """Both are known, and where they stand."""
        return bool(self.own and self.own.words and self.seen is not None)


@dataclass
class Sheaf:
    """Pages and texts of all sources so far."""

    pages: list[Part] = field(default_factory=list)
    came: list[Part] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    families: set[str] = field(default_factory=set)
    missing: bool = False
    unread: int = 0


@dataclass
class _Text:
    """One text put together from pages, and what is known of its words."""

    text: str = ""
    boxes: list[tuple[int, ...]] = field(default_factory=list)
    alone: list[Span] = field(default_factory=list)

    def add(self, page: int | None, reading: Reading, only: list[Span]) -> None:
        """A page's words after those before it."""
        self.text += "\n\n" if self.text else ""
        at = len(self.text)
        self.text += reading.text.strip("\n")
        self.boxes += [(at + w.start, at + w.end, page, *w.box) for w in reading.words if page is not None]
        self.alone += [(at + start, at + end) for start, end in only]

    def about(self) -> dict[str, Any]:
        """As `exchange/core/boxes.py` reads it; bound to the very text."""
        digest = hashlib.sha256((self.text + "\n").encode()).hexdigest()
        return {"sha256": digest, "boxes": self.boxes, "alone": self.alone}


def parts(sheaf: Sheaf, folder: Path) -> tuple[Part, ...]:
    """All parts of the letter; the texts are written into `folder`."""
    text, reading = _text(sheaf), _reading(sheaf)
    made, about = [*sheaf.pages], {}
    if text.text:
        made.append(_written(folder, "text", text.text + "\n", PLAIN, _facts(sheaf, text)))
        about["text"] = text.about()
    if reading.text:
        facts: dict[str, Fact] = {"source": "ocr", "ticked": False, "shown": False, "characters": len(reading.text) + 1}
        made.append(_written(folder, "reading", reading.text + "\n", PLAIN, {**facts, "alone": len(reading.alone)}))
        about["reading"] = reading.about()
    made += sheaf.came
    if any(told["boxes"] for told in about.values()):
        said = json.dumps(about, separators=(",", ":"))
        made.append(_written(folder, "words", said, JSON, {"shown": False}))
    return tuple(made)


def is_read(sheaf: Sheaf) -> bool:
    """Whether any of the text was read by a machine."""
    return any(leaf.own is None and leaf.seen and leaf.seen.text for leaf in sheaf.leaves)


def _text(sheaf: Sheaf) -> _Text:
    text = _Text()
    for leaf in sheaf.leaves:
        if leaf.said and leaf.said.text:
            only = alone(leaf.own, leaf.seen) if leaf.own and leaf.seen else []
            text.add(leaf.page, leaf.said, only)
    return text


def _reading(sheaf: Sheaf) -> _Text:
    """What the machine read on pages that have words of their own, to compare and to look through."""
    reading = _Text()
    for leaf in sheaf.leaves:
        if leaf.own and leaf.seen and leaf.seen.text:
            reading.add(leaf.page, leaf.seen, alone(leaf.seen, leaf.own) if leaf.compared else [])
    return reading


def _facts(sheaf: Sheaf, text: _Text) -> dict[str, Fact]:
    typed = sheaf.families == {"txt"}
    source = "typed" if typed else "ocr" if is_read(sheaf) else "extracted"
    own = [leaf for leaf in sheaf.leaves if leaf.own and leaf.page is not None]
    facts: dict[str, Fact] = {
        "source": source, "ticked": typed, "characters": len(text.text) + 1,
        "shown": sheaf.families <= {"txt", "docx"} and not sheaf.missing,
    }  # fmt: skip
    if own:
        facts |= {"compared": all(leaf.compared for leaf in own), "alone": len(text.alone)}
    return facts


def _written(folder: Path, name: str, content: str, kind: str, facts: dict[str, Fact]) -> Part:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="\n")
    path.chmod(0o600)
    return Part(name, kind, path, facts)
