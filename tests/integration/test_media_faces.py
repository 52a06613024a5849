"""Hiding every face: a drawn face that a detector finds is found no more, and where none is seen all is hidden."""

import io
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

import media
from media import faces
from media.sandbox import PROVIDERS, Provider, works
from tests.integration.test_media_redaction import Edit, frame
from tests.vectors.media import inputs

WIDTH, HEIGHT, RATE = 640, 360, 10
HERE = [provider for provider in PROVIDERS if works(provider)]
ALL = Edit("faces", "picture")


def drawn(left: float, top: float = 170, size: float = 60) -> Image.Image:
    """A face that nobody has, before a wall of small squares."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (96, 110, 120))
    pen = ImageDraw.Draw(image)
    for x in range(0, WIDTH, 16):
        for y in range(0, HEIGHT, 16):
            pen.rectangle((x, y, x + 7, y + 7), fill=(120, 130, 150))

    def oval(x: float, y: float, wide: float, high: float, fill: tuple[int, int, int]) -> None:
        pen.ellipse(
            (left + (x - wide) * size, top + (y - high) * size, left + (x + wide) * size, top + (y + high) * size),
            fill=fill,
        )

    oval(0, -0.47, 1.05, 1.08, (50, 36, 28))
    oval(0, 0.02, 0.85, 1.18, (214, 170, 142))
    for eye in (-0.37, 0.37):
        oval(eye, -0.21, 0.24, 0.15, (150, 105, 85))
        oval(eye, -0.20, 0.17, 0.09, (238, 236, 230))
        oval(eye, -0.20, 0.09, 0.09, (30, 22, 18))
        oval(eye, -0.47, 0.26, 0.06, (60, 42, 32))
    oval(0, 0.1, 0.12, 0.24, (226, 184, 158))
    oval(0, 0.28, 0.16, 0.06, (160, 112, 92))
    oval(0, 0.65, 0.34, 0.09, (150, 70, 66))
    return image.filter(ImageFilter.GaussianBlur(size / 30))


def film(path: Path, pictures: Sequence[Image.Image]) -> media.Part:
    """A clean video of these pictures, ten a second, without sound."""
    raw = b"".join(picture.tobytes() for picture in pictures)
    command = [
        str(inputs.FFMPEG), "-v", "error", "-y", "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size",
        f"{WIDTH}x{HEIGHT}", "-framerate", str(RATE), "-i", "pipe:0", "-c:v", "libx264", "-preset", "ultrafast",
        "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(path),
    ]  # fmt: skip
    subprocess.run(command, input=raw, check=True, timeout=60)
    seconds = len(pictures) / RATE
    return media.Part("picture", "video/mp4", path, {"seconds": seconds, "sound": False})


def found_in(picture: Image.Image) -> int:
    """How many faces OpenCV's own reader finds."""
    import cv2
    import numpy

    finder = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"))
    return len(finder.detectMultiScale(cv2.equalizeHist(numpy.array(picture.convert("L"))), 1.05, 3))


@pytest.mark.parametrize("provider", HERE, ids=lambda p: p.name)
def test_a_face_that_moves_is_hidden_in_every_picture(provider: Provider, tmp_path: Path) -> None:
    """Found in every picture before, in none afterwards; what is far from it is as it was."""
    part = film(tmp_path / "face.mp4", [drawn(150 + 16 * step) for step in range(16)])
    made = media.redact([part], [ALL], tmp_path, providers=(provider,))
    assert [p.name for p in made] == ["picture", "poster", "storyboard"]
    data = made[0].path.read_bytes()
    for at in (0.05, 0.75, 1.45):
        before, after = frame(part.path.read_bytes(), at), frame(data, at)
        assert found_in(before) == 1
        assert found_in(after) == 0
        corner = (WIDTH - 80, 0, WIDTH, 48)
        apart = ImageChops.difference(before.crop(corner), after.crop(corner))
        assert max(ImageStat.Stat(apart).mean) < 8
    with Image.open(io.BytesIO(made[1].path.read_bytes())) as poster:
        assert found_in(poster) == 0


def test_a_moment_without_a_face_is_hidden_whole(tmp_path: Path) -> None:
    """A person who is turned away, or whom the detector misses, is not shown."""
    wall = drawn(-500)
    part = film(tmp_path / "none.mp4", [drawn(300)] * 10 + [wall] * 18)
    data = media.redact([part], [ALL], tmp_path)[0].path.read_bytes()
    away = frame(data, 2.6).convert("L")
    assert _edges(away) < 0.1 * _edges(wall.convert("L"))
    assert _edges(frame(data, 0.5).convert("L")) > 0.3 * _edges(wall.convert("L"))


def test_without_a_detector_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence that says what else can be done."""
    monkeypatch.setattr(faces, "installed", lambda: False)
    part = film(tmp_path / "face.mp4", [drawn(300)] * 5)
    with pytest.raises(media.Rejected) as refused:
        media.redact([part], [ALL], tmp_path)
    assert refused.value.code is media.Code.NO_FACES


BOXES = st.tuples(*[st.integers(0, 400)] * 4)


@given(st.lists(st.lists(BOXES, max_size=2), max_size=40))
def test_what_is_found_stays_hidden_before_and_after(found: list[list[tuple[int, int, int, int]]]) -> None:
    """Each box in every picture near it; no picture is shown whole."""
    kept = faces.held(found)
    assert len(kept) == len(found)
    for at, boxes in enumerate(found):
        for near in range(max(0, at - faces.HOLD), min(len(found), at + faces.HOLD + 1)):
            assert set(boxes) <= set(kept[near] or boxes)
    assert all(boxes is None or boxes for boxes in kept)


def _edges(grey: Image.Image) -> float:
    moved = ImageChops.offset(grey, 1, 0)
    return float(ImageStat.Stat(ImageChops.difference(grey, moved)).mean[0])
