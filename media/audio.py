"""A recording of sound, made anew: AAC-LC in .m4a, 48 kHz, one loudness, nothing else in the file.

Pictures in the input (a cover, a video) are dropped. The waveform is drawn from the product.
"""

from pathlib import Path
from typing import Any

import ffmpeg

from media import ffmpegs, recheck
from media.ffmpegs import CLEAN
from media.limits import Code, Rejected
from media.product import Part, Product, Source
from media.sandbox import Job
from media.sniff import Type
from media.workbench import Report, Workbench

WAVE_WIDTH, WAVE_HEIGHT = 1200, 160


def make(bench: Workbench, given: Source, kind: Type, report: Report) -> Product:
    """`sound` and `waveform`. Raises Rejected: no_sound, too_long, damaged, unsafe, took_too_long."""
    facts = ffmpegs.probe(bench, given.path, kind)
    if not facts.sound:
        raise Rejected(Code.NO_SOUND)
    if facts.seconds > bench.limits.audio_seconds:
        raise Rejected(Code.TOO_LONG)
    report(0.05)
    stream = evened(ffmpegs.source(kind)["a:0"])
    sound = encoded(bench, stream, given.path, facts.seconds, lambda done: report(0.05 + 0.75 * done))
    product = listened_to(bench, sound, facts.seconds, lambda done: report(0.8 + 0.2 * done))
    report(1.0)
    return product


def evened(stream: Any) -> Any:
    """Gaps filled, loudness -16 LUFS (EBU R 128, one pass), 48 kHz, mono or stereo."""
    return (
        stream.filter("aresample", 48000, **{"async": 1, "first_pts": 0})
        .filter("loudnorm", I=-16, TP=-1.5, LRA=11)
        .filter("aresample", 48000)
        .filter("aformat", channel_layouts="mono|stereo")
    )


def encoded(bench: Workbench, stream: Any, path: Path, seconds: float, report: Report) -> Part:
    """Run the graph that ends in this stream on `path`: the product's sound."""
    output = ffmpeg.output(
        stream, "sound.m4a", f="ipod", acodec="aac", ar=48000, movflags="+faststart", vn=None,
        t=bench.limits.audio_seconds, **{"b:a": "128k", "flags:a": "+bitexact"}, **CLEAN,
    )  # fmt: skip
    with bench.folder() as folder:
        ffmpegs.run(
            bench, output, path, folder, ffmpegs.work_limits(bench, seconds),
            lambda done: report(min(1.0, done / max(seconds, 0.1))),
        )  # fmt: skip
        made = bench.take(folder, "sound.m4a", "sound", bench.limits.product_bytes)
    recheck.movie(made, {b"soun"})
    return Part("sound", "audio/mp4", made, {"seconds": round(seconds, 2)})


def listened_to(bench: Workbench, sound: Part, expected: float, report: Report) -> Product:
    """The whole product: decoded to its end, which must come after `expected` seconds, with its waveform."""
    heard = ffmpegs.source(ffmpegs.MOVIE)["a:0"]
    limits = ffmpegs.work_limits(bench, expected)
    with bench.folder() as folder:
        whole = ffmpeg.output(heard, "pipe:2", f="null", **CLEAN)
        seconds = ffmpegs.run(bench, whole, sound.path, folder, limits, lambda _: None)
    if not ffmpegs.same_length(seconds, expected):
        raise Rejected(Code.DAMAGED, detail="the product is not as long as the input")
    report(0.6)
    return Product("audio", (sound, _wave(bench, heard, sound, limits)), round(seconds, 2))


def _wave(bench: Workbench, heard: Any, sound: Part, limits: Job) -> Part:
    size = f"{WAVE_WIDTH}x{WAVE_HEIGHT}"
    drawn = heard.filter("aformat", channel_layouts="mono").filter("showwavespic", s=size, colors="0x1d70b8")
    wave = ffmpeg.output(drawn, "wave.png", f="image2", vcodec="png", update=1, **{"frames:v": 1}, **CLEAN)
    with bench.folder() as folder:
        ffmpegs.run(bench, wave, sound.path, folder, limits, lambda _: None)
        path = bench.take(folder, "wave.png", "waveform", 4 << 20)
    width, height = recheck.png(path, WAVE_WIDTH * WAVE_HEIGHT)
    return Part("waveform", "image/png", path, {"width": width, "height": height})
