"""The last look outside the sandbox: what a child that was taken over might hand back is refused."""

import io
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from media import recheck
from media.limits import Rejected


def _box(name: bytes, body: bytes = b"") -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + name + body


def _jpeg(**options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", **options)  # type: ignore[arg-type]
    return out.getvalue()


def _png(info: PngImagePlugin.PngInfo | None = None) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG", pnginfo=info)
    return out.getvalue()


def _note() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "PLANTED")
    return info


def _deep(levels: int) -> bytes:
    body = b""
    for _ in range(levels):
        body = _box(b"trak", body)
    return body


MOVIES = {
    "not a movie": b"hello, this is no movie",
    "index last": _box(b"ftyp") + _box(b"mdat") + _box(b"moov"),
    "extra box": _box(b"ftyp") + _box(b"moov") + _box(b"mdat") + _box(b"uuid", b"PLANTED"),
    "user data": _box(b"ftyp") + _box(b"moov", _box(b"udta", b"PLANTED")) + _box(b"mdat"),
    "metadata": _box(b"ftyp") + _box(b"moov", _box(b"meta")) + _box(b"mdat"),
    "dated": _box(b"ftyp") + _box(b"moov", _box(b"mvhd", bytes(4) + b"\x01" * 8)) + _box(b"mdat"),
    "no track": _box(b"ftyp") + _box(b"moov") + _box(b"mdat"),
    "too deep": _box(b"ftyp") + _box(b"moov", _deep(2000)) + _box(b"mdat"),
    "too many": _box(b"ftyp") + _box(b"moov", _box(b"free") * 5000) + _box(b"mdat"),
    "lying size": b"\x00\x00\xff\xffftyp",
}
JPEGS = {
    "not a JPEG": b"hello",
    "comment": _jpeg(comment=b"PLANTED"),
    "EXIF": _jpeg(exif=b"Exif\0\0II*\0"),
    "profile": _jpeg(icc_profile=b"PLANTED"),
    "tail": _jpeg() + b"PLANTED\xff\xd9",
    "cut": _jpeg()[:-20],
    "empty shell": b"\xff\xd8\xff\xd9",
}
PNGS = {"not a PNG": b"hello", "text": _png(_note()), "tail": _png() + b"PLANTED", "cut": _png()[:-6]}
PNGS["wrong sum"] = _png()[:-1] + b"\0"
TEXTS = {"not UTF-8": b"\xff\n", "bidi": "a\u202eb\n".encode(), "CR": b"a\r\n", "long": b"x" * 101 + b"\n"}


@pytest.mark.parametrize("data", MOVIES.values(), ids=MOVIES)
def test_a_movie_that_is_not_ours(data: bytes, tmp_path: Path) -> None:
    """Anything but the boxes, tracks and zero dates we asked for is refused."""
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(Rejected) as refused:
        recheck.movie(tmp_path / "m", {b"vide"})
    assert refused.value.code == "unsafe"


@pytest.mark.parametrize("data", JPEGS.values(), ids=JPEGS)
def test_a_jpeg_that_is_not_ours(data: bytes, tmp_path: Path) -> None:
    """Comments, EXIF, profiles, tails and fragments are refused."""
    (tmp_path / "j").write_bytes(data)
    with pytest.raises(Rejected) as refused:
        recheck.jpeg(tmp_path / "j", 10_000)
    assert refused.value.code == "unsafe"


@pytest.mark.parametrize("data", PNGS.values(), ids=PNGS)
def test_a_png_that_is_not_ours(data: bytes, tmp_path: Path) -> None:
    """Text chunks, wrong sums, tails and fragments are refused."""
    (tmp_path / "p").write_bytes(data)
    with pytest.raises(Rejected) as refused:
        recheck.png(tmp_path / "p", 10_000)
    assert refused.value.code == "unsafe"


@pytest.mark.parametrize("data", TEXTS.values(), ids=TEXTS)
def test_a_text_that_is_not_ours(data: bytes, tmp_path: Path) -> None:
    """Text that is not in its one form is refused."""
    (tmp_path / "t").write_bytes(data)
    with pytest.raises(Rejected) as refused:
        recheck.plain(tmp_path / "t", 100)
    assert refused.value.code == "unsafe"


def test_what_is_ours_passes_and_pixels_are_capped(tmp_path: Path) -> None:
    """A plain JPEG, PNG and text pass with their facts; one pixel more than allowed does not."""
    (tmp_path / "j").write_bytes(_jpeg())
    (tmp_path / "p").write_bytes(_png())
    (tmp_path / "t").write_text("Annwyl ŵr\n", encoding="utf-8")
    assert recheck.jpeg(tmp_path / "j", 1200) == recheck.png(tmp_path / "p", 1200) == (40, 30)
    assert recheck.plain(tmp_path / "t", 100) == "Annwyl ŵr\n"
    with pytest.raises(Rejected):
        recheck.jpeg(tmp_path / "j", 1199)
