"""What a file is, by its own first bytes, and whether its name agrees. Reads a few kilobytes, parses nothing.

A type is taken only if it is in `TYPES`; a name's ending must belong to the same family; a second archive
or document hidden in the same file (polyglot) is refused; a container whose outer sizes point past the end
of the file is cut off. What lies inside is looked at in the sandbox only.
"""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from media import text
from media.limits import Code, Rejected

HEAD = 64 << 10
TAIL = 66 << 10


@dataclass(frozen=True)
class Type:
    """One file type we take. `demuxer` is ffmpeg's name for it; `family` is what a name may claim."""

    name: str
    family: str
    demuxer: str = ""


TYPES = {
    t.name: t
    for t in (
        Type("jpeg", "image"), Type("png", "image"), Type("heic", "image"), Type("tiff", "image"),
        Type("pdf", "pdf"), Type("docx", "docx"), Type("odt", "odt"), Type("rtf", "rtf"), Type("doc", "doc"),
        Type("txt", "txt"),
        Type("mov", "av", "mov"), Type("matroska", "av", "matroska"), Type("avi", "av", "avi"),
        Type("ogg", "av", "ogg"),
        Type("wav", "av", "wav"),
        Type("w64", "av", "w64"),
        Type("flac", "av", "flac"),
        Type("mp3", "av", "mp3"),
        Type("aac", "av", "aac"),
        Type("amr", "av", "amr"),
        Type("asf", "av", "asf"),
        Type("aiff", "av", "aiff"), Type("caf", "av", "caf"),
        Type("mpeg", "av", "mpeg"),
    )
}  # fmt: skip

FAMILIES: dict[str, frozenset[str]] = {
    "image": frozenset({"jpg", "jpeg", "jpe", "png", "heic", "heif", "tif", "tiff"}),
    "pdf": frozenset({"pdf"}),
    "docx": frozenset({"docx"}),
    "odt": frozenset({"odt"}),
    "rtf": frozenset({"rtf"}),
    "doc": frozenset({"doc"}),
    "txt": frozenset({"txt", "text", "md"}),
    "av": frozenset({
        "mp4", "m4v", "mov", "qt", "3gp", "3gpp", "3g2", "m4a", "m4b", "webm", "mkv", "mka", "weba",
        "avi", "ogg", "oga", "ogv", "opus", "wav", "w64", "flac", "mp3", "aac", "amr", "wma", "wmv",
        "asf", "aif", "aiff", "caf", "mpg", "mpeg",
    }),
}  # fmt: skip

KINDS: dict[str, frozenset[str]] = {
    "letter": frozenset({"image", "pdf", "docx", "odt", "rtf", "doc", "txt"}),
    "audio": frozenset({"av"}),
    "video": frozenset({"av"}),
}

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "docx"),
    (b"{\\rtf", "rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"#!AMR", "amr"),
    (b"ID3", "mp3"),
    (b"caff\x00\x01", "caf"),
    (b"riff\x2e\x91\xcf\x11", "w64"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
)
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
# the stream name by which Office stores a document that is locked with a password (MS-OFFCRYPTO 2.3.4.4)
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_SCRIPTS = (b"#EXTM3U", b"ffconcat", b"v=0\r\n", b"v=0\n", b"<?xml", b"<MPD", b"[playlist]")


def sniff(path: Path, untrusted_name: str, kind: str, max_bytes: int) -> Type:
    """The type of this file, if it may be a message of this kind.

    Raises Rejected: empty, too_large, wrong_type, password, disguised, truncated.
    """
    size = path.stat().st_size
    if size == 0:
        raise Rejected(Code.EMPTY)
    if size > max_bytes:
        raise Rejected(Code.TOO_LARGE)
    with path.open("rb") as file:
        untrusted_head = file.read(HEAD)
        file.seek(max(0, size - TAIL))
        untrusted_tail = file.read(TAIL)
    found = _by_magic(untrusted_head, untrusted_name)
    if found and found.name == "doc" and _LOCKED in untrusted_head + untrusted_tail:
        raise Rejected(Code.PASSWORD)
    _agree(found, _ending(untrusted_name), untrusted_head)
    if found is None or found.family not in KINDS[kind]:
        raise Rejected(Code.WRONG_TYPE)
    _no_second_face(found, untrusted_tail)
    if _cut_off(found, path, size, untrusted_head, untrusted_tail):
        raise Rejected(Code.TRUNCATED)
    return found


def _ending(untrusted_name: str) -> str:
    return PurePosixPath(untrusted_name.strip().lower()).suffix.lstrip(".")


def _by_magic(head: bytes, untrusted_name: str) -> Type | None:
    name = next((name for start, name in _STARTS if head.startswith(start)), None) or _by_shape(head)
    if name == "docx" and (b"mimetypeapplication/vnd.oasis.opendocument.text" in head[:128]):
        name = "odt"
    if name is None and _ending(untrusted_name) in FAMILIES["txt"] | {""} and _is_text(head):
        name = "txt"
    return TYPES[name] if name else None


def _by_shape(head: bytes) -> str | None:
    """Types whose mark is not at the very start."""
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in _HEIC else "mov"
    if head[4:8] in _BOXES:
        return "mov"
    if head[:4] in (b"RIFF", b"RF64"):
        return {b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 else None


def _is_text(head: bytes) -> bool:
    return not head.startswith(_SCRIPTS) and text.decode(head[: len(head) // 4 * 4] or head) is not None


def _agree(found: Type | None, ending: str, head: bytes) -> None:
    """A name may leave its ending out, but may not claim another family."""
    claimed = next((family for family, endings in FAMILIES.items() if ending in endings), None)
    if found is None:
        raise Rejected(Code.DISGUISED if claimed or head.startswith(_SCRIPTS) else Code.WRONG_TYPE)
    if ending and claimed is None:
        raise Rejected(Code.WRONG_TYPE)
    if claimed and claimed != found.family:
        raise Rejected(Code.DISGUISED)


def _no_second_face(found: Type, tail: bytes) -> None:
    """Nothing but a zip may end like a zip (APPNOTE 4.3.16: record, then a comment up to the end)."""
    if found.name in {"docx", "odt"}:
        return
    at = tail.rfind(b"PK\x05\x06")
    if at >= 0 and len(tail) - at >= 22 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
        raise Rejected(Code.DISGUISED)


def _cut_off(found: Type, path: Path, size: int, head: bytes, tail: bytes) -> bool:
    if found.name == "pdf":
        return b"%%EOF" not in tail
    if found.name in {"docx", "odt"}:
        return b"PK\x05\x06" not in tail
    if found.name in {"wav", "avi"} and head[:4] == b"RIFF":
        claimed = int.from_bytes(head[4:8], "little")
        return 0 < claimed < 0xFFFFFF00 and claimed + 8 > size + 1
    if found.name in {"mov", "heic"}:
        return _boxes_cut(path, size, need_moov=found.name == "mov")
    return found.name == "matroska" and _segment_cut(head, size)


def _boxes_cut(path: Path, size: int, *, need_moov: bool) -> bool:
    """ISO 14496-12 section 4.2: walk the outermost boxes; each must end inside the file."""
    at, seen = 0, set()
    with path.open("rb") as file:
        for _ in range(100_000):
            if at + 8 > size:
                break
            file.seek(at, os.SEEK_SET)
            header = file.read(16)
            length = int.from_bytes(header[:4], "big")
            seen.add(header[4:8])
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            if length == 0:
                at = size
                break
            if length < 8 or at + length > size:
                return True
            at += length
    return need_moov and not seen & {b"moov", b"moof"}


def _segment_cut(head: bytes, size: int) -> bool:
    """RFC 8794 section 6: EBML header, then one Segment; an unknown size (a live recording) is fine."""
    at = 4
    length, width = _vint(head, at)
    if length is None:
        return False
    at += width + length
    if head[at : at + 4] != b"\x18\x53\x80\x67":
        return False
    length, width = _vint(head, at + 4)
    return length is not None and at + 4 + width + length > size


def _vint(data: bytes, at: int) -> tuple[int | None, int]:
    if at >= len(data) or data[at] == 0:
        return None, 0
    width = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + width], "big") & ((1 << (7 * width)) - 1)
    return (None if value == (1 << (7 * width)) - 1 else value), width
