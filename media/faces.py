"""Hiding every face of a moving picture, where a detector is installed; where none is seen, the whole picture.

Five small grey pictures a second are searched in the sandbox. What is found is hidden with a wide margin and for a
while before and after; a moment in which no face is found near is hidden whole, because the detector misses some.
Still a help only: whoever reviews looks at every second of it.
"""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from media import ffmpegs
from media.ffmpegs import CLEAN, Facts
from media.limits import Code, Rejected
from media.workbench import Report, Workbench

RATE = 5
"""Pictures a second that are searched."""
LONG_SIDE, SMALLEST = 384, 20
"""Pixels of the pictures that are searched, and of the smallest face in them."""
PIECE = 60
"""Seconds that are searched at a time, so that no more grey pictures than these lie in the scratch."""
HOLD = 5
"""Pictures before and after, in which a place stays hidden: a second."""
MARGIN = 0.6
"""A box is made larger by this share of its size on every side: hair, ears and chin are a face too."""
GRID = 64
"""Cells across and down in which the picture is hidden or shown."""
TILES = 12
"""What is hidden keeps so many colours across the whole picture."""
MASK = "mask.raw"
Box = tuple[int, int, int, int]


def installed() -> bool:
    """Whether there is a detector (the extra `faces`: OpenCV)."""
    return importlib.util.find_spec("cv2") is not None


def mask(bench: Workbench, path: Path, facts: Facts, report: Report) -> bytes:
    """For each of RATE pictures a second GRID × GRID bytes, 255 where it is to be hidden. Raises Rejected(no_faces)."""
    if not installed():
        raise Rejected(Code.NO_FACES)
    ratio = min(1.0, LONG_SIDE / max(facts.width, facts.height))
    size = max(2, int(facts.width * ratio)), max(2, int(facts.height * ratio))
    found: list[list[Box]] = []
    start = 0
    while start < facts.seconds:
        found += _searched(bench, path, size, start)
        start += PIECE
        report(min(1.0, start / facts.seconds))
    return b"".join(_cells(boxes, size) for boxes in held(found))


def hidden(stream: Any, size: tuple[int, int]) -> Any:
    """The picture with what MASK, in the child's folder, names drawn in a few large tiles."""
    width, height = size
    both = stream.filter_multi_output("split")
    tiles = both[0].filter("scale", TILES, TILES, flags="area").filter("scale", width, height, flags="bilinear")
    cells = ffmpeg.input(MASK, f="rawvideo", pixel_format="gray", video_size=(GRID, GRID), framerate=RATE)
    where = cells.filter("scale", width, height, flags="neighbor")
    return both[1].overlay(ffmpeg.filter([tiles, where], "alphamerge"), eof_action="repeat")


def held(found: Sequence[Sequence[Box]]) -> list[list[Box] | None]:
    """What is hidden in each picture: all boxes of HOLD pictures around, or None, the whole, where there are none."""
    return [
        [box for near in found[max(0, at - HOLD) : at + HOLD + 1] for box in near] or None for at in range(len(found))
    ]


def _searched(bench: Workbench, path: Path, size: tuple[int, int], start: int) -> list[list[Box]]:
    limits = ffmpegs.work_limits(bench, PIECE)
    grey = ffmpegs.source(ffmpegs.MOVIE, ss=start, t=PIECE)["V:0"].filter("fps", RATE).filter("scale", *size)
    frames = ffmpeg.output(grey.filter("format", "gray"), "grey.raw", f="rawvideo", **CLEAN)
    with bench.folder() as folder:
        ffmpegs.run(bench, frames, path, folder, limits, lambda _: None)
        if not (folder / "grey.raw").exists() or (folder / "grey.raw").stat().st_size == 0:
            return []
        pictures = bench.take(folder, "grey.raw", "grey", bench.limits.product_bytes)
    try:
        with bench.folder() as folder:
            bench.ask("faces", pictures, folder, lambda _: None, width=size[0], height=size[1], side=SMALLEST)
            kept = bench.take(folder, "boxes.txt", "boxes", 16 << 20)
        return [_boxes(line) for line in kept.read_text(encoding="ascii").splitlines()]
    finally:
        for name in ("grey", "boxes"):
            (bench.product / name).unlink(missing_ok=True)


def _boxes(untrusted_line: str) -> list[Box]:
    if not re.fullmatch(r"(\d{1,5},\d{1,5},\d{1,5},\d{1,5}( |$))*", untrusted_line):
        raise Rejected(Code.UNSAFE, detail="no list of faces")
    numbers = [[int(number) for number in box.split(",")] for box in untrusted_line.split()]
    return [(left, top, width, height) for left, top, width, height in numbers]


def _cells(boxes: Sequence[Box] | None, size: tuple[int, int]) -> bytes:
    if boxes is None:
        return bytes([255]) * GRID * GRID
    cells = bytearray(GRID * GRID)
    for left, top, width, height in boxes:
        columns = _range(left - MARGIN * width, left + (1 + MARGIN) * width, size[0])
        for row in _range(top - MARGIN * height, top + (1 + MARGIN) * height, size[1]):
            cells[row * GRID + columns.start : row * GRID + columns.stop] = bytes([255]) * len(columns)
    return bytes(cells)


def _range(start: float, end: float, of: int) -> range:
    first, last = max(0, int(start * GRID / of)), min(GRID, int(end * GRID / of) + 1)
    return range(min(first, last), last)
