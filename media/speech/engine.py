"""What a speech engine is asked, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from media.product import Part
from media.workbench import Report, Workbench


class NoEngine(Exception):
    """Nothing here hears or speaks this language."""


@dataclass(frozen=True)
class Word:
    """A word that was heard: from when to when (milliseconds), and how sure the engine is, 0.0 … 1.0."""

    text: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True)
class Line:
    """Words to say, and when they should begin (milliseconds)."""

    start: int
    text: str


@dataclass(frozen=True)
class Spoken:
    """`sound` and `waveform`, and from when to when each line is said (milliseconds)."""

    parts: tuple[Part, ...]
    times: tuple[tuple[int, int], ...]


class Hears(Protocol):
    """Finds words in sound."""

    def languages(self) -> frozenset[str]:
        """Which it can hear on this machine; none where it is not installed."""

    def hear(self, bench: Workbench, sound: Path, language: str, report: Report) -> tuple[Word, ...]:
        """The words in order. Raises Rejected."""


class Speaks(Protocol):
    """Makes sound of words."""

    def languages(self) -> frozenset[str]:
        """Which it can speak on this machine; none where it is not installed."""

    def say(self, bench: Workbench, lines: Sequence[Line], language: str) -> Spoken:
        """AAC in m4a. Raises Rejected."""
