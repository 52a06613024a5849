"""A pile of scanned pages, taken apart: every page as a picture of its own, and what the squares on it say.

Knows nothing of whose code is whose. PDF, and the pictures that scanners make; several pages in one TIFF.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from media import recheck
from media.limits import Code, Rejected
from media.sniff import Type
from media.workbench import Report, Workbench, share

FAMILIES = {"pdf": "pdf", "image": "picture"}
"""What is taken, and the module of `media/inside/` that opens it."""
MOST_CODES, LONGEST_CODE = 8, 64
_MAKING = 0.5
_PAGE_BYTES = 32 << 20


@dataclass(frozen=True)
class Scan:
    """One page: a JPEG of ours, as it came, and what its squares say: hostile text, at most so many and so long."""

    path: Path
    untrusted_codes: tuple[str, ...]


def make(bench: Workbench, path: Path, kind: Type, report: Report) -> tuple[Scan, ...]:
    """The pages in their order. Raises Rejected: wrong_type, password, damaged, too_many_pages, …"""
    if kind.family not in FAMILIES:
        raise Rejected(Code.WRONG_TYPE, detail="no scan")
    pages = _pages(bench, path, kind, partial(share, report, 0.0, _MAKING))
    scans = []
    for number, page in enumerate(pages, 1):
        scans.append(Scan(page, _codes(bench, page)))
        report(_MAKING + (1 - _MAKING) * number / len(pages))
    return tuple(scans)


def _pages(bench: Workbench, path: Path, kind: Type, report: Report) -> Sequence[Path]:
    limits = bench.limits
    names = ("max_pixels", "max_side", "max_text", "max_pages")
    order: dict[str, Any] = {name: getattr(limits, name) for name in names}
    with bench.folder() as folder:
        asked = {"format": kind.name, "side": limits.page_side, **order}
        count = bench.ask(FAMILIES[kind.family], path, folder, report, **asked).get("pages")
        if not isinstance(count, int) or not 0 < count <= limits.max_pages:
            raise Rejected(Code.UNSAFE if count else Code.TOO_MANY_PAGES, detail="page count")
        return [_page(bench, folder, number) for number in range(1, count + 1)]


def _page(bench: Workbench, folder: Path, number: int) -> Path:
    """The page as it came: what is put in is made readable on its own way, with this beside it to compare."""
    came = f"came-{number:03d}.jpg"
    name = came if (folder / came).exists() else f"page-{number:03d}.jpg"
    path = bench.take(folder, name, f"scan-{number:03d}", _PAGE_BYTES)
    recheck.jpeg(path, bench.limits.page_side**2)
    return path


def _codes(bench: Workbench, page: Path) -> tuple[str, ...]:
    with bench.folder() as folder:
        said = bench.ask(
            "codes", page, folder, lambda _: None, seconds=bench.limits.page_seconds, most=MOST_CODES,
            longest=LONGEST_CODE,
        )  # fmt: skip
    found = said.get("codes")
    if not isinstance(found, list) or len(found) > MOST_CODES:
        raise Rejected(Code.UNSAFE, detail="no list of codes")
    return tuple(code for code in found if isinstance(code, str) and len(code) <= LONGEST_CODE)
