"""A video, made anew: H.264 and AAC in .mp4, upright, at most 1080p and 30 pictures a second.

The sound is made first, which is quick, so that somebody may listen while the picture is still being made; then the
picture, with poster and storyboard in the same pass, and the sound beside it as it is. What comes out is checked:

- every packet of picture and sound is read from the file as its index says, to the last: together they have the very
  sum that was taken of what the encoder gave out, and they end where the input ended;
- every key frame (one in two seconds: where a player starts or seeks) and all of the sound is decoded, and the first
  error ends it.

What is not decoded again is what lies between two key frames, known to be our own encoder's output byte for byte.
Decoding that too took a fifth of the whole time.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg

from media import audio, faces, ffmpegs, recheck, stills
from media.ffmpegs import CLEAN
from media.limits import Code, Rejected
from media.product import Fact, Part, Product, Source
from media.sniff import Type
from media.workbench import Report, Workbench, share

KEY_FRAMES = 60  # two seconds: seeking starts at one
ENCODING = {
    "c:v": "libx264", "preset": "veryfast", "crf": 23, "profile": "high", "g": KEY_FRAMES, "threads": ffmpegs.THREADS,
}  # fmt: skip
# no supplemental information (x264 writes its version and settings there), no encoder's name
NAMELESS = {"flags:v": "+bitexact+global_header", "metadata:s:v:0": "encoder=H.264"}
PLAIN = "filter_units=remove_types=6"
# the file keeps parameter sets in its index, the encoder's packets have them too: they are left out of the sum
SUMMED = "filter_units=remove_types=6-8"
SUM = {"f": "streamhash", "hash": "murmur3"}
BOTH = f"[f=mp4:movflags=+faststart:bsfs/v={PLAIN}]picture.mp4|[f=streamhash:hash={SUM['hash']}:bsfs/v={SUMMED}]sum"
NOTE_SILENT = "This video has no sound."
SOUND_SHARE = 0.08
"""Of the whole time, measured with an interview in 720p."""


def make(bench: Workbench, given: Source, kind: Type, report: Report, early: Callable[[Part], None]) -> Product:
    """`picture`, `poster`, `storyboard`; `early` is given the `sound` as soon as it is safe.

    Raises Rejected: no_picture, too_long, damaged, …
    """
    facts = ffmpegs.probe(bench, given.path, kind)
    if not facts.picture:
        raise Rejected(Code.NO_PICTURE)
    if facts.seconds > bench.limits.video_seconds:
        raise Rejected(Code.TOO_LONG)
    if facts.width * facts.height > bench.limits.max_pixels:
        raise Rejected(Code.TOO_MANY_PIXELS)
    report(0.01)
    sound = None
    if facts.sound:
        sound = audio.track(bench, given.path, kind, facts.seconds, partial(share, report, 0.01, SOUND_SHARE))
        early(sound)
    picture = scaled(ffmpegs.source(kind)["V:0"], bench)
    rest = partial(share, report, 0.01 + SOUND_SHARE, 0.99 - SOUND_SHARE)
    return made(bench, (picture, sound), given.path, facts.seconds, rest)


def made(
    bench: Workbench,
    both: tuple[Any, Any],
    path: Path,
    seconds: float,
    report: Report,
    mask: bytes = b"",
) -> Product:
    """Run the graph that ends in this picture and sound on `path`, and check what comes out: the whole product.

    The sound: a stream of the graph; or a finished part, which is put beside the picture as it is; or None.
    `mask` lies in the child's folder as `faces.MASK` for graphs that read it.
    """
    sound = both[1]
    film, poster, board = _encoded(bench, both, path, seconds, partial(share, report, 0, 0.97), mask)
    real = round(checked(bench, *film, sound is not None, seconds, partial(share, report, 0.97, 0.03)), 2)
    width, height = int(poster.facts["width"]), int(poster.facts["height"])
    facts: dict[str, Fact] = {"seconds": real, "sound": sound is not None, "upright": height >= width}
    parts = (Part("picture", "video/mp4", film[0], facts), poster, board)
    report(1.0)
    return Product("video", parts, real, () if sound is not None else (NOTE_SILENT,))


def scaled(stream: Any, bench: Workbench) -> Any:
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


def _encoded(
    bench: Workbench, both: tuple[Any, Any], path: Path, seconds: float, report: Report, mask: bytes
) -> tuple[tuple[Path, bytes], Part, Part]:
    """The film with the sum of all its packets, its poster and its storyboard."""
    picture, sound = both
    branches = picture.filter_multi_output("split", 3)
    with bench.folder() as folder:
        if mask:
            (folder / faces.MASK).write_bytes(mask)
            (folder / faces.MASK).chmod(0o644)
        film = _film(branches[0], _beside(bench, folder, sound), bench.limits.video_seconds)
        ffmpegs.run(
            bench, ffmpeg.merge_outputs(film, *stills.outputs(branches[1], branches[2], seconds)), path, folder,
            ffmpegs.work_limits(bench, seconds), lambda done: report(min(1.0, done / max(seconds, 0.1))),
        )  # fmt: skip
        made = bench.take(folder, "picture.mp4", "picture", bench.limits.product_bytes)
        poster, board = stills.taken(bench, folder, seconds)
        total = _sum(folder)
    recheck.movie(made, {b"vide"} if sound is None else {b"vide", b"soun"})
    return (made, total), poster, board


def _beside(bench: Workbench, folder: Path, sound: Any) -> Any:
    """The stream that goes beside the picture: a finished part is lent to the child, who gets a copy."""
    if not isinstance(sound, Part):
        return sound
    bench.lend(sound.path, folder, "sound.m4a")
    return ffmpegs.own("sound.m4a")["a:0"]


def _film(picture: Any, sound: Any, longest: float) -> Any:
    streams: list[Any] = [picture]
    heard: dict[str, Any] = {}
    if sound is not None:
        streams.append(sound)
        finished = isinstance(sound.node, ffmpeg.nodes.InputNode)
        heard = {"c:a": "copy"} if finished else {**audio.ENCODING, "flags:a": "+bitexact+global_header"}
    return ffmpeg.output(*streams, BOTH, f="tee", t=longest, **ENCODING, **NAMELESS, **heard, **ffmpegs.TOLD, **CLEAN)


def checked(bench: Workbench, film: Path, total: bytes, sounds: bool, expected: float, report: Report) -> float:
    """Its length in seconds. Raises Rejected(damaged) unless it is whole, as the head of this file says."""
    graph = ffmpegs.source(ffmpegs.MOVIE, skip_frame="nokey", **ffmpegs.STRICT)
    streams = [graph["V:0"], *([graph["a:0"]] if sounds else [])]
    packets = {"c": "copy", "bsf:v": f"h264_mp4toannexb,{SUMMED}"}
    walked = ffmpeg.output(*streams, "sum", **SUM, **packets, **CLEAN)
    decoded = ffmpeg.output(*streams, "pipe:2", f="null", **CLEAN)
    with bench.folder() as folder:
        seconds = ffmpegs.run(
            bench, ffmpeg.merge_outputs(walked, decoded), film, folder, ffmpegs.work_limits(bench, expected),
            lambda done: report(min(1.0, done / max(expected, 0.1))),
        )  # fmt: skip
        whole = _sum(folder) == total
    if not whole or not ffmpegs.same_length(seconds, expected):
        raise Rejected(Code.DAMAGED, detail="the product is not what was encoded, or not as long as the input")
    return seconds


def _sum(folder: Path) -> bytes:
    """One line for each stream. Raises Rejected(damaged) where there is none."""
    try:
        with (folder / "sum").open("rb") as file:
            return file.read(1024)
    except FileNotFoundError:
        raise Rejected(Code.DAMAGED, detail="no sum was taken") from None
