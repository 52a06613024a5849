"""What is asked of a sandbox, and what a sandbox must be."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

INSIDE = Path(__file__).resolve().parent.parent / "inside"
LAUNCHER = INSIDE / "launch.py"
NOBODY = 65534


@dataclass(frozen=True)
class Job:
    """One program, one input, one empty folder, and its limits (bytes, seconds).

    `module`: run this module of `media/inside/` with `arguments`; else `program` is an absolute path to run.
    The input is file descriptor 3, open for reading, seekable. The folder is the working folder.
    `office`: the program is LibreOffice, which makes folders and a socket file of its own (Provider.has_own_view).
    `readable`: folders of the operator's own, such as a speech model, that this program may read.
    """

    folder: Path
    arguments: tuple[str, ...] = ()
    module: str = ""
    program: Path | None = None
    input: Path | None = None
    office: bool = False
    seconds: float = 30.0
    stall_seconds: float = 60.0
    memory_bytes: int = 4 << 30
    file_bytes: int = 8 << 30
    readable: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How it ended: exit code (negative: signal), all of stdout and the end of stderr, both capped."""

    code: int
    out: bytes
    err: bytes


class Provider(Protocol):
    """One way to confine a child."""

    name: str
    has_own_view: bool
    """The child sees a file system of its own, so a socket file can lead to nobody."""

    def command(self, job: Job) -> tuple[list[str], Sequence[int]]:
        """The command line, and descriptors to hand over (the caller closes its copies afterwards)."""


def readable() -> tuple[Path, ...]:
    """The only folders besides /usr that a child may read: the interpreter, its packages, `media/inside/`."""
    return tuple(dict.fromkeys((Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), INSIDE)))


def launch(job: Job, **extra: Any) -> list[str]:
    """The launcher's command line; it closes descriptors, sets limits and hands over to the program."""
    order = {
        "module": job.module,
        "program": str(job.program) if job.program else "",
        "arguments": list(job.arguments),
        "office": job.office,
        "memory": job.memory_bytes,
        "file": job.file_bytes,
        "cpu": int(job.seconds * 4) + 10,
        **extra,
    }
    return [sys.executable, "-I", "-B", str(LAUNCHER), json.dumps(order)]
