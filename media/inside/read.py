"""Reads the words of a page's picture by Tesseract. Order: data, languages, most."""

import os
from typing import Any

import tesserocr
from PIL import Image

from media.inside import placed, say

SURE = 30
"""Percent; what the engine is less sure of is not a word but a stain."""
_WORD = "5"  # the level of a word in Tesseract's table
DPI = 200


def main() -> None:
    """Descriptor 3 (a JPEG of ours) in, words-001.json out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file, Image.open(file, formats=["JPEG"]) as image:
        page = image.convert("L")
    with tesserocr.PyTessBaseAPI(path=asked["data"], lang=asked["languages"], psm=tesserocr.PSM.AUTO) as engine:
        engine.SetImage(page)
        engine.SetSourceResolution(DPI)
        engine.Recognize()
        table = str(engine.GetTSVText(0))
    say.answer(text=_words(table, page.size).write(1, asked["most"]))


def _words(table: str, size: tuple[int, int]) -> placed.Words:
    words, before = placed.Words(), ("", "")
    for row in table.splitlines():
        level, _page, *place, _number, left, top, width, height, sure, word = row.split("\t")
        if level != _WORD or float(sure) < SURE:
            continue
        paragraph, line = "/".join(place[:2]), "/".join(place)
        if line != before[1]:
            words.line()
        if paragraph != before[0]:
            words.line()
        before = (paragraph, line)
        _add(words, word, [int(value) for value in (left, top, width, height)], size)
    return words


def _add(words: placed.Words, word: str, place: list[int], size: tuple[int, int]) -> None:
    across, down = 10_000 / size[0], 10_000 / size[1]
    left, top, width, height = place
    box: Any = placed.boxed(left * across, top * down, (left + width) * across, (top + height) * down)
    if box is not None:
        words.add(word, box)


if __name__ == "__main__":
    main()
