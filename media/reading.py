"""The words of pages: what a document says they are, what a machine reads on them, and where the two differ.

What a child wrote down is looked at again here; nothing of it is trusted to be in order.
"""

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from media import text as texts
from media.limits import Code, Rejected
from media.sandbox.job import INSIDE
from media.workbench import Workbench

LANGUAGES = ("eng", "cym")
DATA = (INSIDE / "tessdata", *(Path("/usr/share/tesseract-ocr", version, "tessdata") for version in ("5", "4.00")))
_MOST_BYTES = 64 << 20
_ALIKE = 0.6
_LOOK_ALIKE = str.maketrans("|1l0", "iiio")
"""What the engine takes for each other."""
Span = tuple[int, int]


@dataclass(frozen=True)
class Word:
    """Characters `start` to `end` of a text and their box (x, y, width, height) in 1/10000 of the page's picture."""

    start: int
    end: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Reading:
    """The text of one page and its words; none where their places are not known."""

    text: str
    words: tuple[Word, ...] = ()


@cache
def engine() -> tuple[Path, str] | None:
    """The folder of language data and the languages in it, or None where nothing can read pages here."""
    if importlib.util.find_spec("tesserocr") is None:
        return None
    for folder in DATA:
        if found := [code for code in LANGUAGES if (folder / f"{code}.traineddata").is_file()]:
            return folder, "+".join(found)
    return None


def read(bench: Workbench, page: Path) -> Reading | None:
    """What the machine reads on a page's picture. None where it cannot: that is never a reason to refuse a letter."""
    data = engine()
    if data is None:
        return None
    try:
        with bench.folder() as folder:
            order: dict[str, Any] = {"data": str(data[0]), "languages": data[1], "most": bench.limits.max_text}
            order["seconds"] = bench.limits.page_seconds
            if not bench.ask("read", page, folder, lambda _: None, **order).get("text"):
                return Reading("")
            return taken(bench, folder, 1)
    except Rejected:
        return None


def taken(bench: Workbench, folder: Path, number: int) -> Reading:
    """What a child wrote down of a page. Raises Rejected(unsafe) if it is not in order."""
    path = bench.take(folder, f"words-{number:03d}.json", "words.json", _MOST_BYTES)
    try:
        return _checked(json.loads(path.read_bytes()), bench.limits.max_text)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Rejected(Code.UNSAFE, detail="words are not in order") from None
    finally:
        path.unlink()


def _checked(untrusted: Any, most: int) -> Reading:
    text, boxes, last, words = untrusted["text"], untrusted["boxes"], 0, []
    if not isinstance(text, str) or not 0 < len(text) <= most or texts.clean(text) != text:
        raise ValueError
    for start, end, x, y, width, height in boxes:
        if not all(type(value) is int for value in (start, end, x, y, width, height)):
            raise ValueError
        if not (last <= start < end <= len(text) and min(x, y) >= 0 and min(width, height) > 0):
            raise ValueError
        if max(x + width, y + height) > 10_000:
            raise ValueError
        words.append(Word(start, end, (x, y, width, height)))
        last = end
    return Reading(text, tuple(words))


def alone(one: Reading, other: Reading) -> list[Span]:
    """The words of one that the other has not at the same place: by box and by what they say."""
    rows: dict[int, list[tuple[Word, str]]] = {}
    for word in other.words:
        for row in _rows(word):
            rows.setdefault(row, []).append((word, _plain(other.text[word.start : word.end])))
    return [
        (word.start, word.end)
        for word in one.words
        if not _met(
            word, _plain(one.text[word.start : word.end]), [near for row in _rows(word) for near in rows.get(row, ())]
        )
    ]


def _rows(word: Word) -> range:
    _, y, _, height = word.box
    return range(y // 200, (y + height) // 200 + 1)


def _met(word: Word, plain: str, near: Sequence[tuple[Word, str]]) -> bool:
    """A sign alone, such as a dash, need not be met. Digits must be the same, letters alike."""
    if not plain:
        return True
    here = [said for other, said in near if said and _touch(word, other)]
    return any(plain in said or (said in plain and len(said) * 2 > len(plain)) or _alike(plain, said) for said in here)


def _alike(one: str, other: str) -> bool:
    if any(char.isdigit() for char in one):
        return one == other
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE


def _touch(one: Word, other: Word) -> bool:
    (ax, ay, aw, ah), (bx, by, bw, bh) = one.box, other.box
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah


def _plain(word: str) -> str:
    return "".join(char for char in word.casefold() if char.isalnum() or char == "|").translate(_LOOK_ALIKE)
