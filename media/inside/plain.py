"""A text file to text and typeset pages. Order: max_pages, max_text."""

import os
from pathlib import Path

from media.inside import pixels, say
from media.inside.typeset import Block, typeset
from media.inside.words import clean, decode


def main() -> None:
    """Descriptor 3 in, page-NNN.jpg and text.txt out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        untrusted = file.read(asked["max_text"] * 4 + 1)
    text = decode(untrusted)
    if text is None:
        say.refuse("disguised")
    if len(untrusted) > asked["max_text"] * 4 or len(text) > asked["max_text"]:
        say.refuse("too_large")
    if not (text := clean(text)):
        say.refuse("empty")
    write(text, [Block(paragraph) for paragraph in text.strip("\n").split("\n\n")], asked)


def write(text: str, blocks: list[Block], asked: dict[str, int]) -> None:
    """The pages and the text into the working folder, and the answer."""
    if (set_pages := typeset(blocks, asked["max_pages"])) is None:
        say.refuse("too_many_pages")
    pages, missing = set_pages
    for number, page in enumerate(pages, 1):
        pixels.save(page, number)
        say.done(number / len(pages))
    if text:
        with Path("text.txt").open("w", encoding="utf-8", newline="\n") as out:
            out.write(text)
    say.answer(pages=len(pages), text=bool(text), missing=missing)


if __name__ == "__main__":
    main()
