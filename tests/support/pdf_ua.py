"""What ISO 14289-1 (PDF/UA-1) asks that a machine can see, read with pikepdf, which is not what set the file.

`problems` lists what is missing; the numbers are those of the Matterhorn Protocol 1.1. `spoken` is what a screen reader
says, in its order. `foreign` is what a checker says that is not ours: pdfua sees 16 of the 106 rules that veraPDF does,
which itself is in none of Debian, PyPI and npm.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pdfua
import pikepdf
import pypdfium2
from pikepdf import Dictionary, Name

PAINTS = {"Tj", "TJ", "'", '"', "Do", "f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "BI", "INLINE IMAGE"}
STANDARD = {
    "Document", "Part", "Sect", "Div", "P", "H1", "H2", "L", "LI", "Lbl", "LBody", "Figure", "Span", "Link",
    "NonStruct", "Strong", "Em", "Title", "Note", "Reference",
}  # fmt: skip


def problems(path: Path) -> list[str]:
    """Everything that is wrong, in words; empty for a file that keeps the rules."""
    with pikepdf.open(path) as pdf:
        return [*_document(pdf), *_tree(pdf), *_pages(pdf), *_fonts(pdf)]


def foreign(path: Path) -> list[str]:
    """What the foreign checker finds, warnings too: the numbers of its rules, each once."""
    return sorted({found.rule_id for found in pdfua.validate(str(path)).findings})


def roles(path: Path) -> list[str]:
    """The kinds of all structure elements, in reading order."""
    with pikepdf.open(path) as pdf:
        return [_role(pdf, element) for element in _elements(pdf.Root.StructTreeRoot)]


def alternatives(path: Path) -> list[str]:
    """What is read out in place of each picture."""
    with pikepdf.open(path) as pdf:
        return [str(e.get("/Alt", "")) for e in _elements(pdf.Root.StructTreeRoot) if _role(pdf, e) == "Figure"]


def headings(path: Path) -> list[str]:
    """One for each sheet that begins something: all headings in their order."""
    return [role for role in roles(path) if role.startswith("H")]


def languages(path: Path) -> set[str]:
    """The document's language, and every other that stands at an element."""
    with pikepdf.open(path) as pdf:
        found = {str(e["/Lang"]) for e in _elements(pdf.Root.StructTreeRoot) if "/Lang" in e}
        return {str(pdf.Root.Lang), *found}


def words(path: Path) -> str:
    """All that can be read, blanks made one."""
    with pypdfium2.PdfDocument(path) as document:
        found = []
        for page in document:
            found.append(page.get_textpage().get_text_range())
            page.close()
    return " ".join(" ".join(found).replace("\u200b", "").split())


def sizes(path: Path, number: int) -> list[float]:
    """The sizes of type on a page in points, headings left out: each but the largest."""
    with pikepdf.open(path) as pdf:
        found = {float(o[1]) for o, name in pikepdf.parse_content_stream(pdf.pages[number]) if str(name) == "Tf"}
    return sorted(found)[:-1]


def _document(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    with pdf.open_metadata() as told:
        if told.get("pdfuaid:part") != "1":
            yield "06-003/05-001 it does not say that it is PDF/UA-1"
        if not told.get("dc:title"):
            yield "06-004 no title"
    if not root.get("/MarkInfo", {}).get("/Marked", False) or root.MarkInfo.get("/Suspects", False):
        yield "01-007 not marked, or suspect"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False):
        yield "07-002 the window does not show the title"
    if "/Lang" not in root:
        yield "11-006 no language"
    if pdf.is_encrypted:
        yield "26-001 encrypted"
    if "/JavaScript" in root.get("/Names", {}) or "/OpenAction" in root or "/AA" in root:
        yield "it does something by itself"


def _tree(pdf: pikepdf.Pdf) -> Iterator[str]:
    if "/StructTreeRoot" not in pdf.Root:
        yield "no structure"
        return
    levels = []
    for element in _elements(pdf.Root.StructTreeRoot):
        role = _role(pdf, element)
        if role not in STANDARD:
            yield f"02-001 {role} is no standard kind"
        if role == "Figure" and not str(element.get("/Alt", "")).strip():
            yield "13-004 a picture without words"
        if role in ("H1", "H2"):
            levels.append(int(role[1]))
    if not levels or levels[0] != 1 or any(b - a > 1 for a, b in pairwise(levels)):
        yield "14-003 headings leave a level out"


def _pages(pdf: pikepdf.Pdf) -> Iterator[str]:
    named = {}
    for element in _elements(pdf.Root.StructTreeRoot):
        for page, number in _marks(element):
            named.setdefault(page, set()).add(number)
    for at, page in enumerate(pdf.pages, 1):
        drawn, loose = _marked(page)
        if loose:
            yield f"01-005 page {at}: {loose} things outside of the structure"
        if drawn != named.get(page.objgen, set()):
            yield f"01-006 page {at}: marks and structure are not the same"
        if drawn and "/StructParents" not in page:
            yield f"page {at}: no way from marks to structure"


def _marked(page: pikepdf.Page) -> tuple[set[int], int]:
    """The numbers of marked content, and how much is painted that is neither that nor an artifact."""
    open_marks: list[str] = []
    numbers, loose = set(), 0
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name in ("BDC", "BMC"):
            tag = str(operands[0])
            told = operands[1] if name == "BDC" else None
            if isinstance(told, Dictionary) and "/MCID" in told:
                numbers.add(int(told["/MCID"]))
                tag = "numbered"
            open_marks.append(tag)
        elif name == "EMC":
            open_marks.pop()
        elif name in PAINTS and not {"numbered", "/Artifact"} & set(open_marks):
            loose += 1
    return numbers, loose


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for found in pdf.objects:
        if not isinstance(found, Dictionary):
            continue
        if found.get("/Type") == Name.FontDescriptor and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(found):
            yield "31-009 a font is not embedded"
        if found.get("/Type") == Name.Font and found.get("/Subtype") == Name.Type0 and "/ToUnicode" not in found:
            yield "31-027 letters of a font cannot be read back"


def _elements(parent: Any) -> Iterator[Any]:
    kids = parent.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, Dictionary) and "/S" in kid:
            yield kid
            yield from _elements(kid)


def _marks(element: Any) -> Iterator[tuple[Any, int]]:
    kids = element.get("/K", [])
    own = element["/Pg"].objgen if "/Pg" in element else None
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, int):
            yield own, kid
        elif isinstance(kid, Dictionary) and kid.get("/Type") == Name.MCR:
            yield (kid["/Pg"].objgen if "/Pg" in kid else own), int(kid["/MCID"])


def _role(pdf: pikepdf.Pdf, element: Any) -> str:
    mapped = pdf.Root.StructTreeRoot.get("/RoleMap", {})
    return str(mapped.get(str(element["/S"]), element["/S"])).removeprefix("/")
