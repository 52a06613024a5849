"""A recording of sound, made anew: AAC-LC in .m4a, 48 kHz, one loudness, nothing else in the file.

Pictures in the input (a cover, a video) are dropped. The product is then heard to its end (media/heard.py).
"""

from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg

from media import ffmpegs, heard, loudness, recheck
from media.ffmpegs import CLEAN
from media.limits import Code, Rejected
from media.product import Part, Product, Source
from media.sniff import Type
from media.workbench import Report, Workbench, share

ENCODING = {"c:a": "aac", "ar": 48000, "b:a": "128k", "flags:a": "+bitexact"}


def make(bench: Workbench, given: Source, kind: Type, report: Report) -> Product:
    """`sound` and `waveform`. Raises Rejected: no_sound, too_long, damaged, unsafe, took_too_long."""
    facts = ffmpegs.probe(bench, given.path, kind)
    if not facts.sound:
        raise Rejected(Code.NO_SOUND)
    if facts.seconds > bench.limits.audio_seconds:
        raise Rejected(Code.TOO_LONG)
    report(0.03)
    gain = loudness.gain_of(bench, given.path, kind, facts.seconds, partial(share, report, 0.03, 0.15))
    product = made(bench, _levelled(kind, gain), given.path, facts.seconds, partial(share, report, 0.18, 0.82))
    report(1.0)
    return product


def made(bench: Workbench, stream: Any, path: Path, seconds: float, report: Report) -> Product:
    """Run the graph that ends in this stream on `path`, and check what comes out: the whole product."""
    with bench.folder() as folder:
        _run(bench, _sound(bench, stream), path, folder, seconds, partial(share, report, 0, 0.9))
        sound = _taken(bench, folder, "sound", seconds)
    wave, real = heard.checked(bench, sound, seconds, partial(share, report, 0.9, 0.1))
    return Product("audio", (sound, wave), round(real, 2))


def track(bench: Workbench, path: Path, kind: Type, seconds: float, report: Report) -> Part:
    """The sound of a video, or of a voice that was made here, as `made` would make it; not decoded to its end."""
    gain = loudness.gain_of(bench, path, kind, seconds, partial(share, report, 0, 0.2))
    with bench.folder() as folder:
        output = _sound(bench, _levelled(kind, gain))
        _run(bench, output, path, folder, seconds, partial(share, report, 0.2, 0.8))
        sound = _taken(bench, folder, "track", seconds)
    # decoded to its end with the film that it goes into
    report(1.0)
    return sound


def _levelled(kind: Type, gain: float) -> Any:
    return loudness.lifted(loudness.joined(ffmpegs.source(kind)["a:0"]), gain)


def _sound(bench: Workbench, stream: Any) -> Any:
    return ffmpeg.output(
        stream, "sound.m4a", f="ipod", movflags="+faststart", vn=None, t=bench.limits.audio_seconds,
        **ENCODING, **CLEAN,
    )  # fmt: skip


def _run(bench: Workbench, output: Any, path: Path, folder: Path, seconds: float, report: Report) -> float:
    limits = ffmpegs.work_limits(bench, seconds)
    return ffmpegs.run(bench, output, path, folder, limits, lambda done: report(min(1.0, done / max(seconds, 0.1))))


def _taken(bench: Workbench, folder: Path, kept_as: str, seconds: float) -> Part:
    path = bench.take(folder, "sound.m4a", kept_as, bench.limits.product_bytes)
    recheck.movie(path, {b"soun"})
    return Part("sound", "audio/mp4", path, {"seconds": round(seconds, 2)})
