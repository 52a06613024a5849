"""Pictures that are huge in little, lie about where their parts are, or are something else as well."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.vectors.media.hostile import good, movies, papers
from tests.vectors.media.hostile.case import Case, Traps


def cases(traps: Traps) -> Iterator[Case]:
    """All of them; polyglots last."""
    for of, data in _png(traps):
        yield Case(of, "letter", "scan.png", data)
    for of, data in _jpeg():
        yield Case(of, "letter", "photo.jpg", data)
    for of, data in _tiff():
        yield Case(of, "letter", "scan.tiff", data)
    for of, data in _heic(traps):
        yield Case(of, "letter", "photo.heic", data)
    yield from _two_faces(traps)


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk with its sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    width: int, height: int, data: bytes, *, before: bytes = b"", depth: int = 8, colour: int = 2, woven: int = 0
) -> bytes:
    """A PNG with this header and this deflated data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, woven))
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _png(traps: Traps) -> Iterator[tuple[str, bytes]]:
    little = zlib.compress(bytes(10_000))
    for width, height in (
        (60_000, 60_000),
        (0x7FFFFFFF, 1),
        (1, 0x7FFFFFFF),
        (0, 0),
        (29_999, 3_999),
        (0xFFFFFFFF, 0xFFFFFFFF),
    ):
        for depth, colour in ((8, 2), (16, 6), (1, 0)):
            yield "PNG bomb: huge", png(width, height, little, depth=depth, colour=colour)
    yield "PNG: 100000 chunks", png(9, 9, little, before=chunk(b"tEXt", b"a\0b") * 100_000)
    yield "PNG: moving", png(9, 9, little, before=chunk(b"acTL", struct.pack(">II", 0xFFFFFFFF, 0)))
    yield "PNG: absurd palette", png(9, 9, little, before=chunk(b"PLTE", bytes(3 * 3000)), colour=3)
    yield "PNG: no end of the data", png(900, 900, zlib.compress(bytes(900 * 2701))[:-20])
    link = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a href="{traps.url()}"/></x:xmpmeta>'.encode()
    yield "links in pictures", png(9, 9, little, before=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + link))


def _jpeg() -> Iterator[tuple[str, bytes]]:
    data = good.files()["progressive.jpg"][1]
    size = data.index(b"\xff\xc2") + 5
    for height, width in ((65500, 65500), (65535, 65535), (0, 64), (11_000, 10_900), (1, 65535)):
        yield "JPEG bomb: huge", data[:size] + struct.pack(">HH", height, width) + data[size + 4 :]
    scan = data.index(b"\xff\xda")
    last = data.rindex(b"\xff\xda")
    big = data[:size] + struct.pack(">HH", 8000, 8000) + data[size + 4 : scan]
    yield "JPEG bomb: 3000 scans", big + data[last:-2] * 3000 + b"\xff\xd9"
    yield "JPEG: tables again and again", data[:2] + _tables(data) * 3000 + data[2:]
    yield "JPEG: application data", data[:2] + (b"\xff\xe1\xff\xff" + b"Exif\0\0" + bytes(65527)) * 60 + data[2:]
    yield "JPEG: comments", data[:2] + (b"\xff\xfe\xff\xff" + bytes(65533)) * 60 + data[2:]
    exif = b"Exif\0\0II*\0\x08\0\0\0" + _directory(
        [(0x0112, 3, 1, 6), (0x8769, 4, 1, 8), (0x8825, 4, 1, 8)], following=8
    )
    yield "JPEG: a circle of tags", data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    outside = b"Exif\0\0II*\0\x08\0\0\0" + _directory([(0x010F, 2, 0xFFFFFFFF, 0xFFFFFF00), (0x0201, 4, 1, 0xFFFFFFF0)])
    yield (
        "JPEG: tags that point outside",
        data[:2] + b"\xff\xe1" + struct.pack(">H", len(outside) + 2) + outside + data[2:],
    )
    mpf = b"MPF\0II*\0\x08\0\0\0" + _directory(
        [(0xB000, 7, 4, 0x30303130), (0xB001, 4, 1, 0xFFFFFF), (0xB002, 7, 0xFFFFFF0, 50)]
    )
    yield "JPEG: many pictures told", data[:2] + b"\xff\xe2" + struct.pack(">H", len(mpf) + 2) + mpf + data[2:]
    profile = b"ICC_PROFILE\0\x01\xff" + b"\xff" * 900
    yield "JPEG: profile", data[:2] + b"\xff\xe2" + struct.pack(">H", len(profile) + 2) + profile + data[2:]


def _tables(data: bytes) -> bytes:
    at = data.index(b"\xff\xdb")
    return data[at : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]


def _directory(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """TIFF 6.0, section 2: a directory in Intel order."""
    listed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + listed + struct.pack("<I", following)


def tiff(*entries: tuple[int, int, int, int], data: bytes = b"", following: int = 0) -> bytes:
    """One directory at 8, and data after it."""
    return b"II*\0\x08\0\0\0" + _directory(sorted(entries), following) + data


def _page(
    width: int, height: int, compression: int, at: int, size: int, bits: int = 8
) -> list[tuple[int, int, int, int]]:
    return [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, bits), (259, 3, 1, compression), (262, 3, 1, 1),
            (273, 4, 1, at), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, size)]  # fmt: skip


def _tiff() -> Iterator[tuple[str, bytes]]:
    here = 8 + 2 + 9 * 12 + 4
    for compression in (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34712, 34925, 50000, 50001):
        data = zlib.compress(bytes(20 << 20)) if compression in (8, 32946) else bytes(3000)
        for width, height in ((60_000, 60_000), (10_900, 10_900), (90, 90)):
            yield (
                f"TIFF bomb: compression {compression}",
                tiff(*_page(width, height, compression, here, len(data)), data=data),
            )
    yield "TIFF: tags that point outside", tiff(*_page(90, 90, 1, 0xFFFFFF00, 0xFFFFFFFF))
    yield (
        "TIFF: tags that point outside",
        tiff(*_page(90, 90, 1, here, 9000), (700, 1, 0xFFFFFFFF, 9), (330, 4, 0xFFFFFFF, 12)),
    )
    yield "TIFF: tags that point outside", tiff(*_page(90, 90, 5, 8, 4))
    yield "TIFF: a circle of pages", tiff(*_page(9, 9, 1, here, 81), data=bytes(81), following=8)
    yield "TIFF: a circle of pages", tiff(*_page(9, 9, 1, here, 81), (330, 4, 1, 8), data=bytes(81), following=8)
    many = b"".join(_directory(_page(9, 9, 1, 0, 81), 8 + (n + 1) * 114) for n in range(5000))
    yield "TIFF: 5000 pages", b"II*\0\x08\0\0\0" + many
    large = b"".join(
        _directory(_page(10_900, 10_900, 8, 9, 9), 8 + (n + 1) * 114 if n < 150 else 0) for n in range(151)
    )
    yield "TIFF: 150 huge pages", b"II*\0\x08\0\0\0" + large
    for tag, kind, count, value in ((322, 4, 1, 0), (323, 4, 1, 0xFFFFFFF), (277, 3, 1, 65535), (258, 3, 1, 64), (262, 3, 1, 6),
                                    (284, 3, 1, 2), (317, 3, 1, 3), (339, 3, 1, 3), (530, 3, 2, 0), (278, 4, 1, 0)):  # fmt: skip
        others = [entry for entry in _page(90, 90, 1, here + 12, 9000) if entry[0] != tag]
        yield "TIFF: absurd tags", tiff(*others, (tag, kind, count, value), data=bytes(9000))
    yield "TIFF: big", b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 0xFFFFFFFFFFFF)


def _heic(traps: Traps) -> Iterator[tuple[str, bytes]]:
    data = good.files()["photo.heic"][1]
    at = data.index(b"ispe") + 8
    for width, height in ((60_000, 60_000), (0xFFFFFFFF, 0xFFFFFFFF), (10_900, 10_900), (0, 0)):
        yield "HEIC bomb: huge", data[:at] + struct.pack(">II", width, height) + data[at + 8 :]
    at = data.index(b"iloc") + 4
    for new in (b"\0\0\0\0\x44\x00\xff\xff", b"\x01\0\0\0\x88\x88\0\x01", b"\x02\0\0\0\xff\xff\xff\xff\xff\xff"):
        yield "HEIC: parts that lie elsewhere", data[:at] + new + data[at + len(new) :]
    for name in (b"iinf", b"pitm", b"ipma", b"hvcC"):
        at = data.index(name) + 4
        yield "HEIC: absurd counts", data[:at] + b"\0\0\0\0\xff\xff\xff\xff" + data[at + 8 :]
    url = movies.box(
        b"dinf", movies.box(b"dref", bytes(7) + b"\x01", movies.box(b"url ", bytes(4), traps.url().encode() + b"\0"))
    )
    yield "HEIC: data reference", movies.replaced(data, b"pitm", url + movies.box(b"pitm", movies.body(data, b"pitm")))
    circle = movies.box(
        b"iref",
        bytes(4),
        movies.box(b"dimg", struct.pack(">HHH", 1, 1, 1)),
        movies.box(b"thmb", struct.pack(">HHH", 1, 1, 1)),
    )
    yield (
        "HEIC: a circle of references",
        movies.replaced(data, b"pitm", movies.box(b"pitm", movies.body(data, b"pitm")) + circle),
    )
    for kind in (b"grid", b"iovl", b"iden", b"mime", b"Exif", b"unci", b"av01", b"j2k1"):
        changed = data.replace(b"hvc1", kind, 1) if b"hvc1" in data else data
        yield "HEIC: other items", changed
    deep = b""
    for _ in range(5000):
        deep = movies.box(b"meta", bytes(4), deep)
    yield "deep nesting: HEIC", data[: data.index(b"meta") - 4] + deep


def _two_faces(traps: Traps) -> Iterator[Case]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("run.sh", f"cat {traps.file('txt')}")
    second = {"zip": archive.getvalue(), "PDF": papers.one(), "JavaScript": f"*/=1;fetch('{traps.url()}')/*".encode(),
              "HTML": f"<script>fetch('{traps.url()}')</script>".encode(), "PHP": b"<?php system('id'); ?>",
              "ELF": b"\x7fELF\x02\x01\x01" + bytes(90), "RAR": b"Rar!\x1a\x07\0" + bytes(90)}  # fmt: skip
    for name in (
        "photo.jpg",
        "scan.png",
        "scan.tiff",
        "photo.heic",
        "letter.pdf",
        "film.mp4",
        "sound.mp3",
        "sound.wav",
    ):
        kind, data = good.files()[name]
        for what, more in second.items():
            yield Case(f"polyglot: with {what} behind", kind, name, data + more)
        yield Case(
            "disguised name", kind, {"letter": "letter.docx", "video": "clip.wav", "audio": "sound.mp4"}[kind], data
        )
        yield Case("disguised name", "letter" if kind != "letter" else "video", name, data)
    word = good.files()["letter.docx"][1]
    yield Case("polyglot: PDF and zip", "letter", "letter.pdf", papers.one() + word)
    yield Case("polyglot: PDF and zip", "letter", "letter.docx", papers.one() + word)
    commented = word[:-2] + struct.pack("<H", 60) + b"%PDF-1.7 1 0 obj <<>> endobj trailer <<>> %%EOF".ljust(60)
    yield Case("polyglot: PDF and zip", "letter", "letter.docx", commented)
    for form in ("GIF", "BMP", "WEBP", "ICO", "PPM", "TGA", "DDS", "PCX", "SGI", "EPS", "ICNS", "JPEG2000", "AVIF"):
        out = io.BytesIO()
        Image.new("RGB", (32, 32), "white").save(out, form)
        yield Case("pictures that are not taken", "letter", "photo.jpg", out.getvalue())
        yield Case("pictures that are not taken", "letter", f"photo.{form.lower()}", out.getvalue())
