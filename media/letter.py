"""A letter, made anew: page images from pixels, and its text beside them where there is text.

Text that was taken out of a PDF or Word document is marked `source=extracted, ticked=False`: it can hold what
the pages do not show, so it may only be released when a facilitator has compared and ticked it. Where a machine can
read pages here, the words of scans are offered likewise (`source=ocr`), and words that a document only has in its text
or only on its pages are marked (docs/decisions/0018).
"""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from media import office, reading, recheck, sheaf
from media.limits import Code, Rejected
from media.product import Part, Product, Source
from media.reading import Reading
from media.sheaf import PLAIN, Leaf, Sheaf
from media.sniff import TYPES, Type
from media.workbench import Report, Workbench

__all__ = ["PLAIN", "make"]

_MODULES = {"image": "picture", "pdf": "pdf", "docx": "word", "txt": "plain"}
_READ = {"image", "pdf"}
_PAGE_BYTES = 32 << 20
_MAKING = 0.3
"""The share of the work that is making pages, where they are read too."""
_GIVE_UP = 2
"""Pages that could not be read, after which no more are tried: pictures made to keep a worker busy."""

NOTE_WORD = (
    "The pages were set anew from the words and pictures of a Word document; headers, footers, "
    "notes and comments are left out."
)
NOTE_OFFICE = (
    "The pages were set anew from the document by LibreOffice; they may look different from the program it was written "
    "in. Changes that were tracked in the document may show as struck or coloured words."
)
NOTE_READABLE = (
    "Pages were made readable: turned upright, or their light evened out. "
    "Each one as it came is kept beside it, to compare."
)
NOTE_MISSING = "Some characters could not be drawn and show as boxes."
NOTE_SCAN = "There is no text version: the pages are pictures."
NOTE_READ = "The words of pages that are pictures were read by a machine; it gets handwriting wrong."
NOTE_UNREAD = "Not every page could be read by the machine."
NOTE_ALONE = "The document holds words that were not seen on its pages. They are marked in its text."


def make(bench: Workbench, sources: Sequence[tuple[Source, Type]], report: Report) -> Product:
    """The parts that `media/sheaf.py` names. Raises Rejected: password, disguised, too_many_pixels, damaged, …"""
    found = Sheaf()
    for number, (given, kind) in enumerate(sources):
        if given.path.stat().st_size > bench.limits.max_document_bytes:
            raise Rejected(Code.TOO_LARGE)
        share = partial(_share, report, number, len(sources))
        if kind.family in office.FILTERS:
            with office.as_pdf(bench, given.path, kind.family) as pdf:
                _add(bench, pdf, TYPES["pdf"], found, share)
            found.families.add("office")
        else:
            _add(bench, given.path, kind, found, share)
    report(1.0)
    parts = sheaf.parts(found, bench.product)
    return Product("letter", parts, len(found.pages), tuple(_notes(found, parts)))


def _share(report: Report, before: int, of: int, done: float) -> None:
    """Progress of one source as a share of all."""
    report((before + done) / of)


def _add(bench: Workbench, given: Path, kind: Type, found: Sheaf, report: Report) -> None:
    limits, left = bench.limits, bench.limits.max_pages - len(found.pages)
    order = {name: getattr(limits, name) for name in (
        "max_pixels", "max_side", "max_text", "max_zip_entries", "max_zip_bytes",
    )}  # fmt: skip
    is_read = kind.family in _READ and reading.engine() is not None and limits.reading_seconds > 0
    with bench.folder() as folder:
        answer = bench.ask(
            _MODULES[kind.family], given, folder, lambda done: report(done * (_MAKING if is_read else 1.0)),
            format=kind.name, max_pages=left, side=limits.page_side, **order,
        )  # fmt: skip
        count = answer.get("pages")
        if not isinstance(count, int) or not 0 < count <= left:
            raise Rejected(Code.UNSAFE if count else Code.TOO_MANY_PAGES, detail="page count")
        leaves = [_page(bench, folder, number, found) for number in range(1, count + 1)]
        if answer.get("text") is True:
            path = bench.take(folder, "text.txt", "text", limits.max_text * 4)
            leaves = [Leaf(None, Reading(recheck.plain(path, limits.max_text)))]
            path.unlink()
    if is_read:
        _read(bench, leaves, found, report)
    found.leaves += leaves
    found.families.add(kind.family)
    found.missing |= bool(answer.get("missing"))


def _page(bench: Workbench, folder: Path, number: int, found: Sheaf) -> Leaf:
    at = len(found.pages) + 1
    found.pages.append(_picture(bench, folder, f"page-{number:03d}.jpg", f"page-{at:03d}"))
    if (folder / f"came-{number:03d}.jpg").exists():
        found.came.append(_picture(bench, folder, f"came-{number:03d}.jpg", f"came-{at:03d}", shown=False))
    own = (folder / f"words-{number:03d}.json").exists()
    return Leaf(at, reading.taken(bench, folder, number) if own else None)


def _picture(bench: Workbench, folder: Path, made: str, name: str, **facts: bool) -> Part:
    path = bench.take(folder, made, name, _PAGE_BYTES)
    width, height = recheck.jpeg(path, bench.limits.page_side**2)
    return Part(name, "image/jpeg", path, {"width": width, "height": height, **facts})


def _read(bench: Workbench, leaves: Sequence[Leaf], found: Sheaf, report: Report) -> None:
    """Every page by the machine, as long as there is time and it can; what it has not read stays a picture."""
    ends = time.monotonic() + bench.limits.reading_seconds
    for number, leaf in enumerate(leaves, 1):
        if leaf.page is not None and time.monotonic() < ends and found.unread < _GIVE_UP:
            leaf.seen = reading.read(bench, found.pages[leaf.page - 1].path)
        found.unread += leaf.seen is None
        report(_MAKING + (1 - _MAKING) * number / len(leaves))


def _notes(found: Sheaf, parts: Sequence[Part]) -> list[str]:
    text = next((part for part in parts if part.name == "text"), None)
    told = (
        (NOTE_WORD, "docx" in found.families),
        (NOTE_OFFICE, "office" in found.families),
        (NOTE_READABLE, bool(found.came)),
        (NOTE_MISSING, found.missing),
        (NOTE_READ, sheaf.is_read(found)),
        (NOTE_UNREAD, found.unread > 0),
        (NOTE_ALONE, text is not None and bool(text.facts.get("alone"))),
        (NOTE_SCAN, text is None),
    )
    return [note for note, is_so in told if is_so]
