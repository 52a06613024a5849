"""A video, made anew: H.264 and AAC in .mp4, upright, at most 1080p and 30 pictures a second, seekable at once.

Poster and storyboard are drawn from the product while it is decoded to its end for checking.
"""

import math
from typing import Any

import ffmpeg

from media import ffmpegs, recheck
from media.audio import evened
from media.ffmpegs import CLEAN, Facts
from media.limits import Code, Rejected
from media.product import Part, Product, Source
from media.sniff import Type
from media.workbench import Report, Workbench

POSTER_SIDE, TILE_WIDTH, COLUMNS, MAX_TILES = 960, 192, 5, 25


def make(bench: Workbench, given: Source, kind: Type, report: Report) -> Product:
    """`picture`, `poster`, `storyboard`. Raises Rejected: no_picture, too_many_pixels, too_long, damaged, …"""
    facts = ffmpegs.probe(bench, given.path, kind)
    if not facts.picture:
        raise Rejected(Code.NO_PICTURE)
    if facts.seconds > bench.limits.video_seconds:
        raise Rejected(Code.TOO_LONG)
    if facts.width * facts.height > bench.limits.max_pixels // 3:
        raise Rejected(Code.TOO_MANY_PIXELS)
    report(0.03)
    picture = _picture(bench, given, kind, facts, report)
    seconds, poster, board = _look(bench, picture, facts, report)
    report(1.0)
    notes = () if facts.sound else ("This video has no sound.",)
    width, height = int(poster.facts["width"]), int(poster.facts["height"])
    shown = {"seconds": round(seconds, 2), "sound": bool(facts.sound), "upright": height >= width}
    return Product(
        "video", (Part("picture", picture.media_type, picture.path, shown), poster, board), round(seconds, 2), notes
    )


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
    streams = [_scaled(graph["V:0"], bench)] + ([evened(graph["a:0"])] if facts.sound else [])
    sound = {"acodec": "aac", "ar": 48000, "b:a": "128k", "flags:a": "+bitexact"} if facts.sound else {}
    output = ffmpeg.output(
        *streams, "picture.mp4", f="mp4", vcodec="libx264", preset="veryfast", crf=23, profile="high",
        threads=ffmpegs.THREADS, movflags="+faststart", t=bench.limits.video_seconds,
        **{"flags:v": "+bitexact", "bsf:v": "filter_units=remove_types=6"}, **sound, **CLEAN,
    )  # fmt: skip
    with bench.folder() as folder:
        ffmpegs.run(
            bench, output, given.path, folder, ffmpegs.work_limits(bench, facts.seconds),
            lambda done: report(0.03 + 0.82 * min(1.0, done / max(facts.seconds, 0.1))),
        )  # fmt: skip
        path = bench.take(folder, "picture.mp4", "picture", bench.limits.product_bytes)
    recheck.movie(path, {b"vide", b"soun"} if facts.sound else {b"vide"})
    return Part("picture", "video/mp4", path)


def _look(bench: Workbench, picture: Part, facts: Facts, report: Report) -> tuple[float, Part, Part]:
    """Decode the product to its end; its real length in seconds, its poster and storyboard."""
    tiles = max(1, min(MAX_TILES, math.ceil(facts.seconds / 2)))
    rows = math.ceil(tiles / COLUMNS)
    graph = ffmpegs.source(ffmpegs.MOVIE)
    seen = graph["V:0"].filter_multi_output("split", 3)
    fit = f"min(1,{POSTER_SIDE}/max(iw,ih))"
    poster = seen[0].filter("scale", w=f"max(2,trunc(iw*{fit}/2)*2)", h=f"max(2,trunc(ih*{fit}/2)*2)")
    board = seen[1].filter("fps", fps=f"{tiles}/{max(facts.seconds, 0.1):.3f}").filter("scale", w=TILE_WIDTH, h=-2)
    streams = [seen[2]] + ([graph["a:0"]] if facts.sound else [])
    outputs = (
        ffmpeg.output(*streams, "pipe:2", f="null", **CLEAN),
        _jpeg(poster.filter("thumbnail", 50), "poster.jpg"),
        _jpeg(board.filter("tile", f"{COLUMNS}x{rows}"), "board.jpg"),
    )
    with bench.folder() as folder:
        seconds = ffmpegs.run(
            bench, ffmpeg.merge_outputs(*outputs), picture.path, folder,
            ffmpegs.work_limits(bench, facts.seconds),
            lambda done: report(0.86 + 0.12 * min(1.0, done / max(facts.seconds, 0.1))),
        )  # fmt: skip
        paths = [bench.take(folder, f"{name}.jpg", kept, 16 << 20) for name, kept in _STILLS]
    if not ffmpegs.same_length(seconds, facts.seconds):
        raise Rejected(Code.DAMAGED, detail="the product is not as long as the input")
    return seconds, _still("poster", paths[0]), _still("storyboard", paths[1], tiles=tiles, columns=COLUMNS, rows=rows)


_STILLS = (("poster", "poster"), ("board", "storyboard"))


def _jpeg(stream: Any, name: str) -> Any:
    return ffmpeg.output(
        stream.filter("format", "yuvj420p"), name, f="image2", vcodec="mjpeg", update=1,
        **{"q:v": 4, "frames:v": 1, "flags:v": "+bitexact"}, **CLEAN,
    )  # fmt: skip


def _still(name: str, path: Any, **facts: int) -> Part:
    width, height = recheck.jpeg(path, 20_000_000)
    return Part(name, "image/jpeg", path, {"width": width, "height": height, **facts})
