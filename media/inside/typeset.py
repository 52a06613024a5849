"""Our own simple typesetting: blocks of text and pictures on A4 pages at 150 dpi, in one calm typeface.

Roboto (Apache 2.0, from PyPI) has every letter of the languages of Europe, Welsh among them; where a
text needs more, the machine's own fonts under /usr/share/fonts are tried, and what none can draw
is counted and told.
"""

from dataclasses import dataclass, field
from pathlib import Path

import font_roboto  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, MARGIN = 1240, 1754, 130
SIZE, LEADING, GAP = 27, 42, 20
_OTHERS = ("dejavu/DejaVuSans.ttf", "noto/NotoSans-Regular.ttf", "liberation/LiberationSans-Regular.ttf")


@dataclass
class Block:
    """A paragraph (with its size in pixels and its boldness) or, where `image` is set, a picture."""

    text: str = ""
    bold: bool = False
    size: int = SIZE
    image: Image.Image | None = None


@dataclass
class Sheets:
    """Pages as they are filled; `y` is where the next line goes."""

    pages: list[Image.Image] = field(default_factory=list)
    y: int = HEIGHT

    def room(self, height: int) -> ImageDraw.ImageDraw:
        """A pen on a page that has this much room left."""
        if self.y + height > HEIGHT - MARGIN:
            self.pages.append(Image.new("RGB", (WIDTH, HEIGHT), "white"))
            self.y = MARGIN
        return ImageDraw.Draw(self.pages[-1])


def typeset(blocks: list[Block], max_pages: int) -> tuple[list[Image.Image], int] | None:
    """Pages, and how many different characters could not be drawn; None if there are more than max_pages."""
    used = {char for block in blocks for char in block.text if not char.isspace()}
    plain, bold, missing = _fonts(used)
    sheets = Sheets()
    for block in blocks:
        if block.image is not None:
            _picture(sheets, block.image)
        else:
            _paragraph(sheets, block, bold if block.bold else plain)
        if len(sheets.pages) > max_pages:
            return None
    return sheets.pages, missing


def _fonts(used: set[str]) -> tuple[str, str, int]:
    """The typeface that can draw the most of these characters, plain and bold."""
    best = (font_roboto.Roboto, font_roboto.RobotoMedium, _missing(font_roboto.Roboto, used))
    for name in _OTHERS:
        for path in map(str, Path("/usr/share/fonts").glob(f"*/{name}")) if best[2] else ():
            if (missing := _missing(path, used)) < best[2]:
                best = (path, path, missing)
    return best


def _missing(path: str, used: set[str]) -> int:
    font = ImageFont.truetype(path, 20)
    nothing = bytes(font.getmask("\uffff"))
    return sum(bytes(font.getmask(char)) == nothing for char in used)


def _paragraph(sheets: Sheets, block: Block, path: str) -> None:
    font = ImageFont.truetype(path, block.size)
    step = round(block.size * LEADING / SIZE)
    for line in block.text.split("\n"):
        for piece in _wrapped(line.expandtabs(4), font, WIDTH - 2 * MARGIN):
            sheets.room(step).text((MARGIN, sheets.y), piece, fill="black", font=font)
            sheets.y += step
    sheets.y += GAP


def _wrapped(line: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines, current = [], ""
    for word in line.split(" "):
        candidate = f"{current} {word}" if current else word
        if font.getlength(candidate) <= width:
            current = candidate
            continue
        if current:
            lines.append(current)
        *whole, current = _broken(word, font, width)
        lines += whole
    return [*lines, current]


def _broken(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """A word longer than a line, cut where it must be."""
    pieces = [""]
    for char in word:
        if pieces[-1] and font.getlength(pieces[-1] + char) > width:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _picture(sheets: Sheets, image: Image.Image) -> None:
    image.thumbnail((WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN))
    sheets.room(image.height)
    sheets.pages[-1].paste(image, (MARGIN, sheets.y))
    sheets.y += image.height + GAP
