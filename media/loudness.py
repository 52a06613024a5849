"""One loudness for every recording (EBU R 128): first it is heard through and measured, then lifted by one gain.

Two quick passes instead of `loudnorm` in one: that one oversamples everything four times to guess at what comes, took
longer than all the rest of a sound, and missed its mark by a unit or more (docs/media.md). One gain leaves quiet and
loud as far apart as they were; peaks that would go too high are held by a limiter.
"""

import re
from pathlib import Path
from typing import Any

import ffmpeg

from media import ffmpegs
from media.ffmpegs import CLEAN
from media.sniff import Type
from media.workbench import Report, Workbench

TARGET = -16.0
"""LUFS, over the whole of it."""
CEILING = -2.0
"""dB: what the limiter lets through at twice the rate; the encoder adds up to half of one, -1 dBTP is never reached."""
MOST = 45.0
"""dB: what is quieter than this is the noise of the microphone."""
SILENT = -69.0
NEAR = 0.3
TRIES = 4
_LAST = re.compile(
    rb"lavfi\.r128\.I=(-?\d{1,3}(?:\.\d{1,3})?)\n[^:]*lavfi\.r128\.sample_peak=(\d{1,6}(?:\.\d{1,6})?)\n"
)


def joined(stream: Any) -> Any:
    """Gaps filled, 48 kHz, mono or stereo."""
    return _two_at_most(stream.filter("aresample", 48000, **{"async": 1, "first_pts": 0}))


def lifted(stream: Any, gain: float) -> Any:
    """By so many dB, no peak above the ceiling; at 48 kHz."""
    fine = _two_at_most(stream.filter("volume", f"{gain:.2f}dB").filter("aresample", 96000))
    return _two_at_most(_limited(fine).filter("aresample", 48000))


def _two_at_most(stream: Any) -> Any:
    """Mono or stereo; said after each change of rate, or the graph of six channels finds no way."""
    return stream.filter("aformat", channel_layouts="mono|stereo")


def gain_of(bench: Workbench, path: Path, kind: Type, seconds: float, report: Report) -> float:
    """How many dB bring this recording to the target; 0 for silence. Raises Rejected(damaged, took_too_long).

    Where the limiter will have to hold peaks, what comes out is measured again: it took loudness away.
    """
    loudness, peak = _measured(bench, path, kind, None, seconds, report)
    if loudness < SILENT:
        return 0.0
    gain = min(MOST, TARGET - loudness)
    ceiling = 10 ** (CEILING / 20)
    tries = TRIES if peak * 10 ** (gain / 20) > ceiling else 0
    for _ in range(tries):
        loudness, _ = _measured(bench, path, kind, gain, seconds, lambda _: None)
        if abs(TARGET - loudness) <= NEAR or gain >= MOST:
            break
        gain = min(MOST, gain + TARGET - loudness)
    return gain


def _limited(stream: Any) -> Any:
    ceiling = 10 ** (CEILING / 20)
    return stream.filter("alimiter", limit=f"{ceiling:.4f}", level=0, attack=5, release=50, latency=1)


def _measured(
    bench: Workbench, path: Path, kind: Type, gain: float | None, seconds: float, report: Report
) -> tuple[float, float]:
    """Loudness (LUFS) and the highest sample (1.0: full), of the sound as it is or as it would be lifted."""
    heard = joined(ffmpegs.source(kind)["a:0"])
    if gain is not None:
        heard = _limited(heard.filter("volume", f"{gain:.2f}dB"))
    said = heard.filter("ebur128", metadata=1, peak="sample", framelog="quiet")
    said = said.filter("ametadata", mode="print", file="loudness.txt")
    output = ffmpeg.output(said, "pipe:2", f="null", **CLEAN)
    with bench.folder() as folder:
        ffmpegs.run(
            bench, output, path, folder, ffmpegs.work_limits(bench, seconds),
            lambda done: report(min(1.0, done / max(seconds, 0.1))),
        )  # fmt: skip
        return _read(folder / "loudness.txt")


def _read(path: Path) -> tuple[float, float]:
    """The last lines that the measuring wrote; what is shorter than its window (0.4 s) counts as silent."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            found = _LAST.findall(file.read(4096))
    except FileNotFoundError:
        found = []
    return (float(found[-1][0]), float(found[-1][1])) if found else (-70.0, 0.0)
