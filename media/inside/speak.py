"""Lines of words to speech. Order: voice, rate, pace (words a minute), most_seconds. Writes spoken.wav.

In comes a JSON list of lines, each with start (milliseconds) and text.
eSpeak NG is a C library: its samples come by a callback, synchronously, nothing is played. Words are never read as
markup nor as phonemes.
"""

import ctypes
import json
import os
import wave
from typing import Any

import espeakng_loader

from media.inside import say

_SYNCHRONOUS, _DO_NOT_EXIT, _UTF8 = 2, 0x8000, 1
_PACE = 1
_Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def main() -> None:
    """Descriptor 3 in, spoken.wav out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        lines = json.load(file)
    speaker = _Speaker(asked["voice"], asked["rate"], asked["pace"])
    most = int(asked["most_seconds"] * asked["rate"]) * 2
    written, times = 0, []
    with wave.open("spoken.wav", "wb") as out:
        out.setparams((1, 2, asked["rate"], 0, "NONE", ""))
        for number, line in enumerate(lines, 1):
            begins = line["start"] * asked["rate"] // 1000 * 2
            pause = max(0, begins - written)
            samples = speaker.samples(line["text"])
            written += pause + len(samples)
            if written > most:
                say.refuse("too_long")
            out.writeframes(bytes(pause))
            out.writeframes(samples)
            times += [(written - len(samples)) * 500 // asked["rate"], written * 500 // asked["rate"]]
            say.done(number / len(lines))
    say.answer(times=times)


class _Speaker:
    def __init__(self, voice: str, rate: int, pace: int) -> None:
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        data = espeakng_loader.get_data_path().encode()
        made = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT)
        self._samples = bytearray()
        self._heard = _Heard(self._take)
        self._library.espeak_SetSynthCallback(self._heard)
        if made != rate or self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError("the voice is not there")
        self._library.espeak_SetParameter(_PACE, pace, 0)

    def samples(self, text: str) -> bytes:
        self._samples.clear()
        words = text.replace("\0", "").encode("utf-8", "replace")
        if words.strip() and self._library.espeak_Synth(words, len(words) + 1, 0, 1, 0, _UTF8, None, None) != 0:
            raise RuntimeError("it was not said")
        return bytes(self._samples)

    def _take(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._samples += ctypes.string_at(samples, count * 2)
        return 0


if __name__ == "__main__":
    main()
