"""Evening out the light of a photographed page (docs/decisions/0016). Pillow only.

How bright the paper is at each place is taken from what is brightest around it; the page is divided by that. So a
pencil stroke that is a tenth darker than its paper stays a tenth darker, and the difference that the eye sees never
becomes smaller: nothing is cut off at the light end.
"""

from PIL import Image, ImageChops, ImageFilter, ImageMath, ImageOps

WHITE = 250
"""How bright paper comes out."""
_EVEN = 0.9
"""Paper that is nowhere darker than this share of its brightest is left alone, if it is bright."""
_BRIGHT = 215
_DARK = 0.3
"""Where the light falls off further than this it is no page alone, and it is not certain what is paper."""
_MOST = 3.0
_SMALL = 160
_BLACK = 60
"""The darkest that becomes black, at most: ink may be grey, but a pencil page is not stretched without end."""


def evened(page: Image.Image) -> Image.Image | None:
    """The page with even light and its darkest ink black; None where its light is even or it is not certain."""
    grey = ImageOps.grayscale(page)
    ground = _ground(grey)
    levels = sorted(ground.resize((16, 16), Image.Resampling.BOX).tobytes())
    low, high = levels[len(levels) // 20], levels[-len(levels) // 20]
    if low < _DARK * high or (low > _EVEN * high and high > _BRIGHT):
        return None
    black = min(_BLACK, _darkest(grey.reduce(4), ground))
    return Image.merge("RGB", [_divided(band, ground, black) for band in page.split()])


def _ground(grey: Image.Image) -> Image.Image:
    """The brightness of the paper, small: the brightest nearby, freed of specks, smooth."""
    small = grey.copy()
    small.thumbnail((_SMALL * 4, _SMALL * 4), Image.Resampling.BOX)
    bright = small.filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.MaxFilter(9))
    bright = bright.resize((max(1, bright.width // 4), max(1, bright.height // 4)), Image.Resampling.BOX)
    closed = bright.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.MinFilter(5))
    # never less than what is there: beside the edge of a shadow paper would become white, and pencil on it with it
    return ImageChops.lighter(closed, closed.filter(ImageFilter.GaussianBlur(3)))


def _divided(band: Image.Image, ground: Image.Image, black: int) -> Image.Image:
    """Each pixel by its ground, at most threefold; then `black` to 0 and white to itself. Pillow clips at 0 and 255."""
    stretch = 255.0 / (255.0 - black)
    gain = ImageMath.lambda_eval(
        lambda it: it["min"](WHITE / it["max"](it["float"](it["ground"]), 1.0), _MOST) * stretch, ground=ground
    )
    made = ImageMath.lambda_eval(
        lambda it: it["convert"](it["band"] * it["gain"] - black * stretch, "L"),
        band=band, gain=gain.resize(band.size, Image.Resampling.BICUBIC),
    )  # fmt: skip
    assert isinstance(made, Image.Image)
    return made


def _darkest(small: Image.Image, ground: Image.Image) -> int:
    """How bright the darkest thousandth is once the light is even."""
    counts, seen = _divided(small, ground, 0).histogram(), 0
    for value, count in enumerate(counts):
        seen += count
        if seen * 1000 >= small.width * small.height:
            return value
    return 255
