"""The pieces that a file is made of, format by format: boxes, chunks, segments, elements, pages, objects.

Only as much is understood as is needed to hit where it hurts: where a piece begins and ends, and where its length
is written. What cannot be followed any further ends the list.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """Bytes start to end of a file; its length is written in `width` bytes at `at` (width 0: nowhere)."""

    start: int
    end: int
    at: int = 0
    width: int = 0
    little: bool = False


_BOXES_WITH_BOXES = {
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta", b"moof", b"traf", b"iprp", b"ipco", b"mvex",
}  # fmt: skip


def boxes(data: bytes, at: int = 0, end: int | None = None) -> Iterator[Piece]:
    """ISO 14496-12: mp4, mov, 3gp, m4a, heic."""
    end = len(data) if end is None else end
    while at + 8 <= end:
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8 or at + length > end:
            return
        yield Piece(at, at + length, at, 4)
        name = data[at + 4 : at + 8]
        if name in _BOXES_WITH_BOXES or name == b"meta":
            yield from boxes(data, at + (12 if name == b"meta" else 8), at + length)
        at += length


def _chunks(
    first: int, head: int, at: int, width: int, *, little: bool, extra: int, even: bool
) -> Callable[..., list[Piece]]:
    """Name and length in a head of `head` bytes; the length counts `extra` bytes fewer than the piece has."""

    def found(data: bytes) -> list[Piece]:
        listed, here = [], first
        while here + head <= len(data):
            length = int.from_bytes(data[here + at : here + at + width], "little" if little else "big") + extra
            end = here + length + (length % 2 if even else 0)
            if length < head or end > len(data) + 1:
                break
            listed.append(Piece(here, end, here + at, width, little))
            here = end
        return listed

    return found


def segments(data: bytes) -> Iterator[Piece]:
    """ITU-T T.81: the segments of a JPEG up to its scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            return
        yield Piece(at, end, at + 2, 2)
        if data[at + 1] == 0xDA:
            return
        at = end


def elements(data: bytes) -> Iterator[Piece]:
    """RFC 8794: the EBML head and the elements of its Segment and their children."""
    yield from _elements(data, 0, len(data), 0)


def _elements(data: bytes, at: int, end: int, depth: int) -> Iterator[Piece]:
    while at < end and data[at] and at + 2 < end:
        name = 9 - data[at].bit_length()
        first = data[at + name] if at + name < end else 0
        width = 9 - first.bit_length()
        if not first:
            return
        body = at + name + width
        size = int.from_bytes(data[at + name : body], "big") & ((1 << 7 * width) - 1)
        stop = end if size == (1 << 7 * width) - 1 else body + size
        if stop > end:
            return
        yield Piece(at, stop, at + name, width)
        if name == 4 and depth < 3:
            yield from _elements(data, body, stop, depth + 1)
        at = stop


def pages(data: bytes) -> Iterator[Piece]:
    """RFC 3533: Ogg pages; what is taken for the length is the number of segments."""
    at = 0
    while (at := data.find(b"OggS", at)) >= 0:
        end = data.find(b"OggS", at + 4)
        yield Piece(at, end if end >= 0 else len(data), at + 26, 1)
        at += 4


def entries(data: bytes) -> Iterator[Piece]:
    """TIFF 6.0: the entries of the first directory; what is taken for the length is the count."""
    order = "little" if data[:2] == b"II" else "big"
    here = int.from_bytes(data[4:8], order)  # type: ignore[arg-type]
    for number in range(int.from_bytes(data[here : here + 2], order)):  # type: ignore[arg-type]
        start = here + 2 + 12 * number
        yield Piece(start, start + 12, start + 4, 8, order == "little")


def objects(data: bytes) -> Iterator[Piece]:
    """ISO 32000: the indirect objects of a PDF, as they are written."""
    at = 0
    while (end := data.find(b"endobj", at)) >= 0:
        start = data.rfind(b"\n", 0, data.find(b" obj", at)) + 1
        yield Piece(start, end + 7)
        at = end + 7


def thirds(data: bytes) -> list[Piece]:
    """Any format: six equal parts."""
    step = max(1, len(data) // 6)
    return [Piece(at, min(len(data), at + step)) for at in range(0, len(data), step)]


_RIFF = _chunks(12, 8, 4, 4, little=True, extra=8, even=True)
_PNG = _chunks(8, 12, 0, 4, little=False, extra=12, even=False)
_BY_ENDING: dict[str, Callable[[bytes], object]] = {
    **dict.fromkeys(("mp4", "mov", "3gp", "m4a", "heic"), boxes),
    **dict.fromkeys(("wav", "avi"), _RIFF),
    "aiff": _chunks(12, 8, 4, 4, little=False, extra=8, even=True),
    "png": _PNG,
    "caf": _chunks(8, 12, 4, 8, little=False, extra=12, even=False),
    "w64": _chunks(40, 24, 16, 8, little=True, extra=0, even=False),
    **dict.fromkeys(("wmv", "wma"), _chunks(0, 24, 16, 8, little=True, extra=0, even=False)),
    **dict.fromkeys(("mkv", "webm"), elements),
    **dict.fromkeys(("ogg", "ogv", "opus"), pages),
    "jpg": segments,
    "tiff": entries,
    "pdf": objects,
}


def pieces(name: str, data: bytes) -> list[Piece]:
    """The pieces of a file of this name; never none."""
    found = _BY_ENDING.get(name.rpartition(".")[2], thirds)
    return list(found(data)) or thirds(data)  # type: ignore[call-overload]
