"""A PDF to pages and its text; pages without text are scans.

No forms, no scripts: the form environment is never started. Order: max_pages, side, max_text.
"""

import ctypes
import os
from typing import Any, BinaryIO

import pypdfium2
from pypdfium2 import raw

from media.inside import pixels, placed, readable, say

DPI = 200


def main() -> None:
    """Descriptor 3 in, page-NNN.jpg, came-NNN.jpg and words-NNN.json out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        document = _opened(file)
        count = len(document)
        if count == 0:
            say.refuse("damaged")
        if count > asked["max_pages"]:
            say.refuse("too_many_pages")
        left = asked["max_text"]
        for number in range(count):
            left -= _page(document, number, left, asked["side"])
    say.answer(pages=count, text=False)


def _opened(file: BinaryIO) -> Any:
    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        say.refuse("password" if locked else "damaged")


def _page(document: Any, number: int, left: int, side: int) -> int:
    """One page into the folder; how many characters it has."""
    try:
        page = document[number]
        longest = max(1.0, *page.get_size())
        scale = min(DPI / 72, side / longest)
        image = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True).to_pil()
        canvas, words = pixels.page(image, side), _words(page)
        if words.write(number + 1, left):
            pixels.save(canvas, number + 1)
        else:
            readable.save(canvas, number + 1, side)
        page.close()
    except (pypdfium2.PdfiumError, ValueError, OSError, MemoryError):
        say.refuse("damaged")
    say.done((number + 1) / len(document))
    return len(words.text)


def _words(page: Any) -> placed.Words:
    """The page's characters, put together to words; what lies outside of the page is left out."""
    words, text = placed.Words(), page.get_textpage()
    word, corners = "", []  # type: ignore[var-annotated]
    for index in range(text.count_chars()):
        char = chr(raw.FPDFText_GetUnicode(text, index))
        if char.isspace() or char == "\0":
            _add(words, word, corners)
            word, corners = "", []
            if char == "\n":
                words.line()
            continue
        word += char
        if not raw.FPDFText_IsGenerated(text, index):
            corners += _corners(page, text, index)
    _add(words, word, corners)
    return words


def _add(words: placed.Words, word: str, corners: list[tuple[int, int]]) -> None:
    across, down = [x for x, _ in corners], [y for _, y in corners]
    if corners and (box := placed.boxed(min(across), min(down), max(across), max(down))):
        words.add(word, box)


def _corners(page: Any, text: Any, index: int) -> list[tuple[int, int]]:
    """Two corners of a character in 1/10000 of the page as it is shown, turned and cut as its page says."""
    edges = [ctypes.c_double() for _ in range(4)]
    raw.FPDFText_GetCharBox(text, index, *edges)
    left, right, bottom, top = (edge.value for edge in edges)
    found = []
    for x, y in ((left, bottom), (right, top)):
        at = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, 10_000, 10_000, 0, x, y, *at)
        found.append((at[0].value, at[1].value))
    return found


if __name__ == "__main__":
    main()
