"""Black rectangles on a page. Order: boxes (left, top, width, height in ten-thousandths, or null for all of it),
max_pixels."""

import os

from PIL import Image, ImageDraw

from media.inside import pixels, say

BLOCK = 16  # JPEG works in blocks of 8, of 16 where colours are halved: what was in one shows all over it


def main() -> None:
    """Descriptor 3 in, page-001.jpg out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        limits = {"max_pixels": asked["max_pixels"], "max_side": asked["max_pixels"]}
        image = pixels.opened(file, ["JPEG"], limits)
        page = pixels.page(image, max(image.size))
    pen = ImageDraw.Draw(page)
    for box in asked["boxes"]:
        pen.rectangle(_corners(page, box), fill="black")
    pixels.save(page, 1)
    say.answer(pages=1)


def _corners(page: Image.Image, box: list[int] | None) -> tuple[int, int, int, int]:
    if box is None:
        return 0, 0, page.width, page.height
    left, top = (box[axis] * page.size[axis] // 10_000 // BLOCK * BLOCK for axis in (0, 1))
    right, bottom = (-(-(box[axis] + box[axis + 2]) * page.size[axis] // 10_000 // BLOCK) * BLOCK for axis in (0, 1))
    return left, top, right - 1, bottom - 1


if __name__ == "__main__":
    main()
