"""The last look, outside the sandbox: is this file what we asked for, and does it hold nothing else?

Lists of what may be there, never of what may not. Only lengths, names and sizes are read; no pixel or
sample is decoded here. Every failure is Rejected(unsafe): a child that made something else was taken over
or is broken.
"""

import os
import unicodedata
import zlib
from collections.abc import Iterator, Set
from pathlib import Path
from typing import BinaryIO

from media import text as texts
from media.limits import Code, Rejected

_PARENTS = {b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl"}
_LEAVES = {
    b"mvhd", b"tkhd", b"elst", b"mdhd", b"hdlr", b"vmhd", b"smhd", b"dref", b"stsd", b"stts", b"ctts",
    b"stss", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp",
}  # fmt: skip
# the empty user data box that ffmpeg's muxer always writes: a handler and a list without entries
_NO_USER_DATA = b"\0\0\0\x35meta\0\0\0\0\0\0\0\x21hdlr" + bytes(8) + b"mdirappl" + bytes(9) + b"\0\0\0\x08ilst"
# moov, trak, mdia, minf, stbl and what lies in it; no product of ours has more boxes side by side
_DEPTH, _COUNT = 6, 100
_HANDLERS = {b"vide", b"soun"}
_JPEG = {0xE0, 0xDB, 0xC4, 0xDD, 0xDA}  # JFIF header, tables, restart interval, scan
_PNG = {b"IHDR", b"PLTE", b"tRNS", b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"IDAT", b"IEND"}


def _unsafe(why: str) -> Rejected:
    return Rejected(Code.UNSAFE, detail=why)


def movie(path: Path, tracks: Set[bytes]) -> None:
    """ISO 14496-12: ftyp, moov, mdat in this order, known boxes only, no user data, exactly these tracks."""
    found: list[bytes] = []
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        order = [name for name, _, _ in _boxes(file, 0, size) if name != b"free"]
        if order != [b"ftyp", b"moov", b"mdat"]:
            raise _unsafe("boxes of the product are not ftyp, moov, mdat")
        start, end = next((s, e) for name, s, e in _boxes(file, 0, size) if name == b"moov")
        _inside(file, start, end, found)
    if sorted(found) != sorted(tracks):
        raise _unsafe("the product has other tracks than asked for")


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_COUNT):
        if at >= end:
            return
        file.seek(at)
        header = file.read(16)
        length, body = int.from_bytes(header[:4], "big"), 8
        if length == 1:
            length, body = int.from_bytes(header[8:16], "big"), 16
        if len(header) < 8 or length < body or at + length > end:
            raise _unsafe("a box of the product is broken")
        yield header[4:8], at + body, at + length
        at += length
    raise _unsafe("the product has too many boxes")


def _inside(file: BinaryIO, start: int, end: int, tracks: list[bytes], depth: int = 0) -> None:
    if depth > _DEPTH:
        raise _unsafe("boxes of the product lie too deep")
    for name, body, stop in list(_boxes(file, start, end)):
        if name in _PARENTS:
            _inside(file, body, stop, tracks, depth + 1)
        elif name not in _LEAVES and not (name == b"udta" and _read(file, body, stop) == _NO_USER_DATA):
            raise _unsafe("the product holds a box that does not belong there")
        elif name == b"hdlr":
            file.seek(body + 8)
            if (handler := file.read(4)) in _HANDLERS:
                tracks.append(handler)
        elif name in {b"mvhd", b"tkhd", b"mdhd"} and _dated(file, body):
            raise _unsafe("the product is dated")


def _read(file: BinaryIO, start: int, stop: int) -> bytes:
    file.seek(start)
    return file.read(min(stop - start, 4096))


def _dated(file: BinaryIO, body: int) -> bool:
    file.seek(body)
    head = file.read(20)
    return any(head[4:20] if head[:1] == b"\x01" else head[4:12])


def jpeg(path: Path, max_pixels: int) -> tuple[int, int]:
    """ITU-T T.81 annex B: width and height; JFIF header only, no comment, nothing after the end."""
    data = path.read_bytes()
    if data[:2] != b"\xff\xd8" or data[-2:] != b"\xff\xd9":
        raise _unsafe("not a whole JPEG")
    at, size = 2, (0, 0)
    while at + 4 <= len(data) and data[at] == 0xFF:
        mark, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if mark in (0xC0, 0xC1, 0xC2):
            size = int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        elif mark not in _JPEG or (mark == 0xE0 and data[at + 4 : at + 9] != b"JFIF\0"):
            raise _unsafe("the JPEG holds a segment that does not belong there")
        at += 2 + length
        if mark == 0xDA:
            at = _scan_end(data, at)
            if at == len(data) - 2:
                return _fits(size, max_pixels)
    raise _unsafe("the JPEG ends in a wrong place")


def _scan_end(data: bytes, at: int) -> int:
    """The next marker that is neither a stuffed zero nor a restart."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        else:
            return at
    return len(data)


def png(path: Path, max_pixels: int) -> tuple[int, int]:
    """PNG (third edition) section 5: width and height; known chunks, right sums, nothing after the end."""
    data, at = path.read_bytes(), 8
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise _unsafe("not a PNG")
    name = b""
    while at + 12 <= len(data) and name != b"IEND":
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        check = data[at + 8 + length : at + 12 + length]
        if name not in _PNG or zlib.crc32(data[at + 4 : at + 8 + length]).to_bytes(4, "big") != check:
            raise _unsafe("the PNG holds a chunk that does not belong there")
        at += 12 + length
    if name != b"IEND" or at != len(data):
        raise _unsafe("the PNG ends in a wrong place")
    return _fits((int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")), max_pixels)


def _fits(size: tuple[int, int], max_pixels: int) -> tuple[int, int]:
    if not 0 < size[0] * size[1] <= max_pixels:
        raise _unsafe("the picture is larger than asked for")
    return size


def plain(path: Path, max_chars: int) -> str:
    """UTF-8 text that `text.clean` would not change."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise _unsafe("the text is not UTF-8") from None
    if len(text) > max_chars or texts.clean(text) != text or not unicodedata.is_normalized("NFC", text):
        raise _unsafe("the text holds characters that do not belong there")
    return text
