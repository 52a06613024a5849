"""ISO 14496-12 and EBML taken apart and put together: recordings that point elsewhere, or at themselves."""

import struct
from collections.abc import Iterator

from tests.vectors.media.hostile import good
from tests.vectors.media.hostile.case import Case, Traps
from tests.vectors.media.hostile.pieces import pieces


def box(name: bytes, *bodies: bytes) -> bytes:
    """One box."""
    body = b"".join(bodies)
    return struct.pack(">I", len(body) + 8) + name + body


def replaced(data: bytes, name: bytes, new: bytes) -> bytes:
    """The movie with its first box of this name as `new`, all boxes around it made longer or shorter."""
    found = pieces("a.mp4", data)
    hit = next(piece for piece in found if data[piece.start + 4 : piece.start + 8] == name)
    out, more = bytearray(data), len(new) - (hit.end - hit.start)
    for piece in found:
        if piece.start < hit.start and piece.end >= hit.end:
            struct.pack_into(">I", out, piece.start, piece.end - piece.start + more)
    return bytes(out[: hit.start]) + new + bytes(out[hit.end :])


def body(data: bytes, name: bytes) -> bytes:
    """What lies in the first box of this name."""
    found = pieces("a.mp4", data)
    hit = next(piece for piece in found if data[piece.start + 4 : piece.start + 8] == name)
    return data[hit.start + 8 : hit.end]


def film() -> bytes:
    """A good mp4 whose index stands at its end: nothing moves when that grows."""
    return good.files()["film.mp4"][1]


def cases(traps: Traps) -> Iterator[Case]:
    """References to other files, absurd times, counts and sizes."""
    for of, data in _references(traps):
        yield Case(of, "video", "clip.mov", data)
        yield Case(of, "audio", "clip.m4a", data)
    for of, data in _absurd():
        yield Case(of, "video", "clip.mp4", data)
        yield Case(of, "audio", "clip.m4a", data)


def _references(traps: Traps) -> Iterator[tuple[str, bytes]]:
    path, http = traps.file("ts"), traps.url("canary.mov")
    for what, where in (("file", f"file://{path}"), ("path", path), ("address", http), ("neighbour", "canary.ts")):
        url = box(b"url ", b"\0\0\0\0", where.encode() + b"\0")
        yield f"mov: data reference to a {what}", replaced(film(), b"dref", box(b"dref", bytes(7) + b"\x01", url))
    alias = _alias(path)
    yield "mov: alias", replaced(film(), b"dref", box(b"dref", bytes(7) + b"\x01", box(b"alis", bytes(4), alias)))
    urn = box(b"urn ", bytes(4), b"name\0", http.encode() + b"\0")
    yield "mov: URN", replaced(film(), b"dref", box(b"dref", bytes(7) + b"\x01", urn))
    for kind in (b"url ", b"alis", b"rsrc"):
        rdrf = box(b"rdrf", bytes(4), kind, struct.pack(">I", len(http) + 1), http.encode() + b"\0")
        reference = box(b"moov", box(b"rmra", box(b"rmda", rdrf)))
        yield "mov: reference movie", box(b"ftyp", b"qt  ", bytes(4)) + reference


def _alias(path: str) -> bytes:
    """An alias record (version 2) with the path as its type 18, as ffmpeg's mov demuxer reads it."""
    folder, _, name = path.rpartition("/")
    head = bytes(4) + struct.pack(">HHH", 150 + 80, 2, 0) + bytes([1]) + b"/".ljust(27, b"\0") + bytes(12)
    head += bytes([len(name)]) + name.encode()[:63].ljust(63, b"\0") + bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    extra = b"".join(
        struct.pack(">hh", kind, len(text)) + text + bytes(len(text) % 2)
        for kind, text in ((2, path.encode()), (18, path.encode()), (19, folder.encode()))
    )
    return head + extra + struct.pack(">hh", -1, 0)


def _absurd() -> Iterator[tuple[str, bytes]]:
    data = film()
    entry = data.index(b"stts") + 4
    for what, count, delta in (("long pictures", 4, 0x7FFFFFFF), ("many pictures", 0xFFFFFFF0, 1), ("no time", 4, 0)):
        changed = bytearray(data)
        struct.pack_into(">III", changed, entry + 4, 1, count, delta)
        yield f"absurd times: {what}", bytes(changed)
    for scale in (1, 0xFFFFFFFF, 0):
        changed = bytearray(data)
        struct.pack_into(">I", changed, data.index(b"mdhd") + 16, scale)
        yield "absurd times: time scale", bytes(changed)
    empty = box(b"elst", struct.pack(">II", 0, 1), struct.pack(">IiI", 0x7FFFFFFF, -1, 0x10000))
    yield "absurd times: empty edit", replaced(data, b"elst", empty)
    looped = struct.pack(">IiI", 400, 0, 0x10000) * 2000
    yield "absurd times: 2000 edits", replaced(data, b"elst", box(b"elst", struct.pack(">II", 0, 2000), looped))
    slow = struct.pack(">IiI", 0xFFFFFFF, 0, 1)
    yield "absurd times: slow edit", replaced(data, b"elst", box(b"elst", struct.pack(">II", 0, 1), slow))
    yield from _absurd_sizes(data)


def _absurd_sizes(data: bytes) -> Iterator[tuple[str, bytes]]:
    for name, at in ((b"stsz", 8), (b"stco", 4), (b"stsc", 4), (b"stsd", 4), (b"dref", 4), (b"elst", 4)):
        changed = bytearray(data)
        struct.pack_into(">I", changed, data.index(name) + 4 + at, 0x0FFFFFFF)
        yield f"absurd counts: {name.decode()}", bytes(changed)
    changed = bytearray(data)
    at = data.index(b"avc1") + 4 + 24
    struct.pack_into(">HH", changed, at, 65535, 65535)
    yield "absurd sizes: 65535 x 65535", bytes(changed)
    changed = bytearray(data)
    struct.pack_into(">II", changed, data.index(b"tkhd") + 4 + 76, 0xFFFFFFFF, 0xFFFFFFFF)
    yield "absurd sizes: shown", bytes(changed)
    changed = bytearray(data)
    struct.pack_into(">9i", changed, data.index(b"tkhd") + 4 + 40, *([-(1 << 31)] * 9))
    yield "absurd sizes: matrix", bytes(changed)
    track = box(b"trak", body(data, b"trak"))
    yield "1000 tracks", replaced(data, b"udta", track * 1000)
    deep = b""
    for _ in range(3000):
        deep = box(b"moov", deep)
    yield "deep nesting: boxes", box(b"ftyp", b"isom", bytes(4)) + deep
    fragments = good.files()["fragments.mp4"][1]
    moof = fragments.index(b"moof") - 4
    yield "2000 fragments", fragments[:moof] + box(b"moof", body(fragments, b"moof")) * 2000
