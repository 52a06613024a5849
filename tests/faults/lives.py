"""Lives of a process: each is a real child that works until it is done, or until it kills itself at a failpoint.

The child is forked from a process that has everything imported, so a life begins in some ten milliseconds, and ends
by SIGKILL where it is told to: no `finally`, no rollback, no flush. What it was told it had written down before
(`history.py`). Fork only from a process without threads.
"""

import asyncio
import gc
import mmap
import os
import signal
import struct
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from exchange.core.errors import StorageUnavailable
from exchange.store import failpoints

LONGEST = 120.0
_HEAD = struct.Struct("<II")
_NAME = 60


@dataclass(frozen=True)
class Plan:
    """What happens at the `at`-th failpoint of a life: "kill", "fail" (raises), "postgres" (it is killed), "none".

    With `name` only places of that name count.
    """

    what: str = "none"
    at: int = 0
    name: str = ""


@dataclass(frozen=True)
class Life:
    """How a life ended: "done", "killed", or "broken" with what it printed.

    `points`: failpoints it came by; `last`: the one where the plan came true, "" where it did not.
    """

    end: str
    points: int
    last: str
    said: str = ""


class _Board:
    """A page of memory that parent and child share: how many failpoints were reached, and where the plan came true."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, 4096)

    def clear(self) -> None:
        self._map[: _HEAD.size + _NAME] = bytes(_HEAD.size + _NAME)

    def reached(self) -> None:
        count, length = _HEAD.unpack_from(self._map)
        _HEAD.pack_into(self._map, 0, count + 1, length)

    def happened(self, name: str) -> None:
        encoded = name.encode()
        _HEAD.pack_into(self._map, 0, self.read()[0], len(encoded))
        self._map[_HEAD.size : _HEAD.size + len(encoded)] = encoded

    def read(self) -> tuple[int, str]:
        count, length = _HEAD.unpack_from(self._map)
        return count, self._map[_HEAD.size : _HEAD.size + length].decode()


class _Doom:
    """What a child's failpoints do: count, and at one of them what the plan says."""

    def __init__(self, plan: Plan, board: _Board, postgres: int) -> None:
        self._plan, self._board, self._postgres = plan, board, postgres
        self._left = plan.at

    def __call__(self, name: str) -> None:
        self._board.reached()
        if self._plan.name not in ("", name):
            return
        self._left -= 1
        if self._left != 0 or self._plan.what == "none":
            return
        self._board.happened(name)
        if self._plan.what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._plan.what == "postgres":
            os.kill(self._postgres, signal.SIGQUIT)
            return
        raise StorageUnavailable


_board = _Board()


def live(
    work: Callable[[], Awaitable[None]], plan: Plan, said: Path, *, postgres: int, mend: Callable[[], None]
) -> Life:
    """One life. `work` runs in the child's own event loop; what it prints goes to `said`.

    `mend` starts PostgreSQL (process `postgres`) again where the plan has killed it.
    """
    _board.clear()
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        _child(work, plan, said, postgres)
    if plan.what == "postgres":
        _until_it_happened(pid)
        if _board.read()[1]:
            mend()
    return _ended(pid, said)


def _until_it_happened(pid: int) -> None:
    """Wait until PostgreSQL was killed, or the life is over without that."""
    while not _board.read()[1]:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.002)


def _child(work: Callable[[], Awaitable[None]], plan: Plan, said: Path, postgres: int) -> None:
    code = 1
    try:
        out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        failpoints.arm(_Doom(plan, _board, postgres))
        asyncio.run(_whole(work))
        code = 0
    except BaseException:  # noqa: BLE001  # whatever it was, the parent reads it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


async def _whole(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def _ended(pid: int, said: Path) -> Life:
    until = time.monotonic() + LONGEST
    wait = 0.001
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return Life("broken", *_board.read(), f"still running after {LONGEST} s: {_text(said)}")
        time.sleep(wait)
        wait = min(0.01, wait * 2)
    count, last = _board.read()
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return Life("killed", count, last)
    good = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
    return Life("done" if good else "broken", count, last, "" if good else _text(said))


def _text(said: Path) -> str:
    return said.read_text(errors="replace") if said.exists() else ""
