"""A sound that we made, heard to its end: whether it is whole, how long it is, and its waveform.

The child that made it read a hostile file. Others, which read nothing but the product, say whether it is one.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ffmpeg

from media import ffmpegs, recheck
from media.ffmpegs import CLEAN
from media.limits import Code, Rejected
from media.product import Part
from media.workbench import Report, Workbench

WIDTH, HEIGHT = 1200, 160
MOST_BYTES = 4 << 20
MOST_SAMPLES = 30_000_000
"""A drawing keeps them all in memory: of what is longer, fewer a second are enough for its columns."""
ROUGHLY = {"filter_size": 4, "phase_shift": 4}
"""Nobody hears these samples: a short filter draws the same picture in a third of the time."""
HANDED_ON = 1 << 16
"""Samples at once from the decoder to nowhere: by the frame of 1024, handing on took longer than decoding."""
LONG, PIECES = 60.0, 2
"""Seconds from which on it is heard in so many pieces at once."""


def checked(bench: Workbench, sound: Part, expected: float, report: Report) -> tuple[Part, float]:
    """Decode it to its end: its drawing and its length in seconds. Raises Rejected(damaged) if that is another."""
    pieces = 1 if expected < LONG else PIECES

    def piece(number: int) -> tuple[Path, float]:
        return _piece(bench, sound.path, number, pieces, expected, report if number == 0 else _unsaid)

    with ThreadPoolExecutor(pieces) as at_once:
        drawn, lengths = zip(*at_once.map(piece, range(pieces)), strict=True)
    if not ffmpegs.same_length(sum(lengths), expected):
        raise Rejected(Code.DAMAGED, detail="the product is not as long as the input")
    wave = _beside_each_other(bench, drawn)
    width, height = recheck.png(wave, WIDTH * HEIGHT)
    return Part("waveform", "image/png", wave, {"width": width, "height": height}), sum(lengths)


def _piece(
    bench: Workbench, path: Path, number: int, pieces: int, expected: float, report: Report
) -> tuple[Path, float]:
    """The drawing of one piece and its seconds; the last one goes on to the end, wherever that is."""
    share = expected / pieces
    cut = {"ss": f"{number * share:.3f}"} | ({"t": f"{share:.3f}"} if number + 1 < pieces else {})
    heard = ffmpegs.source(ffmpegs.MOVIE, **ffmpegs.STRICT, **(cut if pieces > 1 else {}))["a:0"]
    branches = heard.filter("asetnsamples", n=HANDED_ON, p=0).filter_multi_output("asplit")
    whole = ffmpeg.output(branches[0], "pipe:2", f="null", **CLEAN)
    outputs = ffmpeg.merge_outputs(whole, _drawn(branches[1], share, WIDTH // pieces))
    limits = ffmpegs.work_limits(bench, share)
    with bench.folder() as folder:
        seconds = ffmpegs.run(bench, outputs, path, folder, limits, lambda done: report(min(1.0, done / share)))
        return bench.take(folder, "wave.png", f"waveform-{number}", MOST_BYTES), seconds


def _drawn(stream: Any, seconds: float, width: int) -> Any:
    """Blue on nothing."""
    rate = int(max(2000, min(48000, MOST_SAMPLES / max(seconds, 1.0))))
    few = stream.filter("aformat", channel_layouts="mono").filter("aresample", rate, **ROUGHLY)
    drawn = few.filter("showwavespic", s=f"{width}x{HEIGHT}", colors="0x1d70b8")
    return _picture(drawn, "wave.png")


def _picture(stream: Any, name: str) -> Any:
    return ffmpeg.output(stream, name, f="image2", vcodec="png", update=1, **{"frames:v": 1}, **CLEAN)


def _beside_each_other(bench: Workbench, drawn: tuple[Path, ...]) -> Path:
    """One drawing of those of the pieces, which are gone then."""
    if len(drawn) == 1:
        return drawn[0].rename(drawn[0].with_name("waveform"))
    with bench.folder() as folder:
        for number, path in enumerate(drawn):
            bench.lend(path, folder, f"{number}.png")
        parts = [ffmpegs.own(f"{number}.png", "png_pipe", "png") for number in range(len(drawn))]
        whole = _picture(ffmpeg.filter(parts, "hstack"), "wave.png")
        ffmpegs.run(bench, whole, drawn[0], folder, ffmpegs.work_limits(bench, 0), _unsaid)
        for path in drawn:
            path.unlink()
        return bench.take(folder, "wave.png", "waveform", MOST_BYTES)


def _unsaid(_done: float) -> None:
    """How far this is, nobody asks."""
