"""Pictures of any allowed format to page images that hold pixels only."""

from typing import BinaryIO

import pillow_heif
from PIL import Image, ImageOps

from media.inside import say

Image.MAX_IMAGE_PIXELS = None  # our own cap is checked on the header, before any pixel
FORMATS = {"jpeg": ["JPEG", "MPO"], "png": ["PNG"], "heic": ["HEIF"], "tiff": ["TIFF"]}


def opened(file: BinaryIO, formats: list[str], asked: dict[str, int]) -> Image.Image:
    """A picture whose header is read and whose size is within the caps."""
    if "HEIF" in formats:
        pillow_heif.register_heif_opener(thumbnails=False)
    try:
        image = Image.open(file, formats=formats)
    except Exception:  # noqa: BLE001 - decoders raise anything; whatever it is, the file is not readable
        say.refuse("damaged")
    size_fits(image, asked)
    return image


def size_fits(image: Image.Image, asked: dict[str, int]) -> None:
    """Refuse a picture, or a page of one, that is too large; only its header has been read."""
    width, height = image.size
    if width * height > asked["max_pixels"] or max(width, height) > asked["max_side"]:
        say.refuse("too_many_pixels")


def page(image: Image.Image, side: int) -> Image.Image:
    """Upright, RGB on white, at most `side` pixels long, on a new canvas: nothing but pixels comes along."""
    if image.format in ("JPEG", "MPO"):
        image.draft("RGB", (side, side))
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I") or upright.mode == "F":
        upright = _eight_bits(upright)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright)
    upright = upright.convert("RGB")
    upright.thumbnail((side, side), Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", upright.size, "white")
    canvas.paste(upright)
    return canvas


def _eight_bits(image: Image.Image) -> Image.Image:
    """Deep greys (16-bit scans) as 256 greys, the brightest one white."""
    highest = max(255.0, float(str(image.getextrema()[1])))
    return image.point(lambda value: value * (255.0 / highest)).convert("L")


def save(canvas: Image.Image, number: int, name: str = "page") -> None:
    """Page `number` (from 1) into the working folder."""
    canvas.save(f"{name}-{number:03d}.jpg", "JPEG", quality=85, optimize=False)


def frames(image: Image.Image, asked: dict[str, int]) -> int:
    """How many pages a picture file holds: only TIFF scans have several."""
    count = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
    if count > asked["max_pages"]:
        say.refuse("too_many_pages")
    return count
