"""What goes in and what comes out: plain records, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Fact = int | float | str | bool


@dataclass(frozen=True)
class Source:
    """One file as it was put in: a plaintext path in the worker's scratch, and the name it was given."""

    path: Path
    untrusted_name: str = ""


@dataclass(frozen=True)
class Part:
    """One file of a product. `media_type` and `name` are set by us, never taken from the input.

    Names: `page-001`… and, never shown to a recipient, `came-001`… (image/jpeg), `text` (text/plain;
    charset=utf-8), `sound` (audio/mp4), `waveform`
    (image/png), `picture` (video/mp4), `poster` and `storyboard` (image/jpeg).
    """

    name: str
    media_type: str
    path: Path
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Product:
    """A clean derivative: everything in it was made anew and checked again outside the sandbox.

    `length` is pages for a letter (0: text only) and seconds otherwise; `notes` are plain sentences for
    the facilitator about what may look different from the original.
    """

    kind: str
    parts: tuple[Part, ...]
    length: float
    notes: tuple[str, ...] = ()

    def part(self, name: str) -> Part | None:
        """The part of this name, or None."""
        return next((part for part in self.parts if part.name == name), None)
