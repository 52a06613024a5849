"""Hearing with PocketSphinx: small, offline, an English model in its wheel, any other Sphinx model from a folder.

The sound is decoded by ffmpeg in one child and heard in another; neither has a network or sees another file.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import ffmpeg

from media import ffmpegs
from media.ffmpegs import CLEAN
from media.limits import Code, Rejected
from media.speech.engine import Word
from media.workbench import Report, Workbench

RATE = 16_000
MOST_WORDS = 200_000
LONGEST_WORD = 80
_SLOWEST = 8.0  # seconds of work for a second of sound, on a machine that is busy


class Sphinx:
    """One model: what the wheel brings (`model` ""), a folder, or nothing ("none")."""

    def __init__(self, model: str = "", language: str = "en") -> None:
        """`language`: what a folder's model hears; the wheel's own hears English."""
        self._folder = Path(model) if model not in ("", "none") else None
        self._language = language if self._folder else "en"
        self._off = model == "none"

    def languages(self) -> frozenset[str]:
        """See Hears."""
        here = importlib.util.find_spec("pocketsphinx") is not None
        there = self._folder is None or self._folder.is_dir()
        return frozenset({self._language}) if here and there and not self._off else frozenset()

    def hear(self, bench: Workbench, sound: Path, _language: str, report: Report) -> tuple[Word, ...]:
        """See Hears."""
        seconds = ffmpegs.probe(bench, sound, ffmpegs.MOVIE).seconds
        samples = self._samples(bench, sound, seconds)
        report(0.05)
        folders = (self._folder.resolve(),) if self._folder else ()
        with bench.folder() as folder:
            bench.ask(
                "hear", samples, folder, lambda done: report(0.05 + 0.95 * done),
                seconds=bench.limits.work_seconds * 2 + _SLOWEST * seconds, readable=folders,
                model=str(folders[0]) if folders else "", rate=RATE,
            )  # fmt: skip
            untrusted = bench.take(folder, "words.json", "words", 32 << 20).read_bytes()
        return _words(untrusted, int(seconds * 1000) + 1000)

    @staticmethod
    def _samples(bench: Workbench, sound: Path, seconds: float) -> Path:
        heard = ffmpegs.source(ffmpegs.MOVIE)["a:0"].filter("aresample", RATE, **{"async": 1, "first_pts": 0})
        heard = heard.filter("highpass", f=70).filter("dynaudnorm").filter("aformat", channel_layouts="mono")
        output = ffmpeg.output(heard, "heard.raw", f="s16le", acodec="pcm_s16le", ar=RATE, **CLEAN)
        with bench.folder() as folder:
            ffmpegs.run(bench, output, sound, folder, ffmpegs.work_limits(bench, seconds), lambda _: None)
            return bench.take(folder, "heard.raw", "heard", bench.limits.product_bytes)


def _words(untrusted: bytes, last: int) -> tuple[Word, ...]:
    """What came out of the sandbox, each value checked; times in order. Raises Rejected(damaged)."""
    try:
        listed: list[Any] = json.loads(untrusted)
        found = [Word(str(text), int(start), int(end), float(sure)) for text, start, end, sure in listed]
    except (ValueError, TypeError, RecursionError):
        raise Rejected(Code.DAMAGED, detail="hear said nothing sensible") from None
    times = [time for word in found for time in (word.start, word.end)]
    fits = all(0 < len(word.text) <= LONGEST_WORD and 0 <= word.confidence <= 1 for word in found)
    if not fits or len(found) > MOST_WORDS or times != sorted(times) or not all(0 <= t <= last for t in times):
        raise Rejected(Code.DAMAGED, detail="hear said nothing sensible")
    return tuple(found)
