"""One hostile file, and the traps it points at."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Traps:
    """Where a hostile file would find something to read, and somebody to tell.

    `folder` holds canary.txt, canary.png, canary.ts, canary.wav and canary.docx; `port` is listened on, TCP and UDP.
    """

    folder: Path
    port: int

    def file(self, ending: str) -> str:
        """The path of a canary."""
        return str(self.folder / f"canary.{ending}")

    def url(self, name: str = "canary", scheme: str = "http") -> str:
        """An address at which the listener would hear of it."""
        return f"{scheme}://127.0.0.1:{self.port}/{name}"


@dataclass(frozen=True)
class Case:
    """A file as it would be put in: of which class, as which kind of message, under which name."""

    of: str
    kind: str
    name: str
    data: bytes

    def __repr__(self) -> str:
        """Without the bytes."""
        return f"Case({self.of}, {self.kind}, {self.name}, {len(self.data)} bytes)"
