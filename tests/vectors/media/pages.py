"""Pages of writing as scanners and phones bring them: made on the spot, from a seed."""

import random

import font_roboto
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

WORDS = ("I", "have", "wanted", "to", "write", "you", "for", "a", "long", "time", "about", "what", "did", "came", "of")
Colour = tuple[int, int, int]
TABLE: Colour = (96, 82, 70)


def font(size: int) -> ImageFont.FreeTypeFont:
    """The typeface of made pages."""
    return ImageFont.truetype(font_roboto.Roboto, size)


def written(
    size: tuple[int, int] = (1000, 1400),
    *,
    ink: Colour = (20, 20, 60),
    paper: Colour = (255, 255, 255),
    lines: int = 30,
    seed: int = 1,
) -> Image.Image:
    """A page with lines of words of uneven length."""
    chosen = random.Random(seed)
    page = Image.new("RGB", size, paper)
    pen, height = ImageDraw.Draw(page), size[1] // 60
    for line in range(lines):
        words = " ".join(chosen.choice(WORDS) for _ in range(chosen.randint(6, 11)))
        pen.text((size[0] // 10, size[1] // 12 + line * height * 1.65), words, fill=ink, font=font(height))
    return page


def turned(page: Image.Image, degrees: float) -> Image.Image:
    """The page turned counter-clockwise on a table, a little soft as from a lens."""
    return page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=TABLE).filter(
        ImageFilter.GaussianBlur(0.8)
    )


def shaded(page: Image.Image, darkest: int = 110) -> Image.Image:
    """Light that falls off from one side to the other, warm."""
    fall = Image.linear_gradient("L").resize(page.size).point(lambda value: darkest + value * (250 - darkest) // 255)
    return ImageChops.multiply(page, Image.merge("RGB", (fall, fall, fall.point(lambda value: value * 0.92))))


def drawing(size: tuple[int, int] = (1000, 1400)) -> Image.Image:
    """A child's house with a tree and a path: lines, but none of writing."""
    page = Image.new("RGB", size, "white")
    pen, (w, h) = ImageDraw.Draw(page), size
    pen.polygon([(w * 0.2, h * 0.4), (w * 0.5, h * 0.2), (w * 0.8, h * 0.43)], outline=(140, 70, 30), width=8)
    pen.rectangle((w * 0.22, h * 0.42, w * 0.77, h * 0.8), outline="black", width=8)
    pen.line([(0, h * 0.81), (w, h * 0.79)], fill=(0, 130, 0), width=14)
    pen.ellipse((w * 0.02, h * 0.3, w * 0.2, h * 0.6), outline=(0, 130, 0), width=8)
    return page


def contrast(page: Image.Image, words: tuple[int, int, int, int]) -> float:
    """How much darker the darkest hundredth of an area is than its middle, in grey levels."""
    levels = sorted(page.convert("L").crop(words).tobytes())
    return float(levels[len(levels) // 2] - levels[len(levels) // 100])
