"""Contact sheets of many pictures, and small palette pictures for the README."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

COLUMNS = {"phone": 6, "desktop": 4}
WIDE = {"phone": 300, "desktop": 440}
TALL = {"phone": 820, "desktop": 560}
ROWS = 2
LABEL = 18
README_TALL = 1400


def squeeze(png: bytes, target: Path, most: int = 150_000) -> None:
    """A screenshot as a palette PNG below `most` bytes: as many colours as fit."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, README_TALL)))
    for colours in (256, 128, 64, 32, 16):
        picture.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)
        if target.stat().st_size < most:
            return
    raise ValueError(f"{target.name} does not fit into {most} bytes")


def make_sheets(folder: Path, shots: list[tuple[str, list[str]]]) -> None:
    """sheet-phone-1.png, sheet-desktop-1.png, …: the tops of the pages, each under its name."""
    for width, columns in COLUMNS.items():
        files = [(name, file) for name, found in shots for file in found if file.endswith(f"-{width}.png")]
        a_sheet = columns * ROWS
        for start in range(0, len(files), a_sheet):
            number = start // a_sheet + 1
            _sheet(folder, files[start : start + a_sheet], width, folder / f"sheet-{width}-{number}.png")


def _sheet(folder: Path, files: list[tuple[str, str]], width: str, target: Path) -> None:
    across, down = WIDE[width] + 10, TALL[width] + LABEL + 6
    sheet = Image.new("RGB", (across * COLUMNS[width], down * ROWS), "#888")
    pen = ImageDraw.Draw(sheet)
    for place, (name, file) in enumerate(files):
        left, top = place % COLUMNS[width] * across, place // COLUMNS[width] * down
        with Image.open(folder / file) as opened:
            picture = opened.convert("RGB")
        high = round(picture.height * WIDE[width] / picture.width)
        picture = picture.resize((WIDE[width], high), Image.Resampling.LANCZOS)
        sheet.paste(picture.crop((0, 0, WIDE[width], min(high, TALL[width]))), (left + 5, top + LABEL))
        pen.text((left + 6, top + 3), name, fill="white")
    sheet.save(target, optimize=True)
