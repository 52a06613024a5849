"""Pages are turned upright and evened out where that is certain, and left as they came where not. Pillow alone."""

import random

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from media.inside import light, upright
from tests.vectors.media import pages

PENCIL = (172, 172, 170)
PAPER = (226, 223, 216)


@pytest.mark.parametrize("degrees", [-8.0, -6.3, -4.0, -2.5, -1.0, 0.7, 1.5, 3.2, 5.6, 8.0])
def test_turned_pages_come_out_within_half_a_degree(degrees: float) -> None:
    """On a dark table, a little soft: the angle is found, so what is left is under half a degree."""
    page = pages.turned(pages.written(seed=int(degrees * 10)), degrees)
    found = upright.angle(page)
    assert found is not None
    assert abs(found + degrees) <= 0.5
    again = upright.angle(upright.turned(page, found))
    assert again is not None
    assert abs(again) <= 0.5


@pytest.mark.parametrize(("ink", "lines", "degrees"), [(PENCIL, 30, -5.0), ((20, 20, 20), 5, 4.0), (PENCIL, 6, 2.0)])
def test_faint_and_short_letters_are_found_too(ink: pages.Colour, lines: int, degrees: float) -> None:
    """Pencil under falling light, and a few lines on an empty page."""
    found = upright.angle(pages.turned(pages.shaded(pages.written(ink=ink, paper=PAPER, lines=lines)), degrees))
    assert found is not None
    assert abs(found + degrees) <= 0.5


def _scribble() -> Image.Image:
    chosen, page = random.Random(3), Image.new("RGB", (1000, 1400), "white")
    pen = ImageDraw.Draw(page)
    for _ in range(40):
        ends = [(chosen.randrange(1000), chosen.randrange(1400)) for _ in range(2)]
        pen.line(ends, fill="black", width=4)
    return page


@pytest.mark.parametrize(
    "page",
    [
        Image.new("RGB", (1000, 1400), "white"),
        Image.new("RGB", (40, 30), "grey"),
        Image.linear_gradient("L").resize((1000, 1400)).convert("RGB"),
        Image.effect_noise((1000, 1400), 60).convert("RGB"),
        Image.effect_noise((1860, 2480), 100).convert("RGB"),
        Image.effect_mandelbrot((1000, 1400), (-2, -1.5, 1, 1.5), 60).convert("RGB"),
        pages.drawing(),
        pages.drawing().rotate(5, expand=True, fillcolor="white"),
        _scribble(),
        pages.turned(Image.new("RGB", (900, 1300), PAPER), 6.0),
    ],
    ids=[
        "blank",
        "tiny",
        "light",
        "noise",
        "coarse noise",
        "picture",
        "drawing",
        "drawing turned",
        "scribble",
        "empty sheet",
    ],
)
def test_a_page_without_lines_of_writing_stays_as_it_is(page: Image.Image) -> None:
    """Nothing is certain, so nothing is changed."""
    assert upright.angle(page) is None


def test_a_page_turned_further_than_ten_degrees_is_left_to_people() -> None:
    """Fifteen degrees may be meant."""
    assert upright.angle(pages.turned(pages.written(), 15.0)) is None


def test_turning_crops_nothing() -> None:
    """What was written into the corners is still there; what is new has the colour of the edge."""
    page = Image.new("RGB", (600, 800), PAPER)
    for corner in ((0, 0), (590, 0), (0, 790), (590, 790)):
        page.paste((10, 10, 10), (*corner, corner[0] + 10, corner[1] + 10))
    made = upright.turned(page, 7.5)
    dark = made.convert("L").point(lambda value: 255 if value < 60 else 0)
    assert ImageStat.Stat(dark).sum[0] / 255 == pytest.approx(400, rel=0.15)
    assert made.getpixel((1, 1)) == PAPER


@pytest.mark.parametrize("darkest", [90, 130, 180])
def test_pencil_keeps_its_contrast(darkest: int) -> None:
    """In the light and in the dark part of a photo: never less than it came with, and clearly there."""
    page = pages.shaded(pages.written(ink=PENCIL, paper=PAPER), darkest)
    made = light.evened(page)
    assert made is not None
    for area in ((100, 110, 900, 300), (100, 800, 900, 1000)):
        assert pages.contrast(made, area) >= pages.contrast(page, area)
        assert pages.contrast(made, area) >= 40


def test_pencil_beside_the_edge_of_a_shadow_does_not_vanish() -> None:
    """A hard shadow across the page: the strokes on both sides of its edge stay."""
    shade = Image.new("L", (1000, 1400), 255)
    shade.paste(140, (0, 0, 1000, 500))
    page = pages.written(ink=(200, 200, 198), paper=PAPER)
    page = ImageChops.multiply(page, Image.merge("RGB", (shade, shade, shade)))
    made = light.evened(page)
    assert made is not None
    for top in range(380, 620, 40):
        area = (100, top, 900, top + 40)
        assert pages.contrast(made, area) >= pages.contrast(page, area) * 0.95


def test_light_is_evened_out() -> None:
    """The paper is as bright at the dark end as at the light one."""
    page = pages.shaded(pages.written(paper=PAPER, lines=20), 110)
    made = light.evened(page)
    assert made is not None
    ends = [
        ImageStat.Stat(made.convert("L").crop(area)).median[0] for area in ((0, 0, 1000, 60), (0, 1340, 1000, 1400))
    ]
    assert abs(ends[0] - ends[1]) <= 8
    assert min(ends) >= 225


@pytest.mark.parametrize("page", [pages.written(), pages.written(paper=(240, 238, 230))], ids=["white", "cream"])
def test_even_light_is_left_alone(page: Image.Image) -> None:
    """A scan needs nothing."""
    assert light.evened(page) is None
