"""Finds faces in small grey pictures. Order: width, height (pixels), side (of the smallest face, pixels).

Descriptor 3: pictures one after the other, one byte a pixel. Out: boxes.txt, a line for each picture with the boxes
found in it, "left,top,width,height" in pixels, separated by blanks.

The finders are OpenCV's cascades (Viola and Jones 2001; Lienhart 2002): a face from the front, from the left, and,
mirrored, from the right.
"""

import os
from pathlib import Path
from typing import Any

from media.inside import say


def main() -> None:
    """Descriptor 3 in, boxes.txt out."""
    asked = say.order()
    import cv2  # noqa: PLC0415 - an extra: the caller has looked whether it is there
    import numpy  # noqa: PLC0415

    cv2.setNumThreads(1)  # two jobs share two processors; threads that wait for each other help neither
    front, side = (_cascade(cv2, name) for name in ("frontalface_alt2", "profileface"))
    width, height = asked["width"], asked["height"]
    with os.fdopen(3, "rb") as file, Path("boxes.txt").open("w", encoding="ascii") as out:
        while len(data := file.read(width * height)) == width * height:
            picture = cv2.equalizeHist(numpy.frombuffer(data, numpy.uint8).reshape(height, width))
            mirrored = cv2.flip(picture, 1)
            found = [*_found(front, picture, asked["side"]), *_found(side, picture, asked["side"])]
            found += [(width - x - w, y, w, h) for x, y, w, h in _found(side, mirrored, asked["side"])]
            out.write(" ".join(",".join(map(str, box)) for box in found) + "\n")
            say.done(0.0)
    say.answer(found=True)


def _cascade(cv2: Any, name: str) -> Any:
    path = Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"
    # the file through memory: OpenCV's own reader would look for it in places that are not there
    storage = cv2.FileStorage(path.read_text(encoding="ascii"), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    finder = cv2.CascadeClassifier()
    if not finder.read(storage.getFirstTopLevelNode()):
        say.refuse("damaged")
    return finder


def _found(finder: Any, picture: Any, side: int) -> list[tuple[int, ...]]:
    # a place that is no face hides too much, a face that is missed shows a person: three neighbours are few
    boxes = finder.detectMultiScale(picture, scaleFactor=1.15, minNeighbors=3, minSize=(side, side))
    return [tuple(int(number) for number in box) for box in boxes]


if __name__ == "__main__":
    main()
