"""The lines of an export in a file, for the offline check: a large complete one is read by every processor at once."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from exchange.core.export import BadExport, Header
from exchange.core.forms import Forms
from exchange.core.runs import Run, shortened

PIECE = 4 * 1024 * 1024
SMALL = 4 * PIECE
MOST_PROCESSES = 8
_FORMS = Forms()
"""What this process saw in the pieces before."""


def lines_of(path: Path, *, every_leaf: bool) -> Iterator[Run | str]:
    """The file line by line, or in runs where it is large and complete and nobody asks for `every_leaf`.

    OSError, UnicodeDecodeError.
    """
    # a line ends at \n only: anything else inside a line must show
    with path.open(encoding="utf-8", newline="\n") as lines:
        header = next(lines, "")
        yield header
        if every_leaf or path.stat().st_size < SMALL or processors() < 2 or not _is_complete(header):
            yield from lines
            return
    yield from _by_many(path, len(header.encode()))


def processors() -> int:
    """How many this process may use, at most eight."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MOST_PROCESSES)


def _is_complete(untrusted_header: str) -> bool:
    try:
        return Header.parse(untrusted_header).filter is None
    except BadExport:
        return False


def _by_many(path: Path, start: int) -> Iterator[Run | str]:
    """Each process reads whole lines of its own piece; few pieces are under way, so memory stays flat."""
    with ProcessPoolExecutor(processors()) as pool:
        waiting: deque[Future[list[Run | str]]] = deque()
        for place, size in pieces(path, start):
            waiting.append(pool.submit(_read, path, place, size))
            if len(waiting) > 2 * processors():
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def pieces(path: Path, start: int) -> Iterator[tuple[int, int]]:
    """Place and size of pieces that end at the end of a line."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while start < size:
            file.seek(min(start + PIECE, size))
            file.readline()
            yield start, file.tell() - start
            start = file.tell()


def _read(path: Path, place: int, size: int) -> list[Run | str]:
    with path.open("rb") as file:
        file.seek(place)
        return shortened(file.read(size), _FORMS)
