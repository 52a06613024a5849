"""Speech made by a machine with known words, how much of it was recognised, and what a voice measures."""

import array
import json
import math
import tempfile
import wave
from itertools import pairwise
from pathlib import Path

from media import sandbox
from media.sandbox import PROVIDERS, Job

RATE = 22_050
CLEAREST = "en-us+f2"
"""Of eSpeak's voices the one that the English model hears best."""


def speech(path: Path, *sentences: str, voice: str = CLEAREST, pace: int = 130) -> Path:
    """A WAV of the sentences, four seconds apart or more."""
    lines = [{"start": 4000 * place, "text": text} for place, text in enumerate(sentences)]
    order = {"voice": voice, "rate": RATE, "pace": pace, "most_seconds": 600}
    with tempfile.TemporaryDirectory(prefix="spoken-") as name:
        words, folder = Path(name, "words"), Path(name, "folder")
        words.write_text(json.dumps(lines))
        folder.mkdir()
        job = Job(folder=folder, module="speak", arguments=(json.dumps(order),), input=words)
        outcome = sandbox.run(sandbox.choose(PROVIDERS), job)
        assert outcome.code == 0, outcome.err
        path.write_bytes((folder / "spoken.wav").read_bytes())
    return path


def word_errors(said: str, heard: str) -> float:
    """The word error rate: words wrong, missing or too many, for each word said."""
    want, got = _words(said), _words(heard)
    row = list(range(len(got) + 1))
    for number, word in enumerate(want, 1):
        above, row[0] = row[:], number
        for place, other in enumerate(got, 1):
            row[place] = min(above[place] + 1, row[place - 1] + 1, above[place - 1] + (word != other))
    return row[-1] / len(want)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalpha() or c == "'" else " " for c in text.lower()).split()


def vowel(path: Path, pitch: float, formants: tuple[float, ...], *, rate: int = 48_000, seconds: float = 1.5) -> Path:
    """A vowel as a throat makes it: pulses at the pitch (Hz), through one resonance for each formant (Hz)."""
    samples = [0.0] * int(rate * seconds)
    for beat in range(int(pitch * seconds)):
        samples[int(beat * rate / pitch)] = 1.0
    for formant in formants:
        samples = _resonance(samples, formant, 90.0, rate)
    loudest = max(map(abs, samples))
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(array.array("h", [int(20_000 * s / loudest) for s in samples]).tobytes())
    return path


def _resonance(samples: list[float], at: float, width: float, rate: int) -> list[float]:
    radius = math.exp(-math.pi * width / rate)
    first, second = 2 * radius * math.cos(2 * math.pi * at / rate), -radius * radius
    before, earlier, made = 0.0, 0.0, []
    for sample in samples:
        now = sample + first * before + second * earlier
        made.append(now)
        before, earlier = now, before
    return made


def measured(path: Path) -> tuple[float, list[float]]:
    """Pitch and formants (Hz) of a mono 16-bit WAV at 8 kHz: autocorrelation, and linear prediction of order 8."""
    with wave.open(str(path)) as source:
        assert (source.getnchannels(), source.getframerate()) == (1, 8000)
        samples = [float(s) for s in array.array("h", source.readframes(source.getnframes()))]
    middle = samples[3000:7000]
    lags = {lag: sum(a * b for a, b in zip(middle, middle[lag:], strict=False)) for lag in range(18, 140)}
    most = max(lags.values())
    first = next(lag for lag in sorted(lags) if lags[lag] > 0.8 * most)  # not twice the period
    best = max(range(first, first + 6), key=lambda lag: lags.get(lag, 0.0))
    left, top, right = (lags.get(best + step, lags[best]) for step in (-1, 0, 1))
    exact = best + 0.5 * (left - right) / ((left - 2 * top + right) or 1.0)
    return 8000 / exact, _formants(middle[:2048])


def _formants(samples: list[float]) -> list[float]:
    high = [b - 0.97 * a for a, b in pairwise(samples)]
    shaped = [s * (0.54 - 0.46 * math.cos(2 * math.pi * n / len(high))) for n, s in enumerate(high)]
    order = 8
    alike = [sum(a * b for a, b in zip(shaped, shaped[lag:], strict=False)) for lag in range(order + 1)]
    filters, error = [1.0], alike[0]
    for size in range(1, order + 1):
        reflected = -sum(filters[n] * alike[size - n] for n in range(size)) / error
        padded = [*filters, 0.0]
        filters = [a + reflected * b for a, b in zip(padded, reversed(padded), strict=True)]
        error *= 1 - reflected * reflected
    grid = [100 + 5 * n for n in range(760)]
    loud = [-abs(sum(f * complex(math.cos(w * n), -math.sin(w * n)) for n, f in enumerate(filters))) for w in
            (2 * math.pi * hertz / 8000 for hertz in grid)]  # fmt: skip
    return [hertz for a, (hertz, b), c in zip(loud, zip(grid[1:], loud[1:], strict=False), loud[2:], strict=False)
            if a < b >= c]  # fmt: skip
