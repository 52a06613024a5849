"""Markers planted in every kind of input, at least thirty in each, are in no byte of any product.

Three looks at each product: it is the same, byte for byte, as that of the same file without markers; no marker is in
it, as it stands, inflated or in UTF-16; and programs that are not ours (hachoir and mutagen everywhere, exiftool where
it is installed) read nothing in it but sizes and codings. That the looks see anything is shown on the inputs.
"""

import functools
import locale
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen
import pytest
from hachoir.core import config
from hachoir.metadata import extractMetadata
from hachoir.parser import createParser

import media
from tests.vectors.media import inputs
from tests.vectors.media.marked import documents, pictures, recordings
from tests.vectors.media.marked.marks import Marked, layers, places

config.quiet = True
LEAST = 30
TOOLS = (b"Lavf", b"Lavc", b"x264", b"Exif", b"xmpmeta", b"Adobe", b"Pillow", b"51.5074")
NAMES = [
    "letter.pdf", "letter.docx", "photo.jpg", "scan.png", "scan.tiff", "photo.heic",
    "sound.m4a", "sound.mp3", "sound.wav", "sound.flac", "sound.ogg", "sound.webm",
    "film.mp4", "film.mov", "film.mkv", "film.webm", "film.avi",
]  # fmt: skip
# what hachoir says of a file that says nothing: sizes, codings, times of zero
PLAIN = (
    "Metadata", "Common", "Image", "Bits/pixel", "Pixel format", "Compression", "Comment: JPEG quality",
    "Format version",
    "MIME type", "Endianness", "Duration", "Width", "Height", "Audio stream", "Video stream", "File \"", "- ",
    "Creation date: 1904-01-01", "Last modification: 1904-01-01", "Comment: Play speed",
    "Comment: User volume", "Comment: Track volume",
    "Image DPI",
)  # fmt: skip


@functools.cache
def _planted() -> dict[str, Marked]:
    return {found.name: found for made in (documents, pictures, recordings) for found in made.files()}


def _made(planted: Marked, data: bytes, folder: Path) -> media.Product:
    folder.mkdir()
    (folder / planted.name).write_bytes(data)
    return media.make(planted.kind, [media.Source(folder / planted.name, f"{inputs.MARK}-name-{planted.name}")], folder)


def _released(product: media.Product) -> dict[str, Path]:
    """What is shown unless somebody decides otherwise: text that was taken out of a file waits to be ticked."""
    return {part.name: part.path for part in product.parts if part.facts.get("ticked") or part.facts.get("shown", True)}


@pytest.mark.parametrize("name", NAMES)
def test_no_marker_is_in_any_product(name: str, tmp_path: Path) -> None:
    """Thirty markers and more are in the input; the product is the same as without them, and holds none."""
    planted = _planted()[name]
    count = len(places(planted.marked))
    print(f"{planted.family} {name}: {count} markers planted")
    assert (count >= LEAST, places(planted.bare)) == (True, set())
    marked = _released(_made(planted, planted.marked, tmp_path / "marked"))
    bare = _released(_made(planted, planted.bare, tmp_path / "bare"))
    assert {part: path.read_bytes() for part, path in marked.items()} == {
        part: path.read_bytes() for part, path in bare.items()
    }
    assert marked
    for path in marked.values():
        data = path.read_bytes()
        assert places(data) == set()
        assert [tool for layer in layers(data) for tool in TOOLS if tool in layer] == []
        assert _said_by_others(path) == []


def test_each_format_has_its_markers() -> None:
    """Every format above is planted, no other; the sums of the four families are printed."""
    assert sorted(_planted()) == sorted(NAMES)
    for family in ("documents", "pictures", "sound", "video"):
        count = sum(len(places(found.marked)) for found in _planted().values() if found.family == family)
        print(f"{family}: {count} markers planted")
        assert count >= LEAST * 2


@pytest.mark.parametrize(
    "name", ["photo.jpg", "scan.png", "scan.tiff", "sound.mp3", "sound.wav", "film.mp4", "sound.ogg"]
)
def test_others_would_find_them(name: str, tmp_path: Path) -> None:
    """Control: the same programs find markers in the inputs, which are whole files to them."""
    path = tmp_path / name
    path.write_bytes(_planted()[name].marked)
    for reader in _readers(name):
        assert inputs.MARK in reader(path), (name, reader.__name__)
    assert _said_by_others(path) != []


def _readers(name: str) -> list[Callable[[Path], str]]:
    """hachoir for pictures, mutagen for sound and film: both pure Python, so always there. exiftool where it is."""
    own = _hachoir if name.endswith((".jpg", ".png", ".tiff")) else _mutagen
    return [own, *([_exiftool] if shutil.which("exiftool") else [])]


def _mutagen(path: Path) -> str:
    """The tags of a recording, one a line; nothing for other files."""
    found = mutagen.File(path)
    return "\n".join(f"{key}: {value}" for key, value in (found.tags or {}).items()) if found is not None else ""


def _hachoir(path: Path) -> str:
    """What hachoir reads of a picture or a container."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        parser = createParser(str(path))
        if parser is None:
            return ""
        with parser:
            found = extractMetadata(parser)
        return "\n".join(found.exportPlaintext()) if found else ""
    finally:
        locale.setlocale(locale.LC_ALL, before)  # it leaves "C" behind when it has read a date


def _exiftool(path: Path) -> str:
    command = ["exiftool", "-a", "-u", "-G1", "-s", "-ee", str(path)]
    return subprocess.run(command, capture_output=True, check=False).stdout.decode(errors="replace")


def _said_by_others(path: Path) -> list[str]:
    """Every line of theirs that is more than a size or a coding."""
    if path.name == "text":
        return []
    groups = (
        "[EXIF",
        "[IFD",
        "[GPS",
        "[XMP",
        "[IPTC",
        "[Photoshop",
        "[ItemList",
        "[UserData",
        "[Keys",
        "[ICC",
        "[PNG-pHYs]x",
        "[Ducky",
    )
    theirs = (
        [line for line in _exiftool(path).splitlines() if line.startswith(groups)] if shutil.which("exiftool") else []
    )
    theirs += [line for line in _mutagen(path).splitlines() if line]
    lines = [line.strip().removeprefix("- ") for line in _hachoir(path).splitlines()]
    return theirs + [line for line in lines if inputs.MARK in line or not line.startswith(PLAIN)]
