"""Poster and storyboard of a video: drawn while it is encoded, from the very pictures that the encoder is given."""

import math
from pathlib import Path
from typing import Any

import ffmpeg

from media import recheck
from media.ffmpegs import CLEAN
from media.product import Part
from media.workbench import Workbench

POSTER_SIDE, TILE_WIDTH, COLUMNS, MAX_TILES = 960, 192, 5, 25
EVERY_PICTURE = 10.0
"""Seconds up to which the poster is looked for among all pictures, not one in two seconds."""
_NAMES = (("poster.jpg", "poster"), ("board.jpg", "storyboard"))


def outputs(poster: Any, board: Any, seconds: float) -> list[Any]:
    """Two further outputs of a graph, from two branches of its picture."""
    columns, rows = _grid(seconds)
    tiles = columns * rows
    fit = f"min(1,{POSTER_SIDE}/max(iw,ih))"
    if seconds > EVERY_PICTURE:
        poster = poster.filter("fps", fps="1/2")
    poster = poster.filter("scale", w=f"max(2,trunc(iw*{fit}/2)*2)", h=f"max(2,trunc(ih*{fit}/2)*2)")
    seen = board.filter("fps", fps=f"{tiles}/{max(seconds, 0.1):.3f}")
    # the last picture stands for what rounding leaves over, so that no tile stays empty
    lasting = seen.filter("tpad", stop_mode="clone", stop=tiles).filter("scale", w=TILE_WIDTH, h=-2)
    tiled = lasting.filter("tile", f"{columns}x{rows}")
    return [
        _jpeg(stream, name) for stream, (name, _) in zip((poster.filter("thumbnail", 20), tiled), _NAMES, strict=True)
    ]


def taken(bench: Workbench, folder: Path, seconds: float) -> tuple[Part, Part]:
    """What those outputs made, checked."""
    poster, board = (bench.take(folder, name, kept, 16 << 20) for name, kept in _NAMES)
    columns, rows = _grid(seconds)
    tiled = {"tiles": columns * rows, "columns": columns, "rows": rows}
    return _still("poster", poster), _still("storyboard", board, **tiled)


def _grid(seconds: float) -> tuple[int, int]:
    """Columns and rows of the storyboard: a picture every two seconds, full rows only."""
    wanted = max(1, min(MAX_TILES, math.ceil(seconds / 2)))
    return min(COLUMNS, wanted), math.ceil(wanted / COLUMNS)


def _jpeg(stream: Any, name: str) -> Any:
    return ffmpeg.output(
        stream.filter("format", "yuvj420p"), name, f="image2", vcodec="mjpeg", update=1,
        **{"q:v": 4, "frames:v": 1, "flags:v": "+bitexact"}, **CLEAN,
    )  # fmt: skip


def _still(name: str, path: Path, **facts: int) -> Part:
    width, height = recheck.jpeg(path, 20_000_000)
    return Part(name, "image/jpeg", path, {"width": width, "height": height, **facts})
