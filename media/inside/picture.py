"""A photo or scan to pages. Order: format, max_pixels, max_side, max_pages, side."""

import os

from media.inside import pixels, readable, say


def main() -> None:
    """Descriptor 3 in, page-NNN.jpg out, came-NNN.jpg beside what was changed."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        image = pixels.opened(file, pixels.FORMATS[asked["format"]], asked)
        try:
            count = pixels.frames(image, asked)
            for number in range(count):
                if number:
                    image.seek(number)
                    pixels.size_fits(image, asked)
                readable.save(pixels.page(image, asked["side"]), number + 1, asked["side"])
                say.done((number + 1) / count)
        except Exception as error:  # noqa: BLE001 - decoders raise anything; then the picture is not readable
            say.refuse("truncated" if "truncated" in str(error) else "damaged")
    say.answer(pages=count, text=False)


if __name__ == "__main__":
    main()
