"""Running ffmpeg on one file in the sandbox: tight lists, no path, no URL, progress, facts.

The input is descriptor 3 (`-protocol_whitelist fd -fd 3 -i fd:`): a playlist that got this far could open
nothing. The demuxer is the one `sniff` named and only that; only decoders of `DECODERS` are allowed. Facts
come from our own muxer output (`framecrc` header, `-progress`), never from text that quotes the file.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from media.limits import Code, Rejected
from media.sandbox import Job
from media.sniff import Type
from media.workbench import Report, Workbench

# codec (as framecrc names it) to ffmpeg's decoder; a codec that is not here is not taken
DECODERS: dict[str, str] = {
    "h264": "h264", "hevc": "hevc", "vp8": "vp8", "vp9": "vp9", "av1": "libdav1d", "mpeg4": "mpeg4",
    "h263": "h263", "mjpeg": "mjpeg", "mpeg2video": "mpeg2video", "mpeg1video": "mpeg1video",
    "msmpeg4v3": "msmpeg4", "wmv1": "wmv1", "wmv2": "wmv2", "wmv3": "wmv3", "theora": "theora",
    "prores": "prores", "dvvideo": "dvvideo",
    "aac": "aac", "mp3": "mp3float", "mp2": "mp2", "opus": "opus", "vorbis": "vorbis",
    "flac": "flac", "alac": "alac",
    "ac3": "ac3", "eac3": "eac3", "amr_nb": "amrnb", "amr_wb": "amrwb", "wmav1": "wmav1", "wmav2": "wmav2",
    "wmapro": "wmapro", "speex": "speex", "gsm_ms": "gsm_ms",
    **{f"pcm_{kind}": f"pcm_{kind}" for kind in (
        "u8", "s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "f32le", "f32be", "f64le",
        "alaw", "mulaw",
    )},
}  # fmt: skip

# ffmpeg's own progress keeps silent until every output has begun, and a drawing begins at the end of what it draws
TOLD = {"stats_enc_post:v:0": "pipe:1", "stats_enc_post_fmt:v:0": "written={t}"}
MOVIE = Type("mov", "av", "mov")
# samples a second that are sound; a filter made for any other rate takes minutes and memory for nothing
SLOWEST, FASTEST = 1_000, 768_000
# a recording has at least so many bytes a second (silence in Opus has twice as many), after this many seconds:
# a small file whose times are stretched over hours would keep a worker busy for as long
THINNEST, LEEWAY = 8, 60.0
THREADS = min(4, os.cpu_count() or 1)
# a decoder mends what it can and says nothing; of what we made ourselves nothing needs mending
STRICT = {"err_detect": "crccheck+bitstream+buffer+explode"}
CLEAN = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact", "sn": None, "dn": None}


@dataclass(frozen=True)
class Facts:
    """What a recording holds: seconds as counted packet by packet, and the codecs of its first streams."""

    seconds: float
    picture: str = ""
    sound: str = ""
    width: int = 0
    height: int = 0


def source(kind: Type, **options: Any) -> Any:
    """The input node of a graph."""
    return ffmpeg.input(
        "fd:", fd=3, f=kind.demuxer, protocol_whitelist="fd", format_whitelist=kind.demuxer,
        codec_whitelist=",".join(sorted(set(DECODERS.values()))), threads=THREADS,
        **options,
    )  # fmt: skip


def own(name: str, demuxer: str = "mov", codec: str = "aac") -> Any:
    """A further input: a file that we made ourselves and lent to the child, in its own folder."""
    return ffmpeg.input(name, f=demuxer, protocol_whitelist="file", format_whitelist=demuxer, codec_whitelist=codec)


def run(bench: Workbench, outputs: Any, path: Path, folder: Path, work: Job, report: Report) -> float:
    """Run a graph; the seconds written at its end. Raises Rejected(damaged, took_too_long, no_picture).

    `report` is given seconds: what an encoder with TOLD tells, otherwise how far the farthest stream is.
    """
    argv = ffmpeg.compile(outputs, cmd="ffmpeg")[1:]
    options = ("-nostdin", "-hide_banner", "-v", "error", "-xerror", "-filter_complex_threads", str(THREADS))
    seconds = {b"written": 0.0, b"out_time_us": 0.0}

    def watch(line: bytes) -> bool:
        found = re.fullmatch(rb"(written|out_time_us)=(\d{1,15}(?:\.\d{1,9})?)", line.strip())
        at = float(found[2]) / (1e6 if found[1] == b"out_time_us" else 1) if found else 0.0
        if found is None or at <= seconds[found[1]]:
            return False
        seconds[found[1]] = at
        report(seconds[b"written"] or at)
        return True

    outcome = bench.run(
        Job(
            folder=folder, program=bench.ffmpeg, input=path, seconds=work.seconds,
            arguments=(*options, *argv, "-progress", "pipe:1", "-y"), stall_seconds=work.stall_seconds,
            memory_bytes=bench.limits.memory_bytes, file_bytes=bench.limits.product_bytes,
        ),
        watch,
    )  # fmt: skip
    if outcome.code != 0:
        nothing = b"does not contain any stream" in outcome.err
        raise _Nothing() if nothing else Rejected(Code.DAMAGED, detail=f"ffmpeg ended with {outcome.code}")
    return seconds[b"out_time_us"]


class _Nothing(Exception):
    """Neither picture nor sound in the file."""


def probe(bench: Workbench, path: Path, kind: Type) -> Facts:
    """Walk through all packets without decoding any: what is in it and how long it really is.

    A live recording (MediaRecorder) has no duration in its header; counting packets does not need one.
    Raises Rejected: damaged, wrong_type (a codec we do not take), took_too_long.
    """
    graph = source(kind)
    picture, sound = graph["V:0?"], graph["a:0?"]
    head = ffmpeg.output(picture, sound, "head.txt", c="copy", t=0.5, f="framecrc", **CLEAN)
    rest = ffmpeg.output(picture, sound, "pipe:2", c="copy", f="null", **CLEAN)
    limits = Job(folder=path, seconds=bench.limits.probe_seconds, stall_seconds=bench.limits.probe_seconds)
    with bench.folder() as folder:
        try:
            seconds = run(bench, ffmpeg.merge_outputs(head, rest), path, folder, limits, lambda _: None)
        except _Nothing:
            return Facts(0.0)
        if seconds > LEEWAY + path.stat().st_size / THINNEST:
            raise Rejected(Code.DAMAGED, detail="stretched: hardly anything in it for its length")
        with (folder / "head.txt").open("rb") as file:
            return _facts(file.read(4096), seconds)


def _facts(head: bytes, seconds: float) -> Facts:
    kinds = dict(re.findall(rb"^#media_type (\d): (video|audio)$", head, re.MULTILINE))
    codecs = dict(re.findall(rb"^#codec_id (\d): (\w+)$", head, re.MULTILINE))
    size = re.search(rb"^#dimensions \d: (\d{1,5})x(\d{1,5})$", head, re.MULTILINE)
    by_kind = {what.decode(): codecs.get(n, b"").decode() for n, what in kinds.items()}
    if any(codec not in DECODERS for codec in by_kind.values()):
        raise Rejected(Code.WRONG_TYPE, detail="codec not taken")
    rates = [int(rate) for rate in re.findall(rb"^#sample_rate \d: (\d{1,10})$", head, re.MULTILINE)]
    if any(not SLOWEST <= rate <= FASTEST for rate in rates):
        raise Rejected(Code.DAMAGED, detail="no sound has this sampling rate")
    width, height = (int(size[1]), int(size[2])) if size else (0, 0)
    return Facts(seconds, by_kind.get("video", ""), by_kind.get("audio", ""), width, height)


def work_limits(bench: Workbench, seconds: float) -> Job:
    """Time for a piece of work: 60 s + 2 × duration, and 60 s without progress (DESIGN section 10)."""
    limits = bench.limits
    return Job(folder=bench.scratch, seconds=limits.work_seconds + 2 * seconds, stall_seconds=limits.stall_seconds)


def same_length(made: float, given: float) -> bool:
    """Whether a product is as long as its input, within a second or two in a hundred."""
    return made > 0 and abs(made - given) <= max(1.0, given * 0.02)
