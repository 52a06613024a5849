"""A video, made anew: H.264 and AAC in .mp4, upright, at most 1080p and 30 pictures a second.

Poster and storyboard are drawn from the product while it is decoded to its end for checking.
"""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg

from media import faces, ffmpegs, recheck
from media.audio import evened
from media.ffmpegs import CLEAN, Facts
from media.limits import Code, Rejected
from media.product import Fact, Part, Product, Source
from media.sniff import Type
from media.workbench import Report, Workbench

POSTER_SIDE, TILE_WIDTH, COLUMNS, MAX_TILES = 960, 192, 5, 25
KEY_FRAMES = 60  # two seconds: seeking starts at one
EVERY_PICTURE = 10.0  # seconds up to which the storyboard looks at every picture
# no supplemental information (x264 writes its version and settings there), no encoder's name
NAMELESS = {
    "flags:v": "+bitexact",
    "metadata:s:v:0": "encoder=H.264",
    "bsf:v": "filter_units=remove_types=6",
}
NOTE_SILENT = "This video has no sound."


def make(bench: Workbench, given: Source, kind: Type, report: Report) -> Product:
    """`picture`, `poster`, `storyboard`. Raises Rejected: no_picture, too_long, damaged, …"""
    facts = ffmpegs.probe(bench, given.path, kind)
    if not facts.picture:
        raise Rejected(Code.NO_PICTURE)
    if facts.seconds > bench.limits.video_seconds:
        raise Rejected(Code.TOO_LONG)
    if facts.width * facts.height > bench.limits.max_pixels:
        raise Rejected(Code.TOO_MANY_PIXELS)
    report(0.03)
    picture = _picture(bench, given, kind, facts, report)
    product = looked_at(bench, picture, bool(facts.sound), facts.seconds, partial(_share, report, 0.86, 0.1))
    report(1.0)
    return product


def _scaled(stream: Any, bench: Workbench) -> Any:
    """Square pixels; long and short side within the limits, never made larger; even numbers (4:2:0)."""
    long, short = bench.limits.video_long_side, bench.limits.video_short_side
    wide = "iw*if(sar,sar,1)"
    ratio = f"min(1,min({long}/max({wide},ih),{short}/min({wide},ih)))"
    return (
        stream.filter("fps", fps=f"min(source_fps,{bench.limits.video_fps})")
        .filter("scale", w=f"max(2,trunc({wide}*{ratio}/2)*2)", h=f"max(2,trunc(ih*{ratio}/2)*2)")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )


def _picture(bench: Workbench, given: Source, kind: Type, facts: Facts, report: Report) -> Part:
    graph = ffmpegs.source(kind)
    picture, sound = _scaled(graph["V:0"], bench), evened(graph["a:0"]) if facts.sound else None
    return encoded(bench, (picture, sound), given.path, facts.seconds, partial(_share, report, 0.03, 0.82))


def _share(report: Report, start: float, size: float, done: float) -> None:
    report(start + size * done)


def encoded(
    bench: Workbench, streams: tuple[Any, Any], path: Path, seconds: float, report: Report, mask: bytes = b""
) -> Part:
    """Run the graph that ends in these two streams (the sound's may be None) on `path`: the product's picture.

    `mask` lies in the child's folder as `faces.MASK` for graphs that read it.
    """
    picture, sound = streams
    both = [picture] if sound is None else [picture, sound]
    heard = {} if sound is None else {"acodec": "aac", "ar": 48000, "b:a": "128k", "flags:a": "+bitexact"}
    output = ffmpeg.output(
        *both, "picture.mp4", f="mp4", vcodec="libx264", preset="veryfast", crf=23, profile="high",
        g=KEY_FRAMES,
        threads=ffmpegs.THREADS, movflags="+faststart", t=bench.limits.video_seconds,
        **NAMELESS, **heard, **CLEAN,
    )  # fmt: skip
    with bench.folder() as folder:
        if mask:
            (folder / faces.MASK).write_bytes(mask)
            (folder / faces.MASK).chmod(0o644)
        ffmpegs.run(
            bench, output, path, folder, ffmpegs.work_limits(bench, seconds),
            lambda done: report(min(1.0, done / max(seconds, 0.1))),
        )  # fmt: skip
        made = bench.take(folder, "picture.mp4", "picture", bench.limits.product_bytes)
    recheck.movie(made, {b"vide"} if sound is None else {b"vide", b"soun"})
    return Part("picture", "video/mp4", made)


def looked_at(bench: Workbench, picture: Part, sounds: bool, seconds: float, report: Report) -> Product:
    """The whole product: decoded to its end, which must come after `seconds`, with poster and storyboard."""
    real = round(_length(bench, picture, sounds, seconds, report), 2)
    poster, board = _stills(bench, picture, real)
    width, height = int(poster.facts["width"]), int(poster.facts["height"])
    shown: dict[str, Fact] = {"seconds": real, "sound": sounds, "upright": height >= width}
    return Product("video", (replace(picture, facts=shown), poster, board), real, () if sounds else (NOTE_SILENT,))


def _length(bench: Workbench, picture: Part, sounds: bool, expected: float, report: Report) -> float:
    """Decode the product to its end: its length in seconds. Raises Rejected(damaged) if it is another."""
    graph = ffmpegs.source(ffmpegs.MOVIE)
    streams = [graph["V:0"]] + ([graph["a:0"]] if sounds else [])
    whole = ffmpeg.output(*streams, "pipe:2", f="null", **CLEAN)
    with bench.folder() as folder:
        seconds = ffmpegs.run(
            bench, whole, picture.path, folder, ffmpegs.work_limits(bench, expected),
            lambda done: report(min(1.0, done / max(expected, 0.1))),
        )  # fmt: skip
    if not ffmpegs.same_length(seconds, expected):
        raise Rejected(Code.DAMAGED, detail="the product is not as long as the input")
    return seconds


def _stills(bench: Workbench, picture: Part, seconds: float) -> tuple[Part, Part]:
    """Poster and storyboard, from the product: of a long one only the key frames are decoded."""
    columns, rows = _grid(seconds)
    tiles = columns * rows
    sparse = {"skip_frame": "nokey"} if seconds > EVERY_PICTURE else {}
    seen = ffmpegs.source(ffmpegs.MOVIE, **sparse)["V:0"].filter_multi_output("split")
    fit = f"min(1,{POSTER_SIDE}/max(iw,ih))"
    poster = seen[0].filter("scale", w=f"max(2,trunc(iw*{fit}/2)*2)", h=f"max(2,trunc(ih*{fit}/2)*2)")
    # the last key frame lies before the end: it stands for the rest, so that no tile stays empty
    lasting = seen[1].filter("tpad", stop_mode="clone", stop_duration=2 * max(seconds, 0.1) / tiles + 4)
    board = lasting.filter("fps", fps=f"{tiles}/{max(seconds, 0.1):.3f}").filter("scale", w=TILE_WIDTH, h=-2)
    outputs = (
        _jpeg(poster.filter("thumbnail", 20), "poster.jpg"),
        _jpeg(board.filter("tile", f"{columns}x{rows}"), "board.jpg"),
    )
    with bench.folder() as folder:
        limits = ffmpegs.work_limits(bench, seconds)
        ffmpegs.run(bench, ffmpeg.merge_outputs(*outputs), picture.path, folder, limits, lambda _: None)
        paths = [bench.take(folder, f"{name}.jpg", kept, 16 << 20) for name, kept in _STILLS]
    board_facts = {"tiles": tiles, "columns": columns, "rows": rows}
    return _still("poster", paths[0]), _still("storyboard", paths[1], **board_facts)


def _grid(seconds: float) -> tuple[int, int]:
    """Columns and rows of the storyboard: a picture every two seconds, full rows only."""
    wanted = max(1, min(MAX_TILES, math.ceil(seconds / 2)))
    return min(COLUMNS, wanted), math.ceil(wanted / COLUMNS)


_STILLS = (("poster", "poster"), ("board", "storyboard"))


def _jpeg(stream: Any, name: str) -> Any:
    return ffmpeg.output(
        stream.filter("format", "yuvj420p"), name, f="image2", vcodec="mjpeg", update=1,
        **{"q:v": 4, "frames:v": 1, "flags:v": "+bitexact"}, **CLEAN,
    )  # fmt: skip


def _still(name: str, path: Any, **facts: int) -> Part:
    width, height = recheck.jpeg(path, 20_000_000)
    return Part(name, "image/jpeg", path, {"width": width, "height": height, **facts})
