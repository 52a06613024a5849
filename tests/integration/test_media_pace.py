"""Sound first, one pass for the picture, one loudness, and still nothing that is not whole."""

import re
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

import media
from media import heard, sandbox, video
from media.limits import DEFAULT, Code, Rejected
from media.workbench import Workbench
from tests.vectors.media import inputs

SPEECH = "0.3*sin(2*PI*(140+20*sin(3*t))*t)*abs(sin(2*PI*2*t))"
"""A voice-like sound, as ffmpeg's `aevalsrc` takes it."""


def _bench(folder: Path) -> Workbench:
    (folder / "again").mkdir()
    provider = sandbox.choose(sandbox.PROVIDERS)
    return Workbench(provider, inputs.FFMPEG.resolve(), folder, folder / "again", DEFAULT, time.monotonic() + 60)


def _made(kind: str, folder: Path, path: Path, **options: object) -> media.Product:
    return media.make(kind, [media.Source(path, path.name)], folder, **options)  # type: ignore[arg-type]


def _damaged(path: Path, damaged: Path, at: float, size: int) -> Path:
    """A copy whose bytes at this share of its media are other ones."""
    data = bytearray(path.read_bytes())
    start = data.find(b"mdat") + 4
    start += int(at * (len(data) - start - size))
    data[start : start + size] = bytes(255 - byte for byte in data[start : start + size])
    damaged.write_bytes(data)
    return damaged


def test_a_film_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    """One byte that is another anywhere in it, another length, an end that is missing: none counts as a product."""
    film = _made("video", tmp_path, inputs.video(tmp_path / "clip.mp4", seconds=3)).parts[0].path
    bench, total = _bench(tmp_path), _sum_of(film)

    def check(path: Path, total: bytes = total, seconds: float = 3.0) -> float:
        return video.checked(bench, path, total, True, seconds, lambda _: None)

    assert check(film) == pytest.approx(3.0, abs=0.1)
    for wrong in ({"total": total[:-2] + b"?\n"}, {"total": b""}, {"seconds": 6.0}):
        with pytest.raises(Rejected) as refused:
            check(film, **wrong)  # type: ignore[arg-type]
        assert refused.value.code is Code.DAMAGED
    for at in (0.001, 0.1, 0.5, 0.9, 0.999):
        with pytest.raises(Rejected):
            check(_damaged(film, tmp_path / "damaged.mp4", at, 1))
    shorter = tmp_path / "shorter.mp4"
    shorter.write_bytes(film.read_bytes()[:-2000])
    with pytest.raises(Rejected):
        check(shorter)


def test_what_decodes_badly_is_refused_whatever_its_sum(tmp_path: Path) -> None:
    """A key frame that no player can draw is found by drawing it."""
    film = _made("video", tmp_path, inputs.video(tmp_path / "clip.mp4", seconds=3)).parts[0].path
    broken = _damaged(film, tmp_path / "damaged.mp4", 0.01, 400)
    with pytest.raises(Rejected):
        video.checked(_bench(tmp_path), broken, _sum_of(broken), True, 3.0, lambda _: None)


def _sum_of(film: Path) -> bytes:
    """What an unconfined ffmpeg says of all its packets."""
    packets = ["-map", "0:v", "-map", "0:a", "-c", "copy", "-bsf:v", f"h264_mp4toannexb,{video.SUMMED}"]
    command = [
        str(inputs.FFMPEG),
        "-v",
        "error",
        "-i",
        str(film),
        *packets,
        "-f",
        "streamhash",
        "-hash",
        "murmur3",
        "-",
    ]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _no_report(_done: float) -> None:
    """Nobody looks at how far it is."""


def test_a_sound_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    """Other bytes in the middle of a sound do not count as a product, nor does another length."""
    path = inputs.ffmpeg(tmp_path / "sound.wav", "-f", "lavfi", "-i", f"aevalsrc='{SPEECH}'", seconds=3)
    sound = _made("audio", tmp_path, path).parts[0]
    bench = _bench(tmp_path)
    _, real = heard.checked(bench, sound, 3.0, _no_report)
    assert real == pytest.approx(3.0, abs=0.1)
    other = media.Part("sound", "audio/mp4", _damaged(sound.path, tmp_path / "damaged.m4a", 0.5, 2000))
    for part, seconds in ((other, 3.0), (sound, 5.0)):
        with pytest.raises(Rejected):
            heard.checked(bench, part, seconds, _no_report)


def test_a_long_sound_is_heard_in_pieces_to_its_end(tmp_path: Path) -> None:
    """As long as the whole, one drawing from left to right; damage in either piece is found, and a missing end."""
    quiet_then_loud = f"aevalsrc='({SPEECH})*gte(t\\,50)':d=70"
    path = inputs.ffmpeg(tmp_path / "sound.wav", "-f", "lavfi", "-i", quiet_then_loud, seconds=70)
    product = _made("audio", tmp_path, path)
    sound, wave = product.parts
    assert product.length == pytest.approx(70.0, abs=0.1)
    with Image.open(wave.path) as drawn:
        ink = drawn.convert("RGBA").getchannel("A")
        columns = [ink.crop((x, 0, x + 1, ink.height)).getbbox() is not None for x in range(ink.width)]
    assert drawn.size == (1200, 160)
    assert columns.index(True) / 1200 == pytest.approx(50 / 70, abs=0.01)
    assert all(columns[columns.index(True) + 5 : -5])
    assert {kept.name for kept in sound.path.parent.iterdir()} == {"sound", "waveform"}
    bench = _bench(tmp_path)
    for at in (0.3, 0.8):
        other = media.Part("sound", "audio/mp4", _damaged(sound.path, tmp_path / f"damaged-{at}.m4a", at, 2000))
        with pytest.raises(Rejected):
            heard.checked(bench, other, 70.0, _no_report)
    for seconds in (75.0, 150.0):
        with pytest.raises(Rejected):
            heard.checked(bench, sound, seconds, _no_report)


def test_the_sound_of_a_video_comes_first_and_is_the_film_s_own(tmp_path: Path) -> None:
    """It is there before any of the picture, can be heard by itself, and lies in the film byte for byte."""
    told: list[float] = []
    early: list[tuple[media.Part, float]] = []
    path = inputs.video(tmp_path / "clip.mp4", seconds=3)
    product = _made("video", tmp_path, path, report=told.append, early=lambda part: early.append((part, told[-1])))
    ((sound, done),) = early
    assert (sound.name, sound.media_type, done < 0.15) == ("sound", "audio/mp4", True)
    assert "sound" not in [part.name for part in product.parts]
    assert _packets(sound.path) == _packets(product.parts[0].path) != []
    # a finished sound and a storyboard that comes last hide nothing of how far the picture is
    assert sum(0.12 < step < 0.95 for step in told) > 10


def test_a_silent_video_has_no_early_sound(tmp_path: Path) -> None:
    """Nobody is told to listen to what has no sound."""
    early: list[media.Part] = []
    path = inputs.ffmpeg(tmp_path / "silent.mp4", *inputs.PICTURE, "-c:v", "libx264")
    _made("video", tmp_path, path, early=early.append)
    assert early == []


@pytest.mark.parametrize(
    "change",
    ["volume=0.01", "volume=20dB", "volume=0.05,aeval='val(0)+0.8*lt(mod(t,3),0.01)*sin(900*t)'", "aformat=cl=5.1"],
    ids=["whispered", "overdriven", "whispered with claps", "six channels"],
)
def test_every_recording_has_one_loudness(change: str, tmp_path: Path) -> None:
    """EBU R 128: within one unit of -16 LUFS, true peak below -1 dBTP, whatever came in."""
    source = ("-f", "lavfi", "-i", f"aevalsrc='{SPEECH}':s=44100", "-af", change)
    path = inputs.ffmpeg(tmp_path / "sound.wav", *source, seconds=12)
    loudness, peak = _heard(_made("audio", tmp_path, path).parts[0].path)
    assert loudness == pytest.approx(-16.0, abs=1.0)
    assert peak <= -1.0


def test_silence_stays_silent(tmp_path: Path) -> None:
    """Nothing is lifted where nothing is."""
    path = inputs.ffmpeg(tmp_path / "sound.wav", "-f", "lavfi", "-i", "anullsrc", seconds=2)
    assert _heard(_made("audio", tmp_path, path).parts[0].path)[0] <= -69


def _packets(path: Path) -> list[str]:
    """Sizes and sums of the packets of the sound, as they lie in the file."""
    command = [str(inputs.FFMPEG), "-v", "error", "-i", str(path), "-map", "0:a", "-c", "copy", "-f", "framemd5", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split(",")[-1] for line in said.splitlines() if not line.startswith("#")]


def _heard(path: Path) -> tuple[float, float]:
    """Integrated loudness (LUFS) and true peak (dBTP), by ffmpeg's own meter."""
    meter = ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    command = [str(inputs.FFMPEG), "-hide_banner", "-nostats", "-i", str(path), *meter]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr.rpartition("Summary:")[2]
    found = re.search(r"I: +(-?[\d.]+) LUFS", said), re.search(r"Peak: +(-?[\d.]+|-inf) dBFS", said)
    assert found[0] is not None
    assert found[1] is not None
    return float(found[0][1]), float(found[1][1])
