"""Taking something out of a moving picture, as filters of ffmpeg."""

from collections.abc import Sequence
from typing import Any

import ffmpeg

from media import redact_sound
from media.spans import Span, between, merged

BESIDE = 50
"""Milliseconds that are hidden on either side: more than one picture of thirty a second."""
BLOCK = 16
"""Pixels: an encoder works in blocks of this size, and what is in one may show all over it."""
TILES = 5
"""A blurred region keeps so many colours across and down, and nothing else."""
Box = tuple[int, int, int, int]


def hidden(stream: Any, edits: Sequence[Any], size: tuple[int, int]) -> Any:
    """Cover and blur regions of a picture of this width and height."""
    for edit in edits:
        if edit.doing not in ("cover", "blur"):
            continue
        span = merged([(edit.start, edit.end)], BESIDE) if edit.end else [(0, 100_000_000)]
        box = pixels(edit.box, size)
        hide = _covered if edit.doing == "cover" else _blurred
        stream = hide(stream, box, redact_sound.during(span))
    return stream


def pixels(box: Box | None, size: tuple[int, int]) -> Box:
    """Left, top, width, height in pixels, made larger to whole blocks; within the picture."""
    if box is None:
        return (0, 0, *size)
    left, top = (box[axis] * size[axis] // 10_000 // BLOCK * BLOCK for axis in (0, 1))
    right, bottom = (
        min(size[axis], -(-(box[axis] + box[axis + 2]) * size[axis] // 10_000 // BLOCK) * BLOCK) for axis in (0, 1)
    )
    return left, top, right - left, bottom - top


def cut(picture: Any, sound: Any, spans: Sequence[Span]) -> tuple[Any, Any]:
    """Both without these spans of milliseconds, still in step; `sound` may be None."""
    if not spans:
        return picture, sound
    kept = between(spans)
    seen = picture.filter_multi_output("split", len(kept))
    heard = None if sound is None else sound.filter_multi_output("asplit", len(kept))
    pieces = []
    for number, span in enumerate(kept):
        only = redact_sound.limits(span)
        pieces.append(seen[number].filter("trim", **only).filter("setpts", "PTS-STARTPTS"))
        if heard is not None:
            pieces.append(heard[number].filter("atrim", **only).filter("asetpts", "PTS-STARTPTS"))
    joined = ffmpeg.concat(*pieces, v=1, a=0 if heard is None else 1).node
    return joined[0], None if heard is None else joined[1]


def _covered(stream: Any, box: Box, enable: str) -> Any:
    left, top, width, height = box
    return stream.filter("drawbox", x=left, y=top, w=width, h=height, color="black", t="fill", enable=enable)


def _blurred(stream: Any, box: Box, enable: str) -> Any:
    """The mean colours of a few tiles, drawn into each other: not a filter that could be turned round."""
    left, top, width, height = box
    both = stream.filter_multi_output("split")
    small = both[0].filter("crop", width, height, left, top).filter("scale", TILES, TILES, flags="area")
    large = small.filter("scale", width, height, flags="bilinear")
    return both[1].overlay(large, x=left, y=top, enable=enable)
