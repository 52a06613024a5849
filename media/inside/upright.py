"""How far a page of writing is turned, and turning it back; Pillow only (docs/decisions/0016).

The rows of a page that stands upright are dark in lines and light between them. So the ink is turned by small
angles, its rows are summed up, and the angle at which neighbouring rows differ most is the one (a projection profile).
It counts only where that peak is clear and there are lines of writing, broken as letters are: a drawing, a photo or
a page with a single line stays as it came.
"""

from array import array
from itertools import pairwise

from PIL import Image, ImageChops, ImageFilter, ImageOps

MOST = 10.0
"""Degrees to either side."""
LEAST = 0.3
"""Degrees; a page that is turned by less is left alone."""
_COARSE, _FINE = 480, 960
_CLEAR = 4.0
"""How much the best angle must stand out above the middle one of all that were tried."""
_LINES, _STEPS = 2, 12
"""Lines of writing on a page, and how often each goes from ink to none or back, at least."""


def angle(page: Image.Image) -> float | None:
    """Degrees counter-clockwise that bring the lines of writing level; None where none are certain."""
    grey = ImageOps.grayscale(page)
    coarse = _ink(grey, _COARSE)
    tried = {turn: _unrest(coarse, turn) for turn in range(-11, 12)}
    best = float(max(tried, key=tried.__getitem__))
    if not tried[int(best)] > _CLEAR * sorted(tried.values())[len(tried) // 2] or abs(best) > MOST:
        return None
    fine = _ink(grey, _FINE)
    for step in (0.5, 0.25, 0.1):
        best = max((best - step, best, best + step), key=lambda turn: _unrest(fine, turn))
    return best if abs(best) <= MOST and _lines(_level(fine, best)) >= _LINES else None


def turned(page: Image.Image, degrees: float) -> Image.Image:
    """The whole page turned counter-clockwise on a larger canvas; what is new at its edges has the paper's colour."""
    return page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=_paper(page))


def _ink(grey: Image.Image, side: int) -> Image.Image:
    """What is darker than its surroundings, small, edges of the page left out."""
    small = grey.copy()
    small.thumbnail((side, side), Image.Resampling.BOX)
    # turning smooths, and not turning does not: without this, grain would look like lines that stand upright
    small = small.filter(ImageFilter.GaussianBlur(1))
    ground = small.filter(ImageFilter.BoxBlur(side // 60))
    ink = ImageChops.subtract(ground, small).point(lambda value: min(255, max(0, value - 6) * 6))
    edge = max(4, min(ink.size) // 25)
    blank = Image.new("L", ink.size, 0)
    blank.paste(ink.crop((edge, edge, ink.width - edge, ink.height - edge)), (edge, edge))
    return blank


def _level(ink: Image.Image, degrees: float) -> Image.Image:
    return ink.rotate(degrees, Image.Resampling.BILINEAR, fillcolor=0)


def _means(ink: Image.Image, size: tuple[int, int]) -> list[float]:
    """The means of rows (1 × height) or columns (width × 1)."""
    return list(array("f", ink.convert("F").resize(size, Image.Resampling.BOX).tobytes()))


def _rows(ink: Image.Image) -> list[float]:
    return _means(ink, (1, ink.height))


def _unrest(ink: Image.Image, degrees: float) -> float:
    """The sum of squared differences between neighbouring rows of the ink turned by so much."""
    rows = _rows(_level(ink, degrees))
    return sum((a - b) ** 2 for a, b in pairwise(rows))


def _lines(ink: Image.Image) -> int:
    """How many bands of rows hold ink that comes and goes along them, as letters do and drawn lines do not."""
    rows = _rows(ink)
    floor, found, begun = sum(rows) / len(rows), 0, -1
    for y, value in enumerate([*rows, 0.0]):
        if value > floor and begun < 0:
            begun = y
        elif value <= floor and begun >= 0:
            found += _comes_and_goes(ink.crop((0, begun, ink.width, y)))
            begun = -1
    return found


def _comes_and_goes(band: Image.Image) -> bool:
    columns = _means(band, (band.width, 1))
    middle = sum(columns) / len(columns)
    steps, dark = 0, False
    for value in columns:
        if (value < middle * 0.6) if dark else (value > middle * 1.2):
            dark, steps = not dark, steps + 1
    return steps >= _STEPS


def _paper(page: Image.Image) -> tuple[int, ...]:
    """The colour of most of the page's edge."""
    small = page.resize((64, 64), Image.Resampling.BOX)
    middle = []
    for band in small.split():
        edge = sorted(band.getpixel(at) for i in range(64) for at in ((i, 1), (i, 62), (1, i), (62, i)))  # type: ignore[type-var]
        middle.append(int(edge[len(edge) // 2]))  # type: ignore[arg-type]
    return tuple(middle)
