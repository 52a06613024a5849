"""Good files broken on purpose: bytes flipped, cut, repeated; pieces with wrong lengths, twice, gone, foreign, nested."""

import io
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.vectors.media.hostile import good
from tests.vectors.media.hostile.case import Case
from tests.vectors.media.hostile.pieces import Piece, pieces

_WRONG = (0, 1, 7, 0x7F, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1)
Change = Callable[[random.Random, bytes, list[Piece]], bytes]


def _flip(some: random.Random, data: bytes, many: int) -> bytes:
    out = bytearray(data)
    for _ in range(many):
        out[some.randrange(len(out))] ^= 1 << some.randrange(8)
    return bytes(out)


def _flipped(some: random.Random, data: bytes, _: list[Piece]) -> bytes:
    return _flip(some, data, some.choice((1, 4, 16, 64)))


def _head_flipped(some: random.Random, data: bytes, _: list[Piece]) -> bytes:
    at = min(len(data), 256)
    return data[:8] + _flip(some, data[8:at] or b"\0", some.choice((1, 3, 9))) + data[at:]


def _overwritten(some: random.Random, data: bytes, _: list[Piece]) -> bytes:
    at, long = some.randrange(len(data)), some.choice((4, 16, 200))
    return data[:at] + some.choice((bytes(long), b"\xff" * long, some.randbytes(long))) + data[at + long :]


def _cut(some: random.Random, data: bytes, _: list[Piece]) -> bytes:
    at, long = some.randrange(8, max(9, len(data))), some.randrange(1, 1 + len(data) // 3)
    return data[:at] if some.random() < 0.4 else data[:at] + data[at + long :]


def _repeated(some: random.Random, data: bytes, _: list[Piece]) -> bytes:
    at = some.randrange(len(data))
    long = some.randrange(1, 2 + len(data) // 3)
    return data[:at] + data[at : at + long] * some.choice((2, 3, 40)) + data[at + long :]


def _length(some: random.Random, data: bytes, found: list[Piece]) -> bytes:
    with_length = [piece for piece in found if piece.width]
    if not with_length:
        return _overwritten(some, data, found)
    piece = some.choice(with_length)
    order = "little" if piece.little else "big"
    mask = (1 << 8 * piece.width) - 1
    now = int.from_bytes(data[piece.at : piece.at + piece.width], order)  # type: ignore[arg-type]
    wrong = some.choice((*_WRONG, now - 1, now + 1, now * 2, len(data)))
    return _put(data, piece.at, (wrong & mask).to_bytes(piece.width, order))  # type: ignore[arg-type]


def _twice(some: random.Random, data: bytes, found: list[Piece]) -> bytes:
    piece = some.choice(found)
    return data[: piece.end] + data[piece.start : piece.end] * some.choice((1, 1, 30)) + data[piece.end :]


def _gone(some: random.Random, data: bytes, found: list[Piece]) -> bytes:
    piece = some.choice(found)
    return data[: piece.start] + data[piece.end :]


def _swapped(some: random.Random, data: bytes, found: list[Piece]) -> bytes:
    one, other = sorted((some.choice(found), some.choice(found)), key=lambda piece: piece.start)
    if one.end > other.start:
        return _gone(some, data, found)
    first, second = data[one.start : one.end], data[other.start : other.end]
    return data[: one.start] + second + data[one.end : other.start] + first + data[other.end :]


def _grafted(some: random.Random, data: bytes, found: list[Piece]) -> bytes:
    """A piece of another format's file in the place of one of ours."""
    name, (_, foreign) = some.choice(sorted(good.files().items()))
    theirs, ours = some.choice(pieces(name, foreign)), some.choice(found)
    return data[: ours.start] + foreign[theirs.start : theirs.end] + data[ours.end :]


def _nested(some: random.Random, data: bytes, found: list[Piece]) -> bytes:
    """A piece within itself, again and again."""
    piece = some.choice(found)
    whole = data[piece.start : piece.end]
    head = whole[: min(len(whole), 12)]
    return data[: piece.start] + head * some.choice((20, 400)) + whole + data[piece.end :]


def _inside_flipped(some: random.Random, data: bytes, found: list[Piece]) -> bytes:
    """Bytes of one piece changed, and its sum made right again where it has one (PNG)."""
    piece = some.choice(found)
    inner = _flip(some, data[piece.start : piece.end], some.choice((1, 5, 25)))
    if data[:4] == b"\x89PNG" and len(inner) >= 12:
        inner = data[piece.start : piece.start + 8] + inner[8:-4]
        inner += zlib.crc32(inner[4:]).to_bytes(4, "big")
    return data[: piece.start] + inner + data[piece.end :]


def _put(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


CHANGES: dict[str, Change] = {
    "bytes flipped": _flipped, "head flipped": _head_flipped, "bytes overwritten": _overwritten, "cut": _cut,
    "repeated": _repeated, "length field": _length, "piece twice": _twice, "piece gone": _gone,
    "pieces swapped": _swapped, "foreign piece": _grafted, "nested": _nested, "piece flipped": _inside_flipped,
}  # fmt: skip


def _within_zip(some: random.Random, data: bytes, change: Change) -> bytes:
    """A Word document with one of its parts changed, packed anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        names = before.namelist()
        hit = some.choice([n for n in names if n.endswith((".xml", ".rels", ".jpeg", ".jpg")) and "theme" not in n])
        for name in names:
            part = before.read(name)
            dated = zipfile.ZipInfo(name)  # of one day: writestr by name takes the time of now
            dated.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(dated, change(some, part, pieces(name, part)) if name == hit else part)
    return out.getvalue()


def mutations(seed: int, of_each: int) -> Iterator[Case]:
    """`of_each` changed files of each good file, the kinds of change in turn, the same for the same seed."""
    for name, (kind, data) in sorted(good.files().items()):
        found = pieces(name, data)
        for number in range(of_each):
            some = random.Random(f"{seed} {name} {number}")
            what = list(CHANGES)[number % len(CHANGES)]
            packed = name.endswith(".docx") and number % 3
            changed = _within_zip(some, data, CHANGES[what]) if packed else CHANGES[what](some, data, found)
            # a video's sound is asked for now and then: another way through the same bytes
            asked = "audio" if kind == "video" and number % 5 == 4 else kind
            yield Case(f"mutated {name.rpartition('.')[2]}", asked, f"{number:02d}-{name}", changed)
