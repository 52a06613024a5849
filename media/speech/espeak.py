"""Reading aloud with eSpeak NG: small, offline, English and Welsh voices in the wheel `espeakng-loader`."""

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from media import audio
from media.limits import Code, Rejected
from media.product import Source
from media.sniff import Type
from media.speech.engine import Line, Spoken
from media.workbench import Workbench

VOICES = {"en": "en-gb-x-rp", "cy": "cy"}
RATE, PACE = 22_050, 150
_WAV = Type("wav", "av", "wav")


class Espeak:
    """The voices of VOICES. They sound like a machine, so nobody takes them for the person."""

    def languages(self) -> frozenset[str]:
        """See Speaks."""
        return frozenset(VOICES) if importlib.util.find_spec("espeakng_loader") else frozenset()

    def say(self, bench: Workbench, lines: Sequence[Line], language: str) -> Spoken:
        """See Speaks."""
        if not any(line.text.strip() for line in lines):
            raise Rejected(Code.EMPTY)
        words = bench.product / "words.json"
        words.write_text(json.dumps([asdict(line) for line in lines]), encoding="utf-8")
        words.chmod(0o644)  # the child is another user; the folder above is closed to everybody
        with bench.folder() as folder:
            told = bench.ask(
                "speak", words, folder, lambda _: None, seconds=bench.limits.work_seconds * 10,
                voice=VOICES[language], rate=RATE, pace=PACE, most_seconds=bench.limits.audio_seconds,
            )  # fmt: skip
            spoken = bench.take(folder, "spoken.wav", "spoken", bench.limits.product_bytes)
        product = audio.make(bench, Source(spoken), _WAV, lambda _: None)
        return Spoken(product.parts, _times(told.get("times"), len(lines)))


def _times(untrusted: Any, count: int) -> tuple[tuple[int, int], ...]:
    """What came out of the sandbox: whole numbers in order, two for each line. Raises Rejected(damaged)."""
    flat = untrusted if isinstance(untrusted, list) else []
    if len(flat) != 2 * count or any(type(time) is not int for time in flat) or [0, *flat] != sorted([0, *flat]):
        raise Rejected(Code.DAMAGED, detail="speak said nothing sensible")
    return tuple(zip(flat[::2], flat[1::2], strict=True))
