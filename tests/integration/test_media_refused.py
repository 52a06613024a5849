"""Every bad input of the requirements ends in its code and its sentence, and leaves nothing behind."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

import media
from media.limits import SENTENCES, Code, Limits
from tests.vectors.media import inputs


def _cut(path: Path, share: float = 0.6) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def _bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _ending_with(path: Path, head: Path, tail: Path) -> Path:
    path.write_bytes(head.read_bytes() + tail.read_bytes())
    return path


def _wave(rate: int) -> bytes:
    """Three thousand samples at a rate that nothing records at: seen to keep a resampler busy for half a minute."""
    form = struct.pack("<HHIIHH", 1, 1, rate, rate & 0xFFFFFFFF, 1, 8)
    data = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", 3000) + bytes(3000)
    return b"RIFF" + struct.pack("<I", len(data)) + data


def _stretched(path: Path) -> Path:
    """Two seconds of sound, told to last for an hour and more."""
    data = inputs.ffmpeg(path, *inputs.SOUND, "-c:a", "aac", "-use_editlist", "0").read_bytes()
    entry = data.index(b"stts") + 12
    path.write_bytes(data[: entry + 4] + struct.pack(">I", 44100 * 60) + data[entry + 8 :])
    return path


BAD: list[tuple[str, str, str, Callable[[Path], Path]]] = [
    ("letter", "wrong_type", "tune.gif", lambda p: _bytes(p, b"GIF89a" + bytes(100))),
    ("letter", "wrong_type", "program.exe", lambda p: _bytes(p, b"MZ" + bytes(100))),
    ("letter", "wrong_type", "clip.mp4", inputs.video),
    ("video", "wrong_type", "photo.jpg", inputs.photo),
    ("letter", "empty", "letter.pdf", lambda p: _bytes(p, b"")),
    ("audio", "empty", "sound.m4a", lambda p: _bytes(p, b"")),
    ("letter", "empty", "letter.txt", lambda p: _bytes(p, b" \n\t\n \xe2\x80\x8b")),
    ("letter", "truncated", "letter.pdf", lambda p: _cut(inputs.pdf(p))),
    ("letter", "truncated", "letter.docx", lambda p: _cut(inputs.word(p))),
    ("letter", "truncated", "photo.jpg", lambda p: _cut(inputs.photo(p))),
    ("video", "truncated", "clip.mp4", lambda p: _cut(inputs.video(p))),
    ("video", "truncated", "fast.mp4", lambda p: _cut(inputs.video(p, "-movflags", "+faststart"))),
    ("video", "truncated", "clip.mkv", lambda p: _cut(inputs.video(p))),
    ("audio", "truncated", "sound.wav", lambda p: _cut(inputs.ffmpeg(p, *inputs.SOUND))),
    ("letter", "password", "letter.pdf", inputs.locked_pdf),
    ("letter", "password", "letter.docx", lambda p: _bytes(p, _OLE + _LOCKED)),
    ("letter", "disguised", "letter.docx", inputs.plain_zip),
    ("letter", "disguised", "letter.pdf", inputs.photo_as),
    ("letter", "disguised", "letter.txt", lambda p: _bytes(p, b"\x7fELF\x00\x01" + bytes(100))),
    ("letter", "disguised", "both.jpg", lambda p: _ending_with(
        p, inputs.photo(p.with_name("a.jpg")), inputs.plain_zip(p.with_name("b.zip")))),
    ("video", "disguised", "list.mp4", lambda p: inputs.playlist(p, p)),
    ("video", "disguised", "list.webm", lambda p: inputs.concat(p, p)),
    ("audio", "disguised", "list.mp3", lambda p: inputs.playlist(p, p)),
    ("letter", "too_many_pixels", "scan.png", inputs.huge_png),
    ("letter", "unsafe", "bomb.docx", inputs.bomb),
    ("audio", "no_sound", "silent.mp4", lambda p: inputs.ffmpeg(p, *inputs.PICTURE, "-c:v", "libx264")),
    ("video", "no_picture", "sound.mp4", lambda p: inputs.ffmpeg(p, *inputs.SOUND, "-c:a", "aac")),
    ("video", "no_picture", "cover.m4a", inputs.cover),
    ("audio", "damaged", "noise.mp3", lambda p: _bytes(p, b"ID3\x04\0\0\0\0\0\0" + b"\x11" * 5000)),
    ("audio", "damaged", "a-rate-of-544-MHz.wav", lambda p: _bytes(p, _wave(544_501_094))),
    ("audio", "damaged", "one-sample-a-second.wav", lambda p: _bytes(p, _wave(1))),
    ("audio", "damaged", "stretched.m4a", _stretched),
    ("letter", "damaged", "letter.pdf", lambda p: _bytes(p, b"%PDF-1.7\nnothing here\n%%EOF\n")),
]  # fmt: skip
_LOCKED = "EncryptedPackage".encode("utf-16-le") + bytes(99)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(("kind", "code", "name", "made"), BAD, ids=[f"{b[1]}-{b[0]}-{b[2]}" for b in BAD])
def test_bad_input_gets_its_sentence(
    kind: str, code: str, name: str, made: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Refused with the right code and a plain sentence; nothing is left over; the input is untouched."""
    path = made(tmp_path / name)
    before, scratch = path.read_bytes(), tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(media.Rejected) as refused:
        media.make(kind, [media.Source(path, name)], scratch)
    assert refused.value.code == code
    assert str(refused.value) == refused.value.sentence == SENTENCES[Code(code)]
    assert path.read_bytes() == before
    assert [p for p in scratch.rglob("*") if p.is_file()] == []


@pytest.mark.parametrize(
    ("kind", "code", "name", "made", "limits"),
    [
        ("letter", "too_large", "letter.txt", lambda p: _bytes(p, b"x" * 2000), Limits(max_bytes=1000)),
        ("letter", "too_large", "letter.txt", lambda p: _bytes(p, b"x" * 2000), Limits(max_text=1000)),
        ("letter", "too_many_pages", "letter.pdf", lambda p: inputs.pdf(p, pages=4), Limits(max_pages=3)),
        ("letter", "too_many_pages", "scan.tiff", lambda p: inputs.scan(p, 4), Limits(max_pages=3)),
        ("letter", "too_many_pages", "letter.txt", lambda p: _bytes(p, b"line\n" * 500), Limits(max_pages=3)),
        ("video", "too_long", "clip.mp4", inputs.video, Limits(video_seconds=1)),
        ("audio", "too_long", "clip.mp4", inputs.video, Limits(audio_seconds=1)),
        ("video", "took_too_long", "clip.mp4", inputs.video, Limits(work_seconds=-4.0)),
    ],
    ids=lambda value: value.split(".")[0] if isinstance(value, str) else "",
)
def test_limits_are_kept(
    kind: str, code: str, name: str, made: Callable[[Path], Path], limits: Limits, tmp_path: Path
) -> None:
    """What is larger, longer or slower than configured is refused with its sentence."""
    path = made(tmp_path / name)
    with pytest.raises(media.Rejected) as refused:
        media.make(kind, [media.Source(path, name)], tmp_path, limits=limits)
    assert (refused.value.code, str(refused.value)) == (code, SENTENCES[Code(code)])


@pytest.mark.parametrize("script", [inputs.playlist, inputs.concat])
def test_a_script_named_mp4_reads_no_other_file(script: Callable[[Path, Path], Path], tmp_path: Path) -> None:
    """A playlist that points at a canary is refused, and no byte of the canary is in any output."""
    canary = inputs.video(tmp_path / "canary.ts", "-f", "mpegts")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = script(tmp_path / "clip.mp4", canary)
    with pytest.raises(media.Rejected) as refused:
        media.make("video", [media.Source(path, "clip.mp4")], scratch)
    assert refused.value.code == "disguised"
    assert [p for p in scratch.rglob("*") if p.is_file()] == []


def test_no_sandbox_leaves_the_file_alone(tmp_path: Path) -> None:
    """Where no provider works, nothing is opened and the sentence says so."""
    path = inputs.photo(tmp_path / "photo.jpg")
    with pytest.raises(media.Rejected) as refused:
        media.make("letter", [media.Source(path, "photo.jpg")], tmp_path, providers=())
    assert (refused.value.code, str(refused.value)) == ("no_sandbox", SENTENCES[Code.NO_SANDBOX])


def test_every_code_has_one_plain_sentence() -> None:
    """Each code is in the table; each sentence says that nothing is lost and what happens next."""
    assert set(SENTENCES) == set(Code)
    assert all("Nothing is lost" in sentence and sentence.endswith(".") for sentence in SENTENCES.values())
