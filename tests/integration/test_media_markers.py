"""Markers planted in every kind of input are in no byte of any product."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import media
from tests.vectors.media import inputs

PLANTED: list[tuple[str, str, Callable[[Path], Path]]] = [
    ("letter", "photo.jpg", inputs.photo),
    ("letter", "scan.tiff", inputs.scan),
    ("letter", "letter.docx", inputs.word),
    ("letter", "letter.pdf", inputs.pdf),
    ("video", "clip.mp4", lambda p: inputs.turned(p, p.parent)),
    ("video", "clip.mkv", inputs.video),
    ("audio", "sound.m4a", lambda p: inputs.ffmpeg(p, *inputs.SOUND, "-c:a", "aac", *inputs.TAGS)),
    ("audio", "sound.mp3", lambda p: inputs.ffmpeg(p, *inputs.SOUND, "-c:a", "libmp3lame", *inputs.TAGS)),
    ("audio", "clip.mp4", lambda p: inputs.turned(p, p.parent)),
]
FORBIDDEN = (inputs.MARK, "51.5074", "Lavf", "Lavc", "x264", "Exif", "xmpmeta", "Adobe", "Pillow")


@pytest.mark.parametrize(("kind", "name", "made"), PLANTED, ids=[f"{kind}-{name}" for kind, name, _ in PLANTED])
def test_no_marker_is_in_any_product(kind: str, name: str, made: Callable[[Path], Path], tmp_path: Path) -> None:
    """Maker, author, place, comment, title, tools' names: in the input, in none of the outputs' raw bytes."""
    path = made(tmp_path / name)
    product = media.make(kind, [media.Source(path, f"{inputs.MARK}-{name}")], tmp_path)
    if path.suffix != ".docx":
        assert inputs.MARK.encode() in path.read_bytes()
    found = [
        (part.name, word)
        for part in product.parts
        for word in FORBIDDEN
        for form in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"))
        if form in part.path.read_bytes()
    ]
    assert found == []
    assert _tags_of_others(product) == []


def _tags_of_others(product: media.Product) -> list[str]:
    """What an independent reader (exiftool, where it is installed) finds besides sizes and codecs."""
    if (exiftool := shutil.which("exiftool")) is None:
        return []
    command = [
        exiftool,
        "-a",
        "-G1",
        "-s",
        *(str(p.path) for p in product.parts if p.media_type[:4] != "text"),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    groups = ("[EXIF", "[IFD0", "[GPS", "[XMP", "[IPTC", "[Photoshop", "[ItemList", "[UserData", "[Keys")
    return [line for line in said.splitlines() if line.startswith(groups) or inputs.MARK in line]
