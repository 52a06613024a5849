"""A worker's private scratch: the only place outside memory where plaintext may be, emptied whatever happens.

Each job gets an empty folder (0700) below `settings.scratch` and holds a lock on it for as long as it lives.
A folder whose lock nobody holds was left by a worker that died, and is removed by the next one that starts.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".held"


@contextmanager
def private_scratch(parent: Path) -> Iterator[Path]:
    """An empty folder of this job's own; gone, with everything in it, when the block ends."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    outer = parent / f"job-{secrets.token_hex(8)}"
    outer.mkdir(mode=0o700)
    held = os.open(outer / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        inner = outer / "work"
        inner.mkdir(mode=0o700)
        yield inner
    finally:
        shutil.rmtree(outer, ignore_errors=True)
        os.close(held)


def remove_stale(parent: Path) -> int:
    """Remove what dead workers left; how many folders. Those of living jobs are locked and stay."""
    removed = 0
    for outer in parent.glob("job-*"):
        with suppress(OSError):
            removed += _remove_if_free(outer)
    return removed


def _remove_if_free(outer: Path) -> bool:
    held = os.open(outer / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(outer, ignore_errors=True)
        return True
    finally:
        os.close(held)
