"""A Word document (.docx) to what its reader would see, as text and typeset pages.

Left out: deleted and moved-away text and pictures, what is hidden (`media.inside.hidden`), comments, field
codes, headers, footers, notes, metadata.
Order: max_pages, max_text, max_zip_entries, max_zip_bytes, max_pixels, max_side.
"""

import io
import os
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn

from media.inside import pixels, say, zips
from media.inside.hidden import Hidden, row
from media.inside.plain import write
from media.inside.typeset import SIZE, Block
from media.inside.words import clean

_DROPPED = {
    qn(name)
    for name in ("w:del", "w:moveFrom", "w:delText", "w:instrText", "w:rPr", "w:pPr", "w:commentReference",
                 "w:footnoteReference", "w:endnoteReference", "w:sdtPr", "w:tblPr", "w:sectPr")
} | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}  # fmt: skip
_AS_TEXT = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_LISTS = ("ListBullet", "ListNumber")
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"


def main() -> None:
    """Descriptor 3 in, page-NNN.jpg and text.txt out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        zips.checked(file, {"[Content_Types].xml", "word/document.xml"}, asked)
        try:
            document = docx.Document(file)
            hidden = Hidden(document.element, document.styles.element)
            blocks = list(_blocks(document.element.body, document.part, hidden, asked))
        except Exception:  # noqa: BLE001 - parsers raise anything; whatever it is, the document is not readable
            say.refuse("damaged")
    text = clean("\n\n".join(block.text for block in blocks if block.text.strip()))
    if len(text) > asked["max_text"]:
        say.refuse("too_large")
    if not text and not any(block.image for block in blocks):
        say.refuse("empty")
    write(text, blocks, asked)


def _blocks(element: Any, part: Any, hidden: Hidden, asked: dict[str, int]) -> Iterator[Block]:
    """Paragraphs in reading order; a table row is one line, its cells parted by bars."""
    for child in element:
        if child.tag == qn("w:p"):
            yield from _paragraph(child, part, hidden, asked)
        elif child.tag == qn("w:tr"):
            if not row(child):
                cells = [" ".join(_words(cell, hidden).split()) for cell in child.iter(qn("w:tc"))]
                yield Block(clean(" | ".join(cells)).strip("\n"))
        elif child.tag not in _DROPPED and isinstance(child.tag, str):
            yield from _blocks(child, part, hidden, asked)


def _paragraph(element: Any, part: Any, hidden: Hidden, asked: dict[str, int]) -> Iterator[Block]:
    style = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    name = (style.get(qn("w:val")) or "") if style is not None else ""
    heading = name.lower().startswith(("heading", "title"))
    listed = element.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None or name.startswith(_LISTS)
    bullet = "• " if listed else ""
    if words := clean(_words(element, hidden)).strip("\n"):
        yield Block(bullet + words, bold=heading, size=SIZE + 9 if heading else SIZE)
    for blip in _shown(element, hidden):
        if blip.tag == _BLIP and (image := _image(blip.get(qn("r:embed")), part, asked)) is not None:
            yield Block(image=image)


def _shown(element: Any, hidden: Hidden) -> Iterator[Any]:
    """An element and everything in it that a reader sees."""
    if element.tag in _DROPPED or not isinstance(element.tag, str):
        return
    if element.tag == qn("w:r") and hidden.run(element):
        return
    yield element
    for child in element:
        yield from _shown(child, hidden)


def _words(element: Any, hidden: Hidden) -> str:
    if element.tag in _DROPPED or not isinstance(element.tag, str):
        return ""
    if (element.tag == qn("w:r") and hidden.run(element)) or (element.tag == qn("w:tr") and row(element)):
        return ""
    if element.tag == qn("w:t"):
        return element.text or ""
    between = "\n" if element.tag in (qn("w:txbxContent"), qn("w:tc")) else ""
    return _AS_TEXT.get(element.tag, "") + between.join(_words(child, hidden) for child in element)


def _image(embed: str | None, part: Any, asked: dict[str, int]) -> Any:
    """A picture of the document made anew, or None for a format we do not take (drawings, links)."""
    related = part.related_parts.get(embed) if embed else None
    blob = getattr(related, "blob", b"")
    kind = {b"\xff\xd8\xff": "JPEG", b"\x89PN": "PNG", b"II*": "TIFF", b"MM\0": "TIFF"}.get(blob[:3])
    if kind is None:
        return None
    return pixels.page(pixels.opened(io.BytesIO(blob), [kind], asked), asked["side"])


if __name__ == "__main__":
    main()
