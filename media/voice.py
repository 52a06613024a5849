"""A voice changed so that the ear does not know it again: pitch and formants moved, by different ratios.

Formants are where a speaker's mouth and throat ring; pitch alone would leave them, and with them the person. The
first pass moves both together, the second moves the pitch once more and mostly leaves the formants, so that moving
the pitch back does not bring the voice back. The strength is fixed: about six semitones down or seven up in pitch,
three to four in formants; words stay clear. It hides from the ear. It does not hide from somebody who measures: who
finds both ratios can move both back, and the way of speaking stays.
"""

from dataclasses import dataclass
from typing import Any, Literal

How = Literal["lower", "higher"]
RATE = 48_000


@dataclass(frozen=True)
class Ratios:
    """What the two passes multiply the pitch by, and what comes of it for the formants (measured on vowels)."""

    together: float
    pitch_alone: float
    formants: float

    @property
    def pitch(self) -> float:
        """What the pitch is multiplied by in all."""
        return self.together * self.pitch_alone


RATIOS: dict[How, Ratios] = {"lower": Ratios(0.82, 0.85, 0.79), "higher": Ratios(1.15, 1.3, 1.18)}


def masked(stream: Any, how: How) -> Any:
    """The stream (ffmpeg-python) of sound with another voice, 48 kHz; as long as it was, in step with the pictures."""
    ratios = RATIOS[how]
    together = stream.filter("aresample", RATE).filter("rubberband", pitch=ratios.together, formant="shifted")
    # librubberband finds the formants of ordinary voices only when it is told twice the rate
    return (
        together.filter("asetrate", 2 * RATE)
        .filter("rubberband", pitch=ratios.pitch_alone, formant="preserved")
        .filter("asetrate", RATE)
    )
