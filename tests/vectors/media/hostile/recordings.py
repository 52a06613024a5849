"""Recordings with what does not belong into a message: absurd headers, rare codecs, other streams, no end."""

import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.media import inputs
from tests.vectors.media.hostile import good
from tests.vectors.media.hostile.case import Case, Traps
from tests.vectors.media.hostile.pieces import elements

_SEEN = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10")
_HEARD = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=8000")
# codecs that are not taken, in containers that are
_RARE = {
    "avi": (
        "magicyuv",
        "huffyuv",
        "ffvhuff",
        "ffv1",
        "cinepak",
        "asv1",
        "snow",
        "zlib",
        "rawvideo",
        "utvideo",
        "flashsv",
    ),
    "mkv": ("ffv1", "png", "dirac", "rawvideo", "gif", "cfhd"),
    "mov": ("qtrle", "rpza", "png", "cfhd", "hap", "jpeg2000", "dnxhd", "smc", "v210"),
}
_RARE_SOUND = {"mkv": ("tta", "wavpack", "truehd", "mlp"), "wav": ("adpcm_ima_wav", "adpcm_ms", "g726", "adpcm_yamaha")}


def cases(traps: Traps) -> Iterator[Case]:
    """All of them."""
    yield from _rare()
    yield from _streams(traps)
    yield from _absurd_sound()
    yield from _absurd_matroska()
    yield from _endless()
    yield from _tags(traps)


def _rare() -> Iterator[Case]:
    with tempfile.TemporaryDirectory() as folder:
        for ending, codecs in _RARE.items():
            for codec in codecs:
                path = Path(folder, f"{codec}.{ending}")
                options = (*_SEEN, *_HEARD, "-c:v", codec, "-c:a", "pcm_s16le", "-strict", "-2")
                yield from _encoded("video", path, options)
        for ending, codecs in _RARE_SOUND.items():
            for codec in codecs:
                path = Path(folder, f"{codec}.{ending}")
                yield from _encoded("audio", path, (*_HEARD, "-c:a", codec, "-strict", "-2"))


def _encoded(kind: str, path: Path, options: tuple[str, ...]) -> Iterator[Case]:
    """A file of this codec, where this ffmpeg can write it."""
    command = [str(inputs.FFMPEG), "-v", "quiet", "-nostdin", "-y", *options, "-t", "0.3", str(path)]
    if subprocess.run(command, check=False, timeout=60).returncode == 0 and path.stat().st_size:
        yield Case("rare codecs", kind, path.name, path.read_bytes())


def _streams(traps: Traps) -> Iterator[Case]:
    """Subtitles, attachments, data, chapters, a cover: beside picture and sound, and alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "film.mkv").write_bytes(good.files()["film.mkv"][1])
        (folder / "words.srt").write_text(f"1\n00:00:00,000 --> 00:00:01,000\n<img src='{traps.url()}'>{{\\an8}}\n")
        (folder / "words.ass").write_text(
            f"[Script Info]\n[Events]\nDialogue: 0,0:0:0.0,0:0:1.0,,{{\\fn{traps.file('txt')}}}x\n"
        )
        (folder / "cue.txt").write_text(f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle={traps.url()}\n")
        film, base = folder / "film.mkv", [str(inputs.FFMPEG), "-v", "quiet", "-nostdin", "-y"]
        attached = (
            "-attach",
            str(folder / "words.srt"),
            "-metadata:s:t",
            "mimetype=font/ttf",
            "-metadata:s:t",
            f"filename={traps.file('ttf')}",
        )
        for of, extra in (
            ("subtitle streams", ("-i", str(folder / "words.srt"), "-map", "0", "-map", "1")),
            ("subtitle streams", ("-i", str(folder / "words.ass"), "-map", "0", "-map", "1")),
            ("subtitle streams", ("-i", str(folder / "words.srt"), "-map", "1")),
            ("attachment streams", attached),
            ("chapters", ("-i", str(folder / "cue.txt"), "-map_metadata", "1", "-map", "0")),
        ):
            made = folder / "made.mkv"
            subprocess.run([*base, "-i", str(film), *extra, "-c", "copy", str(made)], check=True, timeout=60)
            for kind in ("video", "audio"):
                yield Case(of, kind, "clip.mkv", made.read_bytes())


def _absurd_sound() -> Iterator[Case]:
    for what, values in {
        "channels": (1, 65535, 8000, 16000, 2, 16), "rate": (1, 1, 0xFFFFFFFF, 16000, 2, 16), "no rate": (1, 1, 0, 0, 2, 16),
        "no block": (1, 1, 8000, 0, 0, 0), "bits": (1, 1, 8000, 16000, 2, 65535), "slow": (1, 1, 1, 2, 2, 16),
        "codec": (0x1234, 1, 8000, 16000, 2, 16), "extensible": (0xFFFE, 64, 8000, 16000, 2, 16),
    }.items():  # fmt: skip
        form = struct.pack("<HHIIHH", *values)
        data = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", 4000) + bytes(4000)
        yield Case(f"absurd sound: {what}", "audio", "sound.wav", b"RIFF" + struct.pack("<I", len(data)) + data)
    flac = good.files()["sound.flac"][1]
    for at, new in ((18, b"\xff\xff\xff\xff"), (18, bytes(8)), (22, b"\xff" * 4)):
        yield Case("absurd sound: FLAC", "audio", "sound.flac", flac[:at] + new + flac[at + len(new) :])
    sheet = b"\x05" + (396).to_bytes(3, "big") + b"1" * 128 + b"\xff" * 268
    yield Case("cue sheet within FLAC", "audio", "sound.flac", flac[:42] + sheet + flac[42:])
    picture = b"\x06" + b"\xff\xff\xff" + struct.pack(">I", 3) + b"\xff" * 60
    yield Case("absurd sound: picture block", "audio", "sound.flac", flac[:42] + picture + flac[42:])
    ogg = good.files()["sound.ogg"][1]
    yield Case("chained streams", "audio", "sound.ogg", ogg * 60)


def _absurd_matroska() -> Iterator[Case]:
    data = good.files()["film.webm"][1]
    for what, name, new in (
        ("time scale", b"\x2a\xd7\xb1", b"\x83\xff\xff\xff"), ("time scale", b"\x2a\xd7\xb1", b"\x83\0\0\0"),
        ("duration", b"\x44\x89", b"\x88\x7f\xef\xff\xff\xff\xff\xff\xff"), ("width", b"\xb0", b"\x81\xff"),
        ("channels", b"\x9f", b"\x81\xff"), ("lacing", b"\xa3", b"\xff"),
    ):  # fmt: skip
        at = data.index(name) + len(name)
        yield Case(f"absurd webm: {what}", "video", "clip.webm", data[:at] + new + data[at + len(new) :])
    head = next(iter(elements(data)))
    cluster = b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7
    segment = b"\x18\x53\x80\x67\x01" + b"\xff" * 7
    yield Case("deep nesting: clusters", "video", "clip.webm", data[: head.end] + segment + cluster * 5000)
    yield Case(
        "deep nesting: tags", "video", "clip.mkv", data[: head.end] + segment + (b"\x73\x73\x01" + b"\xff" * 7) * 5000
    )
    yield Case("linked segments", "video", "clip.mkv", data.replace(b"Lavf", b"\x3e\xb9\x23\x90"))


def _endless() -> Iterator[Case]:
    """Files whose end never comes, or whose pieces say so."""
    mp3 = good.files()["sound.mp3"][1]
    yield Case("endless: tag", "audio", "sound.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + mp3)
    yield Case("endless: tags", "audio", "sound.mp3", b"ID3\x04\0\0\0\0\0\0" * 20000 + mp3)
    yield Case("endless: zeros", "audio", "sound.mp3", b"ID3\x04\0\0\0\0\0\0" + bytes(3 << 20))
    yield Case("endless: zeros", "audio", "sound.aac", b"\xff\xf1" + bytes(3 << 20))
    yield Case(
        "endless: a rising wave", "audio", "sound.wav", b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff" + bytes(1 << 20)
    )
    yield Case("endless: frames of nothing", "audio", "sound.amr", b"#!AMR\n" + b"\x7c" * (1 << 20))
    wave = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 1, 1, 1, 8)
    yield Case("endless: one sample a second", "audio", "sound.wav", wave + b"data\xff\xff\xff\xff" + bytes(8000))
    page = b"OggS\0\0" + bytes(8) + b"\1\0\0\0" + bytes(8) + b"\xff" + b"\xff" * 255
    yield Case("endless: pages", "audio", "sound.ogg", page * 3000)
    flac = good.files()["sound.flac"][1]
    yield Case("endless: blocks", "audio", "sound.flac", flac[:4] + b"\x01\0\0\0" * 100_000 + flac[4:])


def _tags(traps: Traps) -> Iterator[Case]:
    """A cover that lies elsewhere, links, terms: ID3v2 frames (2.4.0, 4.3, 4.14, 4.20)."""
    http, mp3 = traps.url("cover.png").encode(), good.files()["sound.mp3"][1]
    for frame, content in ((b"APIC", b"\0-->\0\x03\0" + http), (b"LINK", b"APIC" + http + b"\0"), (b"WCOM", http),
                           (b"AENC", http + b"\0" + bytes(4)), (b"GEOB", b"\0text/html\0a.html\0\0<img src=" + http + b">")):  # fmt: skip
        body = frame + struct.pack(">I", len(content)) + b"\0\0" + content
        tag = b"ID3\x03\0\0" + bytes([0, 0, len(body) >> 7 & 127, len(body) & 127]) + body
        yield Case("links in tags", "audio", "sound.mp3", tag + mp3)
