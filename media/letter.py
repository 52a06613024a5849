"""A letter, made anew: page images from pixels, and its text beside them where there is text.

Text that was taken out of a PDF or Word document is marked `source=extracted, ticked=False`: it can hold what
the pages do not show, so it may only be released when a facilitator has compared and ticked it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from media import office, recheck
from media.limits import Code, Rejected
from media.product import Fact, Part, Product, Source
from media.sniff import TYPES, Type
from media.workbench import Report, Workbench

PLAIN = "text/plain; charset=utf-8"
_MODULES = {"image": "picture", "pdf": "pdf", "docx": "word", "txt": "plain"}
_PAGE_BYTES = 32 << 20

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


@dataclass
class _Sheaf:
    """Pages and text of all sources so far."""

    pages: list[Part] = field(default_factory=list)
    came: list[Part] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    families: set[str] = field(default_factory=set)
    missing: bool = False


def make(bench: Workbench, sources: Sequence[tuple[Source, Type]], report: Report) -> Product:
    """`page-001` …, `text`, and `came-001` … of changed pages.

    Raises Rejected: password, disguised, too_many_pixels, damaged, …"""
    sheaf = _Sheaf()
    for number, (given, kind) in enumerate(sources):
        if given.path.stat().st_size > bench.limits.max_document_bytes:
            raise Rejected(Code.TOO_LARGE)
        share = partial(_share, report, number, len(sources))
        if kind.family in office.FILTERS:
            with office.as_pdf(bench, given.path, kind.family) as pdf:
                _add(bench, pdf, TYPES["pdf"], sheaf, share)
            sheaf.families.add("office")
        else:
            _add(bench, given.path, kind, sheaf, share)
    report(1.0)
    parts = (*sheaf.pages, *_text(bench, sheaf), *sheaf.came)
    return Product("letter", parts, len(sheaf.pages), tuple(_notes(sheaf)))


def _share(report: Report, before: int, of: int, done: float) -> None:
    """Progress of one source as a share of all."""
    report((before + done) / of)


def _add(bench: Workbench, given: Path, kind: Type, sheaf: _Sheaf, report: Report) -> None:
    limits, left = bench.limits, bench.limits.max_pages - len(sheaf.pages)
    order = {name: getattr(limits, name) for name in (
        "max_pixels", "max_side", "max_text", "max_zip_entries", "max_zip_bytes",
    )}  # fmt: skip
    with bench.folder() as folder:
        answer = bench.ask(
            _MODULES[kind.family], given, folder, report,
            format=kind.name, max_pages=left, side=limits.page_side, **order,
        )  # fmt: skip
        count = answer.get("pages")
        if not isinstance(count, int) or not 0 < count <= left:
            raise Rejected(Code.UNSAFE if count else Code.TOO_MANY_PAGES, detail="page count")
        for number in range(1, count + 1):
            _page(bench, folder, number, sheaf)
        if answer.get("text") is True:
            path = bench.take(folder, "text.txt", f"text-{len(sheaf.texts)}", limits.max_text * 4)
            sheaf.texts.append(recheck.plain(path, limits.max_text))
            path.unlink()
    sheaf.families.add(kind.family)
    sheaf.missing |= bool(answer.get("missing"))


def _page(bench: Workbench, folder: Path, number: int, sheaf: _Sheaf) -> None:
    name = f"page-{len(sheaf.pages) + 1:03d}"
    path = bench.take(folder, f"page-{number:03d}.jpg", name, _PAGE_BYTES)
    width, height = recheck.jpeg(path, bench.limits.page_side**2)
    sheaf.pages.append(Part(name, "image/jpeg", path, {"width": width, "height": height}))
    if (folder / f"came-{number:03d}.jpg").exists():
        came = bench.take(folder, f"came-{number:03d}.jpg", name.replace("page", "came"), _PAGE_BYTES)
        width, height = recheck.jpeg(came, bench.limits.page_side**2)
        sheaf.came.append(Part(came.name, "image/jpeg", came, {"width": width, "height": height, "shown": False}))


def _text(bench: Workbench, sheaf: _Sheaf) -> tuple[Part, ...]:
    if not sheaf.texts:
        return ()
    text = "\n".join(sheaf.texts)
    path = bench.product / "text"
    path.write_text(text, encoding="utf-8", newline="\n")
    path.chmod(0o600)
    typed = sheaf.families == {"txt"}
    facts: dict[str, Fact] = {
        "source": "typed" if typed else "extracted", "ticked": typed, "characters": len(text),
        "shown": sheaf.families <= {"txt", "docx"} and not sheaf.missing,
    }  # fmt: skip
    return (Part("text", PLAIN, path, facts),)


def _notes(sheaf: _Sheaf) -> list[str]:
    notes = [NOTE_WORD] if "docx" in sheaf.families else []
    notes += [NOTE_OFFICE] if "office" in sheaf.families else []
    notes += [NOTE_READABLE] if sheaf.came else []
    notes += [NOTE_MISSING] if sheaf.missing else []
    return notes + ([] if sheaf.texts else [NOTE_SCAN])
