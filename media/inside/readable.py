"""A photo or scan of writing made readable: turned upright, its light evened out. Nothing is cropped.

Only where lines of writing are certain; and then the page as it came is kept beside it, for whoever reviews.
"""

from PIL import Image

from media.inside import light, pixels, upright


def save(canvas: Image.Image, number: int, side: int) -> None:
    """Page `number`: page-NNN.jpg, and came-NNN.jpg where it was changed."""
    better = made(canvas)
    if better is not None:
        pixels.save(canvas, number, "came")
        better.thumbnail((side, side), Image.Resampling.LANCZOS)
    pixels.save(better or canvas, number)


def made(canvas: Image.Image) -> Image.Image | None:
    """The page turned and evened out; None where nothing is certain or nothing is needed."""
    degrees = upright.angle(canvas)
    if degrees is None:
        return None
    even = light.evened(canvas)
    if abs(degrees) >= upright.LEAST:
        return upright.turned(even or canvas, degrees)
    return even
