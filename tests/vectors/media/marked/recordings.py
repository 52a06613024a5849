"""Sound and film with everything that phones, recorders and editors write beside the samples."""

import functools
import io
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.media import inputs
from tests.vectors.media.hostile.movies import body, box, replaced
from tests.vectors.media.hostile.pictures import chunk
from tests.vectors.media.marked.marks import Marked, mark
from tests.vectors.media.marked.pictures import xmp

_SEEN = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10")
_HEARD = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000")
_KEYS = (
    "title", "artist", "author", "album", "album_artist", "composer", "genre", "comment", "copyright", "description",
    "synopsis", "grouping", "lyrics", "show", "episode_id", "network", "keywords", "make", "model", "location",
    "location-eng", "performer", "publisher", "language", "encoded_by", "date", "track", "engineer", "serial",
    "com.apple.quicktime.model", "com.apple.quicktime.software", "com.apple.quicktime.author", "software", "device",
)  # fmt: skip
_ID3 = ("TIT2", "TIT1", "TIT3", "TPE1", "TPE2", "TPE3", "TPE4", "TALB", "TCOM", "TCON", "TCOP", "TDRC", "TENC", "TEXT",
        "TOWN", "TOPE", "TPUB", "TRSN", "TSRC", "TSSE", "TOFN", "TRCK")  # fmt: skip
_INFO = (
    "IARL",
    "IART",
    "ICMS",
    "ICMT",
    "ICOP",
    "ICRD",
    "IENG",
    "IGNR",
    "IKEY",
    "IMED",
    "INAM",
    "IPRD",
    "ISBJ",
    "ISFT",
    "ISRC",
    "ISRF",
    "ITCH",
)


def tags() -> list[str]:
    """Every key as ffmpeg takes it, for the file, its picture and its sound."""
    found = [part for key in _KEYS for part in ("-metadata", f"{key}={mark(key)}")]
    for stream in ("s:v:0", "s:a:0"):
        found += [
            part
            for key in ("handler_name", "title", "comment")
            for part in (f"-metadata:{stream}", f"{key}={mark(f'{stream[2]}.{key}')}")
        ]
    return found


def files() -> Iterator[Marked]:
    """Sound and film of each format."""
    yield from _sounds()
    yield from _films()


@functools.cache
def _encoded(name: str, *options: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return inputs.ffmpeg(Path(folder, name), *options, seconds=0.5).read_bytes()


def _tagged(name: str, data: bytes, *options: str, others: dict[str, bytes] | None = None) -> bytes:
    """The same packets in a new file with all tags; `others` are more inputs by name, taken whole."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, f"in-{name}"), Path(folder, name)
        given.write_bytes(data)
        inner = []
        for other, content in (others or {}).items():
            Path(folder, other).write_bytes(content)
            inner += ["-i", str(Path(folder, other))]
        maps = [
            part
            for number in range(1 + sum(n.endswith((".srt", ".png")) for n in (others or {})))
            for part in ("-map", str(number))
        ]
        command = [str(inputs.FFMPEG), "-v", "error", "-nostdin", "-y", "-i", str(given), *inner, *maps, "-c", "copy"]
        subprocess.run([*command, *tags(), *options, str(made)], check=True, timeout=60)
        return made.read_bytes()


def _chapters() -> bytes:
    return f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=2\ntitle={mark('chapter')}\n".encode()


def _subtitles() -> bytes:
    return f"1\n00:00:00,000 --> 00:00:00,400\n{mark('subtitle')}\n".encode()


def _cover() -> bytes:
    out = io.BytesIO()
    inputs.drawing(16, 16).save(out, "PNG")
    return out.getvalue()[:33] + chunk(b"tEXt", b"Author\0" + mark("cover").encode()) + out.getvalue()[33:]


def _sounds() -> Iterator[Marked]:
    bare = _encoded("sound.m4a", *_HEARD, "-c:a", "aac")
    yield Marked(
        "sound",
        "audio",
        "sound.m4a",
        _boxed(_tagged("sound.m4a", bare, "-disposition:v:0", "attached_pic", others={"cover.png": _cover()})),
        bare,
    )
    bare = _encoded("sound.mp3", *_HEARD, "-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0")
    yield Marked("sound", "audio", "sound.mp3", _id3() + bare + _ape() + _id3v1(), bare)
    bare = _encoded("sound.wav", *_HEARD)
    yield Marked("sound", "audio", "sound.wav", _wave(bare), bare)
    bare = _encoded("sound.flac", *_HEARD)
    yield Marked("sound", "audio", "sound.flac", _flac(_tagged("sound.flac", bare)), bare)
    bare = _encoded("sound.ogg", *_HEARD, "-c:a", "libvorbis")
    yield Marked("sound", "audio", "sound.ogg", _tagged("sound.ogg", bare), bare)
    bare = _encoded("sound.webm", *_HEARD, "-c:a", "libopus")
    yield Marked("sound", "audio", "sound.webm", _tagged("sound.webm", bare), _tagged_bare("sound.webm", bare))


def _films() -> Iterator[Marked]:
    x264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    sei = ("-bsf:v", f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{mark('SEI')}")
    bare = _encoded("film.mp4", *_SEEN, *_HEARD, *x264)
    for name, more in (("film.mp4", ()), ("film.mov", ("-timecode", "10:20:30:04"))):
        extra = ("-movflags", "use_metadata_tags") if name == "film.mov" else ()
        others = {"words.srt": _subtitles()}
        made = _tagged(
            name,
            bare,
            *sei,
            *extra,
            *more,
            "-c:s",
            "mov_text",
            "-metadata:s:s:0",
            f"handler_name={mark('s.handler')}",
            others=others,
        )
        yield Marked("video", "video", name, _boxed(made), bare if name == "film.mp4" else _tagged_bare(name, bare))
    bare = _encoded("film.mkv", *_SEEN, *_HEARD, *x264)
    yield Marked("video", "video", "film.mkv", _matroska(bare, sei), bare)
    bare = _encoded("film.webm", *_SEEN, *_HEARD, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")
    yield Marked("video", "video", "film.webm", _tagged("film.webm", bare), bare)
    bare = _encoded("film.avi", *_SEEN, *_HEARD, "-c:v", "mpeg4", "-c:a", "libmp3lame")
    info = _list(b"INFO", [(name.encode(), mark(f"info.{name}")) for name in _INFO])
    made = _tagged("film.avi", bare) + info + _riff(b"JUNK", mark("JUNK").encode()) + _riff(b"_PMX", xmp("avi"))
    yield Marked("video", "video", "film.avi", made[:4] + struct.pack("<I", len(made) - 8) + made[8:], bare)


def _tagged_bare(name: str, data: bytes) -> bytes:
    """The same packets in another container, nothing added."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, f"in-{name}"), Path(folder, name)
        given.write_bytes(data)
        subprocess.run(
            [str(inputs.FFMPEG), "-v", "error", "-i", str(given), "-c", "copy", str(made)], check=True, timeout=60
        )
        return made.read_bytes()


def _matroska(bare: bytes, sei: tuple[str, ...]) -> bytes:
    """Tags, subtitles, chapters and an attachment."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for other, content in {
            "in.mkv": bare,
            "w.srt": _subtitles(),
            "c.ffmeta": _chapters(),
            "a.txt": mark("attachment").encode(),
        }.items():
            (folder / other).write_bytes(content)
        given = [part for other in ("in.mkv", "w.srt", "c.ffmeta") for part in ("-i", str(folder / other))]
        attached = [
            "-attach",
            str(folder / "a.txt"),
            "-metadata:s:t",
            "mimetype=text/plain",
            "-metadata:s:t",
            f"filename={mark('attachment.name')}",
        ]
        command = [
            str(inputs.FFMPEG),
            "-v",
            "error",
            "-nostdin",
            "-y",
            *given,
            "-map",
            "0",
            "-map",
            "1",
            "-map_chapters",
            "2",
            *attached,
        ]
        subprocess.run([*command, "-c", "copy", *tags(), *sei, str(folder / "out.mkv")], check=True, timeout=60)
        return (folder / "out.mkv").read_bytes()


def _boxed(data: bytes) -> bytes:
    """More boxes: user data of cameras, XMP, free space, what stands after the end (ISO 14496-12, QuickTime)."""
    xyz = "".join(("+51.5074-000.1278/", mark("xyz"))).encode()
    names = (b"\xa9swr", b"\xa9mak", b"\xa9mod", b"\xa9inf", b"\xa9src", b"\xa9wrt", b"\xa9fmt", b"\xa9isr")
    text = [
        box(name, struct.pack(">HH", len(words), 0), words)
        for name in names
        for words in [mark(f"udta.{name[1:].decode()}").encode()]
    ]
    loci = box(b"loci", bytes(6) + mark("loci").encode() + b"\0" + bytes(14))
    user = box(
        b"udta",
        *text,
        box(b"\xa9xyz", struct.pack(">HH", len(xyz), 0x15C7), xyz),
        loci,
        box(b"SNum", mark("SNum").encode()),
        box(b"auth", bytes(6) + mark("auth").encode() + b"\0"),
    )
    moov = replaced(data, b"moov", box(b"moov", body(data, b"moov"), user))
    packet = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), xmp("mp4"))
    return moov + packet + box(b"free", mark("free").encode()) + box(b"skip", mark("skip").encode())


def _frame(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">I", len(content)) + b"\0\0" + content


def _id3() -> bytes:
    """ID3v2.3: text frames, comment, lyrics, cover, object, private, identifier, links."""
    frames = [_frame(name.encode(), b"\0" + mark(f"id3.{name}").encode()) for name in _ID3]
    frames += [
        _frame(b"TXXX", b"\1" + "\ufeffkey".encode("utf-16-le") + b"\0\0" + b"\xff\xfe" + mark("id3.TXXX").encode("utf-16-le")),
        _frame(b"COMM", b"\0eng\0" + mark("id3.COMM").encode()), _frame(b"USLT", b"\0eng\0" + mark("id3.USLT").encode()),
        _frame(b"APIC", b"\0image/png\0\x03\0" + _cover()), _frame(b"GEOB", b"\0a/b\0c\0d\0" + mark("id3.GEOB").encode()),
        _frame(b"PRIV", mark("id3.PRIV").encode() + b"\0x"), _frame(b"UFID", mark("id3.UFID").encode() + b"\0x"),
        _frame(b"WXXX", b"\0\0http://" + mark("id3.WXXX").encode()), _frame(b"CHAP", b"c\0" + bytes(16) + _frame(b"TIT2", b"\0" + mark("id3.CHAP").encode())),
    ]  # fmt: skip
    size = len(whole := b"".join(frames))
    return b"ID3\x03\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127]) + whole


def _id3v1() -> bytes:
    return (
        b"TAG"
        + b"".join(mark(name).encode().ljust(30, b"\0")[:30] for name in ("v1title", "v1artist", "v1album"))
        + b"2020"
        + mark("v1comment").encode().ljust(31, b"\0")
    )


def _ape() -> bytes:
    items = b"".join(
        struct.pack("<II", len(mark(f"ape.{key}")), 0) + key.encode() + b"\0" + mark(f"ape.{key}").encode()
        for key in ("Artist", "Comment", "Place", "File")
    )
    head, foot = (
        b"APETAGEX" + struct.pack("<IIII", 2000, len(items) + 32, 4, flags) + bytes(8)
        for flags in (0xA0000000, 0x80000000)
    )
    return head + items + foot


def _riff(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _list(kind: bytes, found: list[tuple[bytes, str]]) -> bytes:
    return _riff(b"LIST", kind + b"".join(_riff(name, words.encode() + b"\0") for name, words in found))


def _wave(bare: bytes) -> bytes:
    """INFO, bext (EBU Tech 3285), iXML, labels, cart, ID3, XMP, what is unknown."""
    start = bare.index(b"data")
    bext = mark("bext.description").encode().ljust(256, b"\0") + mark("bext.originator").encode().ljust(32, b"\0")
    bext += (
        mark("bext.ref").encode().ljust(32, b"\0") + b"2020-01-0110:20:30" + bytes(264) + mark("bext.history").encode()
    )
    more = (
        _list(b"INFO", [(name.encode(), mark(f"info.{name}")) for name in _INFO]), _riff(b"bext", bext),
        _riff(b"iXML", f"<BWFXML><NOTE>{mark('ixml.note')}</NOTE><SCENE>{mark('ixml.scene')}</SCENE></BWFXML>".encode()),
        _list(b"adtl", [(b"labl", "\1\0\0\0" + mark("labl")), (b"note", "\1\0\0\0" + mark("note"))]),
        _riff(b"cart", mark("cart").encode()), _riff(b"id3 ", _id3()), _riff(b"_PMX", xmp("wav")), _riff(b"axml", mark("axml").encode()),
        _riff(b"umid", mark("umid").encode()), _riff(b"DISP", mark("DISP").encode()), _riff(b"Pvt ", mark("private").encode()),
    )  # fmt: skip
    whole = bare[:start] + b"".join(more) + bare[start:]
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


def _flac(data: bytes) -> bytes:
    """More blocks: application, picture, cue sheet, padding that is none (RFC 9639)."""
    picture = (
        struct.pack(">II", 3, 9)
        + b"image/png"
        + struct.pack(">I", len(mark("picture")))
        + mark("picture").encode()
        + bytes(16)
        + struct.pack(">I", len(_cover()))
        + _cover()
    )
    blocks = ((2, b"Prvt" + mark("application").encode()), (6, picture), (1, mark("padding").encode()))
    return (
        data[:42]
        + b"".join(bytes([kind]) + len(content).to_bytes(3, "big") + content for kind, content in blocks)
        + data[42:]
    )
