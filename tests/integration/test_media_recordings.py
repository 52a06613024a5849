"""Sound and video, made anew by the real ffmpeg in the real sandbox; short, small clips."""

import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageStat

import media
from media.sandbox import PROVIDERS, Provider, works
from tests.vectors.media import inputs

HERE = [provider for provider in PROVIDERS if works(provider)]


def _make(kind: str, scratch: Path, path: Path, **options: object) -> media.Product:
    return media.make(kind, [media.Source(path, path.name)], scratch, **options)  # type: ignore[arg-type]


def _looked_at(path: Path) -> str:
    """What an unconfined ffmpeg says about a product."""
    command = [str(inputs.FFMPEG), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def _decoded_seconds(path: Path) -> float:
    command = [str(inputs.FFMPEG), "-v", "error", "-i", str(path), "-f", "null", "-progress", "pipe:1", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(re.findall(r"out_time_us=(\d+)", done.stdout)[-1]) / 1e6


@pytest.mark.parametrize("provider", HERE, ids=lambda p: p.name)
def test_a_video_in_every_sandbox(provider: Provider, tmp_path: Path) -> None:
    """H.264 and AAC in an mp4 with its index first, a poster and a storyboard, as long as the input."""
    product = _make("video", tmp_path, inputs.video(tmp_path / "clip.mp4", seconds=3), providers=(provider,))
    assert [(part.name, part.media_type) for part in product.parts] == [
        ("picture", "video/mp4"), ("poster", "image/jpeg"), ("storyboard", "image/jpeg"),
    ]  # fmt: skip
    picture, poster, board = product.parts
    said = _looked_at(picture.path)
    assert re.search(r"Video: h264 \(High\).*yuv420p.* 320x240", said)
    assert re.search(r"Audio: aac \(LC\).* 48000 Hz", said)
    assert _decoded_seconds(picture.path) == pytest.approx(3.0, abs=0.1) == product.length
    data = picture.path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    assert (poster.facts["width"], board.facts["tiles"], board.facts["columns"]) == (320, 2, 2)


@pytest.mark.parametrize("provider", HERE, ids=lambda p: p.name)
def test_a_sound_in_every_sandbox(provider: Provider, tmp_path: Path) -> None:
    """AAC-LC at 48 kHz in an m4a, and its waveform."""
    path = inputs.ffmpeg(tmp_path / "sound.wav", *inputs.SOUND, seconds=3)
    product = _make("audio", tmp_path, path, providers=(provider,))
    sound, wave = product.parts
    assert (sound.name, sound.media_type, wave.name, wave.media_type) == (
        "sound", "audio/mp4", "waveform", "image/png",
    )  # fmt: skip
    assert re.search(r"Audio: aac \(LC\).* 48000 Hz", _looked_at(sound.path))
    assert _decoded_seconds(sound.path) == pytest.approx(3.0, abs=0.1) == product.length
    with Image.open(wave.path) as drawn:
        assert drawn.convert("RGBA").getextrema()[3] == (0, 255)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp3", ("-c:a", "libmp3lame")), ("a.flac", ()), ("a.ogg", ("-c:a", "libvorbis")),
        ("a.opus", ("-c:a", "libopus")),
        ("a.webm", ("-c:a", "libopus")), ("a.m4a", ("-c:a", "aac")), ("a.aac", ("-c:a", "aac")),
        ("a.amr", ("-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1")),
        ("a.wma", ("-c:a", "wmav2", "-f", "asf")),
        ("a.3gp", ("-c:a", "aac")), ("a.aiff", ()), ("a.caf", ("-c:a", "pcm_s16le")),
        ("a.m4b", ("-c:a", "alac", "-f", "mp4")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_sound_of_every_kind(name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    """Every sound format people have becomes the same kind of file, as long as it was."""
    product = _make("audio", tmp_path, inputs.ffmpeg(tmp_path / name, *inputs.SOUND, *options))
    assert product.length == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (
            "v.mov",
            ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1"),
        ),
        ("v.mkv", ()),
        ("v.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame")),
        ("v.3gp", ("-c:v", "h263", "-s", "352x288")),
        ("v.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")),
        ("v.wmv", ("-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_video_of_every_kind(name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    """Every video format people have becomes H.264 and AAC, as long as it was."""
    product = _make("video", tmp_path, inputs.video(tmp_path / name, *options))
    assert product.length == pytest.approx(2.0, abs=0.2)
    assert "Video: h264" in _looked_at(product.parts[0].path)


def test_a_live_recording_without_duration(tmp_path: Path) -> None:
    """MediaRecorder's webm says N/A; the product knows its length, as video and as sound."""
    path = inputs.live_webm(tmp_path / "live.webm")
    assert "Duration: N/A" in _looked_at(path)
    assert _make("video", tmp_path, path).length == pytest.approx(2.0, abs=0.15)
    assert _make("audio", tmp_path, path).length == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_recording_in_fragments_whole_and_broken_off(kind: str, tmp_path: Path) -> None:
    """MediaRecorder's mp4, as iPhones make it; also without its last fragments, as a closed tab leaves it."""
    fragments = ("-movflags", "+empty_moov+default_base_moof", "-frag_duration", "250000", "-g", "5")
    path = inputs.video(tmp_path / "recording.mp4", *fragments)
    assert _make(kind, tmp_path, path).length == pytest.approx(2.0, abs=0.2)
    data = path.read_bytes()
    assert data.count(b"moof") > 4
    cut = data.rfind(b"moof", 0, data.rfind(b"moof", 0, data.rfind(b"moof"))) - 4
    path.write_bytes(data[:cut])
    assert 0.5 < _make(kind, tmp_path, path).length < 1.95


def test_the_rotation_flag_is_honoured(tmp_path: Path) -> None:
    """A clip filmed sideways comes out upright, its flag gone."""
    path = inputs.turned(tmp_path / "turned.mp4", tmp_path)
    assert "rotation of" in _looked_at(path)
    product = _make("video", tmp_path, path)
    assert re.search(r"Video: h264.* 240x320", said := _looked_at(product.parts[0].path))
    assert "rotation of" not in said
    assert product.parts[0].facts["upright"] is True


def test_large_fast_and_stretched_is_brought_within_limits(tmp_path: Path) -> None:
    """1440p at 60 pictures a second becomes 1080p at 30; unequal pixels become square ones."""
    large = inputs.video(tmp_path / "large.mp4", "-vf", "scale=2560:1440,setsar=1", "-r", "60", seconds=0.5)
    said = _looked_at(_make("video", tmp_path, large).parts[0].path)
    assert re.search(r"1920x1080.* 30 fps", said)
    wide = inputs.video(tmp_path / "wide.mp4", "-vf", "setsar=2/1", seconds=0.5)
    assert "640x240" in _looked_at(_make("video", tmp_path, wide).parts[0].path)


def test_a_silent_video_says_so(tmp_path: Path) -> None:
    """A video without sound is taken, and the facilitator is told."""
    path = inputs.ffmpeg(tmp_path / "silent.mp4", *inputs.PICTURE, "-c:v", "libx264")
    product = _make("video", tmp_path, path)
    assert (product.parts[0].facts["sound"], product.notes) == (False, ("This video has no sound.",))
    assert "Audio:" not in _looked_at(product.parts[0].path)


def test_video_offered_as_audio_gives_only_its_sound(tmp_path: Path) -> None:
    """The pictures of a video are dropped when it was put in as an audio message."""
    product = _make("audio", tmp_path, inputs.video(tmp_path / "clip.mp4"))
    assert "Video:" not in _looked_at(product.parts[0].path)
    assert b"vide" not in product.parts[0].path.read_bytes()


def test_quiet_and_loud_sound_alike(tmp_path: Path) -> None:
    """A whispered and a shouted recording come out at nearly the same loudness."""
    means = []
    for name, gain in (("quiet.wav", "0.02"), ("loud.wav", "1.0")):
        path = inputs.ffmpeg(tmp_path / name, *inputs.SOUND, "-af", f"volume={gain}", seconds=4)
        sound = _make("audio", tmp_path, path).parts[0].path
        command = [str(inputs.FFMPEG), "-i", str(sound), "-af", "volumedetect", "-f", "null", "-"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        means.append(float(re.findall(r"mean_volume: (-?[\d.]+)", said)[0]))
    assert abs(means[0] - means[1]) < 3


def test_pictures_of_the_film_are_in_poster_and_storyboard(tmp_path: Path) -> None:
    """Neither is blank."""
    product = _make("video", tmp_path, inputs.video(tmp_path / "clip.mp4"))
    for part in product.parts[1:]:
        with Image.open(part.path) as still:
            assert ImageStat.Stat(still.convert("L")).stddev[0] > 10


@pytest.mark.parametrize("seconds", [1, 3, 9, 12, 23])
def test_no_picture_of_the_storyboard_is_empty(seconds: int, tmp_path: Path) -> None:
    """A bright film has a bright picture in every place of its storyboard, the last one too."""
    made = inputs.ffmpeg(tmp_path / "bright.mp4", "-f", "lavfi", "-i", "color=white:s=320x240:r=10", seconds=seconds)
    board = _make("video", tmp_path, made).parts[2]
    with Image.open(board.path) as picture:
        wide, high = picture.width // int(board.facts["columns"]), picture.height // int(board.facts["rows"])
        for number in range(int(board.facts["tiles"])):
            row, column = divmod(number, int(board.facts["columns"]))
            tile = picture.crop((column * wide, row * high, (column + 1) * wide, (row + 1) * high))
            assert ImageStat.Stat(tile.convert("L")).mean[0] > 200, (number, board.facts)


def test_progress_rises_to_one(tmp_path: Path) -> None:
    """Progress never falls and ends at 1."""
    heard: list[float] = []
    path = inputs.video(tmp_path / "clip.mp4")
    media.make("video", [media.Source(path, "clip.mp4")], tmp_path, heard.append)
    assert (heard == sorted(heard), heard[-1]) == (True, 1.0)
