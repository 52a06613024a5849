"""Samples (s16le, mono) to words. Order: model (a folder, or "" for the wheel's), rate. Writes words.json.

Speech is told from silence first, so that each utterance is heard by itself; a very long one is cut.
"""

import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from pocketsphinx import Decoder, Endpointer, get_model_path

from media.inside import say

LONGEST = 20.0  # seconds of one utterance
_MARKS = ("<", "[", "+")


def main() -> None:
    """Descriptor 3 in, words.json out."""
    asked = say.order()
    folder = Path(asked["model"] or get_model_path("en-us"))
    decoder = Decoder(samprate=float(asked["rate"]), loglevel="FATAL", **_files(folder))
    with os.fdopen(3, "rb") as file:
        words = _heard(file, decoder, asked["rate"])
    with Path("words.json").open("w", encoding="utf-8") as out:
        json.dump(words, out)
    say.answer(words=len(words))


def _files(folder: Path) -> dict[str, str]:
    """A Sphinx model's acoustic folder, language model and dictionary. Raises FileNotFoundError."""
    acoustic = [path.parent for path in sorted(folder.glob("*/mdef"))]
    language = [path for path in sorted(folder.glob("*.lm*")) if "phone" not in path.name]
    words = sorted(folder.glob("*.dict"))
    if not (acoustic and language and words):
        raise FileNotFoundError("this folder holds no model")
    return {"hmm": str(acoustic[0]), "lm": str(language[0]), "dict": str(words[0])}


def _heard(file: BinaryIO, decoder: Decoder, rate: int) -> list[Any]:
    ends = Endpointer(sample_rate=rate)
    size, done = os.fstat(3).st_size or 1, 0
    found: list[Any] = []
    begun: float | None = None
    while frame := file.read(ends.frame_bytes):
        done += len(frame)
        whole = len(frame) == ends.frame_bytes
        speech = ends.process(frame) if whole else ends.end_stream(frame)
        if speech is not None:
            if begun is None:
                begun = ends.speech_start
                decoder.start_utt()
            decoder.process_raw(speech)
        now = done / 2 / rate
        if begun is not None and (not ends.in_speech or now - begun > LONGEST):
            decoder.end_utt()
            found += _words(decoder, begun, found)
            begun = None if not ends.in_speech else now
            if begun is not None:
                decoder.start_utt()
            say.done(done / size)
        elif done % (ends.frame_bytes * 100) == 0:
            say.done(done / size)
    if begun is not None:
        decoder.end_utt()
        found += _words(decoder, begun, found)
    return found


def _words(decoder: Decoder, begun: float, before: list[Any]) -> list[Any]:
    """[text, start ms, end ms, confidence] of each word that is one, in order."""
    last, found = before[-1][2] if before else 0, []
    rate = decoder.config["frate"]
    for part in decoder.seg() or ():
        text = part.word.split("(")[0]
        if text and not text.startswith(_MARKS):
            start = max(last, int((begun + part.start_frame / rate) * 1000))
            last = max(start, int((begun + (part.end_frame + 1) / rate) * 1000))
            sure = min(1.0, max(0.0, part.prob))
            found.append([text, start, last, round(sure, 3)])
    return found


if __name__ == "__main__":
    main()
