"""The speech engines in the real sandbox: words heard in real sound, lines read aloud, a voice masked."""

import subprocess
import wave
from pathlib import Path

import ffmpeg
import pytest

import media
from exchange.core.captions import plain
from exchange.core.heard import captions_of
from media import speech, voice
from media.limits import Code, Rejected
from media.sandbox import PROVIDERS, Provider, works
from media.speech import Line, NoEngine
from tests.support import spoken
from tests.vectors.media import inputs

HERE = [provider for provider in PROVIDERS if works(provider)]
SAID = ("I am sorry for what I did to you", "I want you to know that I have started to work")
MADE = 0.8
"""The made voice breathes by chance, and the engine was not trained with machines: 0.44 to 0.67 is usual."""
VOWEL = (700.0, 1220.0, 2600.0)


def _wav(path: Path, *options: str) -> Path:
    out = path.with_suffix(".measured.wav")
    command = [str(inputs.FFMPEG), "-v", "error", "-nostdin", "-y", "-i", str(path), *options, str(out)]
    subprocess.run(command, check=True, timeout=60)
    return out


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of SAID as this service keeps it."""
    folder = tmp_path_factory.mktemp("recorded")
    said = spoken.speech(folder / "said.wav", *SAID)
    return media.make("audio", [media.Source(said, "said.wav")], folder).parts[0].path


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first of SAID alone: hearing is slow."""
    folder = tmp_path_factory.mktemp("short")
    said = spoken.speech(folder / "said.wav", SAID[0])
    return media.make("audio", [media.Source(said, "said.wav")], folder).parts[0].path


def test_words_are_heard_where_they_are_said(recorded: Path, tmp_path: Path) -> None:
    """Real speech, the real engine: more than half of the words, in order, at their times."""
    told: list[float] = []
    found = speech.hear(recorded, tmp_path, told.append, language="en")
    captions = captions_of((w.text, w.start, w.end, w.confidence) for w in found)
    wrong = spoken.word_errors(" ".join(SAID), plain(captions))
    print(f"word error rate {wrong:.2f}: {plain(captions)!r}")
    assert wrong < 0.5
    assert len(captions) >= 2
    assert 3500 < min(c.start for c in captions if "want" in c.text or "know" in c.text) < 6500
    assert told == sorted(told)
    assert told[-1] <= 1.0


@pytest.mark.parametrize("provider", HERE, ids=lambda p: p.name)
def test_words_are_heard_in_every_sandbox(provider: Provider, short: Path, tmp_path: Path) -> None:
    """No network, no other file: the engine works all the same."""
    found = speech.hear(short, tmp_path, language="en", providers=(provider,))
    assert spoken.word_errors(SAID[0], " ".join(word.text for word in found)) < MADE


def test_a_model_is_read_from_the_operators_folder_and_nothing_else(recorded: Path, tmp_path: Path) -> None:
    """A folder that holds no model is refused; one that is not there, or "none", means that nothing is heard."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(Rejected) as refused:
        speech.hear(recorded, tmp_path, language="cy", model=str(tmp_path / "empty"), model_language="cy")
    assert refused.value.code == Code.DAMAGED
    assert speech.ears(str(tmp_path / "missing"), "en") == speech.ears("none", "en") == frozenset()
    assert speech.ears("", "cy") == {"en"}
    with pytest.raises(NoEngine):
        speech.hear(recorded, tmp_path, language="cy")


def test_another_model_than_the_wheels_is_heard_with(short: Path, tmp_path: Path) -> None:
    """A local model folder outside of everything else that the sandbox may read."""
    from pocketsphinx import get_model_path

    folder = tmp_path / "model"
    folder.mkdir(mode=0o755)
    subprocess.run(["cp", "-r", *map(str, Path(get_model_path("en-us")).iterdir()), str(folder)], check=True)
    tmp_path.chmod(0o755)
    found = speech.hear(short, tmp_path, language="cy", model=str(folder), model_language="cy")
    assert spoken.word_errors(SAID[0], " ".join(word.text for word in found)) < MADE


def test_what_comes_out_of_the_sandbox_is_checked_again() -> None:
    """Times that go back, a word that is no word, text that is no list: refused."""
    from media.speech.sphinx import _words

    assert _words(b'[["a", 1, 2, 0.5]]', 9)[0].text == "a"
    for untrusted in (b"", b"{", b'[["a", 2, 1, 1]]', b'[["a", 1, 99, 1]]', b'[["", 1, 2, 1]]', b'[["a", 1, 2, 7]]',
                      b'[["a", -1, 2, 1]]', b"[" * 100_000, b'[["' + b"a" * 99 + b'", 1, 2, 1]]'):  # fmt: skip
        with pytest.raises(Rejected):
            _words(untrusted, 9)


@pytest.mark.parametrize("provider", HERE, ids=lambda p: p.name)
def test_lines_are_read_aloud_at_their_times(provider: Provider, tmp_path: Path) -> None:
    """Each line begins where it began; one that is longer pushes the next one on; Welsh has a voice too."""
    lines = [
        Line(1000, "I am sorry for what I did to you, and I know what it did."),
        Line(1500, "Two."),
        Line(9000, "Three."),
    ]
    spoken_ = speech.say(lines, tmp_path, language="en", providers=(provider,))
    part = spoken_.parts[0]
    assert spoken_.times[0][0] == 1000
    assert spoken_.times[1][0] == spoken_.times[0][1] > 2000
    assert spoken_.times[2][0] == 9000
    command = [str(inputs.FFMPEG), "-i", str(part.path), "-af", "silencedetect=n=-45dB:d=0.5", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    ends = [float(line.split("silence_end: ")[1].split()[0]) for line in said.splitlines() if "silence_end" in line]
    assert ends[0] == pytest.approx(1.0, abs=0.15)
    assert any(end == pytest.approx(9.0, abs=0.15) for end in ends)
    assert all(not 1.2 < end < 3.0 for end in ends)
    welsh = speech.say([Line(0, "Mae'n ddrwg gen i.")], tmp_path, language="cy", providers=(provider,))
    assert 0.5 < float(welsh.parts[0].facts["seconds"]) < 5
    with pytest.raises(NoEngine):
        speech.say([Line(0, "Przepraszam")], tmp_path, language="pl", providers=(provider,))


def test_words_are_not_taken_for_commands(tmp_path: Path) -> None:
    """Markup and phoneme brackets in a transcript are words, and a word that is read aloud comes from no file."""
    loud = speech.say([Line(0, '<audio src="/etc/passwd"/> one')], tmp_path, language="en")
    assert float(loud.parts[0].facts["seconds"]) > 2
    with pytest.raises(Rejected) as empty:
        speech.say([Line(0, "  ")], tmp_path, language="en")
    assert empty.value.code == Code.EMPTY


@pytest.mark.parametrize("how", ["lower", "higher"])
def test_a_masked_voice_has_other_pitch_and_other_formants(how: voice.How, tmp_path: Path) -> None:
    """Measured on a synthetic vowel: both move by the stated ratios, and moving the pitch back does not undo it."""
    plain_ = spoken.vowel(tmp_path / "vowel.wav", 110.0, VOWEL)
    changed = tmp_path / "masked.wav"
    graph = ffmpeg.output(voice.masked(ffmpeg.input(str(plain_))["a:0"], how), str(changed))
    ffmpeg.run(graph, cmd=str(inputs.FFMPEG), quiet=True)
    ratios = voice.RATIOS[how]
    pitch, formants = spoken.measured(_wav(plain_, "-ar", "8000"))
    masked_pitch, masked_formants = spoken.measured(_wav(changed, "-ar", "8000"))
    back = _wav(changed, "-af", f"rubberband=pitch={1 / ratios.pitch:.5f}", "-ar", "8000")
    undone_pitch, undone_formants = spoken.measured(back)
    moved = [m / p for m, p in zip(masked_formants, formants, strict=False)]
    undone = [m / p for m, p in zip(undone_formants, formants, strict=False)]
    print(f"{how}: pitch x{masked_pitch / pitch:.3f} formants {[round(m, 3) for m in moved]} "
          f"pitched back: x{undone_pitch / pitch:.3f} {[round(m, 3) for m in undone]}")  # fmt: skip
    assert masked_pitch / pitch == pytest.approx(ratios.pitch, rel=0.03)
    assert (moved[0] * moved[1]) ** 0.5 == pytest.approx(ratios.formants, rel=0.08)
    assert undone_pitch / pitch == pytest.approx(1.0, rel=0.03)
    assert max(abs(u - 1) for u in undone[:2]) > 0.06


@pytest.mark.parametrize("how", ["lower", "higher"])
def test_a_masked_voice_stays_in_step(how: voice.How, tmp_path: Path) -> None:
    """As long as before, the same each time, and words begin where they began."""
    said = spoken.speech(tmp_path / "said.wav", "one", "two")
    made = []
    for name in ("a.wav", "b.wav"):
        graph = ffmpeg.output(voice.masked(ffmpeg.input(str(said))["a:0"], how), str(tmp_path / name), ar=8000)
        ffmpeg.run(graph, cmd=str(inputs.FFMPEG), quiet=True)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    with wave.open(str(said)) as before, wave.open(str(tmp_path / "a.wav")) as after:
        lengths = [f.getnframes() / f.getframerate() for f in (before, after)]
        heard = after.readframes(after.getnframes())
    assert lengths[0] == pytest.approx(lengths[1], abs=0.02)
    loud = memoryview(heard).cast("h")
    quiet, second = loud[8000 * 2 : 8000 * 4 - 800], loud[8000 * 4 : 8000 * 4 + 3200]
    assert max(map(abs, quiet)) < 300 < max(map(abs, second))
