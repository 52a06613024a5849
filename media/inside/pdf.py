"""A PDF to pages and its text; pages without text are scans.

No forms, no scripts: the form environment is never started.
Order: max_pages, side, max_text.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO

import pypdfium2
from pypdfium2 import raw

from media.inside import pixels, readable, say
from media.inside.words import clean

DPI = 200


def main() -> None:
    """Descriptor 3 in, page-NNN.jpg and text.txt out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        document = _opened(file)
        count = len(document)
        if count == 0:
            say.refuse("damaged")
        if count > asked["max_pages"]:
            say.refuse("too_many_pages")
        texts = [_page(document, number, asked) for number in range(count)]
    text = clean("\n\n".join(texts))[: asked["max_text"]]
    if text:
        with Path("text.txt").open("w", encoding="utf-8", newline="\n") as out:
            out.write(clean(text))
    say.answer(pages=count, text=bool(text))


def _opened(file: BinaryIO) -> Any:
    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        say.refuse("password" if locked else "damaged")


def _page(document: Any, number: int, asked: dict[str, int]) -> str:
    try:
        page = document[number]
        longest = max(1.0, *page.get_size())
        scale = min(DPI / 72, asked["side"] / longest)
        image = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True).to_pil()
        text = str(page.get_textpage().get_text_bounded(errors="ignore"))
        canvas = pixels.page(image, asked["side"])
        if text.strip():
            pixels.save(canvas, number + 1)
        else:
            readable.save(canvas, number + 1, asked["side"])
        page.close()
    except (pypdfium2.PdfiumError, ValueError, OSError, MemoryError):
        say.refuse("damaged")
    say.done((number + 1) / len(document))
    return text


if __name__ == "__main__":
    main()
