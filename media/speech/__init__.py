"""Speech engines: one that hears words in a recording, one that reads words aloud. Both run in the sandbox.

Both are optional (`pip install 'exchange[speech]'`): where they are not installed, `ears` and `voices` are empty and
nothing is offered. What is heard is a draft with mistakes, for a person to correct; never more.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import imageio_ffmpeg

from media import sandbox
from media.limits import DEFAULT, Limits
from media.sandbox import PROVIDERS, Provider
from media.speech.engine import Line, NoEngine, Spoken, Word
from media.speech.espeak import Espeak
from media.speech.sphinx import Sphinx
from media.workbench import Workbench

__all__ = ["Line", "NoEngine", "Spoken", "Word", "ears", "hear", "say", "voices"]

SPEAKER = Espeak()


def ears(model: str, language: str) -> frozenset[str]:
    """The languages that can be heard here. `model`: a folder, "" for what the engine brings, "none" for none."""
    return Sphinx(model, language).languages()


def voices() -> frozenset[str]:
    """The languages that can be read aloud here."""
    return SPEAKER.languages()


def hear(
    sound: Path,
    scratch: Path,
    report: Callable[[float], None] = lambda _: None,
    *,
    language: str,
    model: str = "",
    model_language: str = "en",
    limits: Limits = DEFAULT,
    ffmpeg: Path | None = None,
    providers: Sequence[Provider] = PROVIDERS,
) -> tuple[Word, ...]:
    """The words of a recording that this service made (m4a, mp4), in order. Blocks, in a worker's thread.

    Raises NoEngine where the language cannot be heard here, Rejected as `media.make` does.
    """
    engine = Sphinx(model, model_language)
    if language not in engine.languages():
        raise NoEngine
    bench = _bench(scratch, limits, ffmpeg, providers, patience=600 + 12 * limits.audio_seconds)
    return engine.hear(bench, sound, language, report)


def say(
    lines: Sequence[Line],
    scratch: Path,
    *,
    language: str,
    limits: Limits = DEFAULT,
    ffmpeg: Path | None = None,
    providers: Sequence[Provider] = PROVIDERS,
) -> Spoken:
    """Lines read aloud, each where it begins or, if the one before is longer, after it.

    Raises NoEngine where there is no voice of that language, Rejected(empty) where there is nothing to say.
    """
    if language not in SPEAKER.languages():
        raise NoEngine
    bench = _bench(scratch, limits, ffmpeg, providers, patience=600 + limits.audio_seconds)
    return SPEAKER.say(bench, lines, language)


def _bench(
    scratch: Path, limits: Limits, ffmpeg: Path | None, providers: Sequence[Provider], *, patience: float
) -> Workbench:
    return Workbench(
        provider=sandbox.choose(providers),
        ffmpeg=(ffmpeg or Path(imageio_ffmpeg.get_ffmpeg_exe())).resolve(),
        scratch=scratch,
        product=Path(tempfile.mkdtemp(prefix="speech-", dir=scratch)),
        limits=limits,
        ends=time.monotonic() + patience,
    )
