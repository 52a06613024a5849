"""Time per photographed page of 12 megapixels: made readable, in one process, without the sandbox's start.

python -m bench.pages
"""

import io
import time

from media.inside import light, pixels, readable, upright
from tests.vectors.media import pages

SIZE = (3000, 4000)
SIDE = 2480


def main() -> None:
    page = pages.turned(pages.shaded(pages.written(SIZE, ink=(172, 172, 170), paper=(226, 223, 216))), 3.0)
    page = page.crop((page.width // 2 - 1500, page.height // 2 - 2000, page.width // 2 + 1500, page.height // 2 + 2000))
    data = io.BytesIO()
    page.save(data, "JPEG", quality=90)
    asked = {"max_pixels": 120_000_000, "max_side": 30_000}

    def opened() -> pixels.Image.Image:
        return pixels.page(pixels.opened(io.BytesIO(data.getvalue()), ["JPEG"], asked), SIDE)

    canvas = _timed("decoding and making smaller", opened)
    degrees = _timed("finding the angle", lambda: upright.angle(canvas))
    even = _timed("evening out the light", lambda: light.evened(canvas))
    assert degrees is not None
    assert even is not None
    _timed("turning", lambda: upright.turned(even, degrees))
    _timed("all of it, with nothing to do", lambda: readable.made(pages.drawing((1860, 2480))))
    print(f"angle found: {degrees:.2f} degrees")


def _timed(what, act):  # type: ignore[no-untyped-def]
    begun = time.perf_counter()
    found = act()
    print(f"{what}: {time.perf_counter() - begun:.2f} s")
    return found


if __name__ == "__main__":
    main()
