"""A photo or scan to pages. Order: format, max_pixels, max_side, max_pages, side."""

import os

from inside import pixels, say


def main() -> None:
    """Descriptor 3 in, page-NNN.jpg out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        image = pixels.opened(file, pixels.FORMATS[asked["format"]], asked)
        try:
            count = pixels.frames(image, asked)
            for number in range(count):
                if number:
                    image.seek(number)
                    pixels._size(image, asked)
                pixels.save(pixels.page(image, asked["side"]), number + 1)
                say.done((number + 1) / count)
        except Exception:  # noqa: BLE001 - decoders raise anything; whatever it is, the picture is not readable
            say.refuse("damaged")
    say.answer(pages=count, text=False)


if __name__ == "__main__":
    main()
