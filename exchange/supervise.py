"""A small tree of processes: started together, started again when one dies, ended together.

For the demo and tests on one machine; a real service leaves this to systemd or a container engine. Use it in
the main thread: the kernel ends a child (SIGTERM) when the thread that started it dies, so that not even
`kill -9` of the parent leaves anything running.
"""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from exchange.core.errors import ExchangeError

END_SECONDS = 10.0
POLL_SECONDS = 0.1
DEATHS = 3
DEATHS_WITHIN_SECONDS = 30.0
TAIL_BYTES = 2000


class ChildFailed(ExchangeError):
    """A part of the service does not start. Its log says why."""


@dataclass
class Child:
    """One process: how to start it, and when it died lately."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches only the parent, which ends its children."""
        command = ["setpriv", "--pdeathsig", "TERM", "--", *self.command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def died(self) -> bool:
        """True once for each time the process ended by itself."""
        if self.process is None or self.process.poll() is None:
            return False
        self.process = None
        self.deaths.append(time.monotonic())
        return True

    def keeps_dying(self) -> bool:
        """Three deaths within half a minute."""
        return len(self.deaths) == DEATHS and self.deaths[-1] - self.deaths[0] < DEATHS_WITHIN_SECONDS

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace").strip()


class ProcessTree:
    """Children by name. Their logs lie in `logs`, which is made with mode 0700.

    `end_seconds` is what all of them together get to end in; it must be more than they take for themselves.
    """

    def __init__(self, logs: Path, end_seconds: float = END_SECONDS) -> None:
        self.logs = logs
        self.end_seconds = end_seconds
        self.children: list[Child] = []

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start one more child; its output goes to `<logs>/<name>.log`, begun anew."""
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        log.unlink(missing_ok=True)
        child = Child(name, command, environment, log)
        child.start()
        self.children.append(child)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return once `ready()`; raises `ChildFailed` after `seconds` or when a child keeps dying."""
        until = time.monotonic() + seconds
        while not ready():
            self.look_after()
            if time.monotonic() > until:
                raise ChildFailed(f"The service was not ready after {seconds:.0f} seconds. See {self.logs}.")
            time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Look after the children until a signal ends the process; raises `ChildFailed`."""
        while True:
            self.look_after()
            time.sleep(POLL_SECONDS)

    def look_after(self) -> None:
        """Start again what has died; raises `ChildFailed` with the end of its log if it keeps dying."""
        for child in self.children:
            if not child.died():
                continue
            if child.keeps_dying():
                raise ChildFailed(f"The part “{child.name}” does not start. The end of its log:\n{child.tail()}")
            child.start()

    def stop(self) -> None:
        """SIGTERM to every child, `end_seconds` in all, then SIGKILL to the process groups of the rest."""
        running = [child.process for child in self.children if child.process]
        for process in running:
            process.terminate()
        until = time.monotonic() + self.end_seconds
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.children.clear()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block like Ctrl-C; while it is being left, further ones are ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exchange_command(*arguments: str) -> list[str]:
    """The command line of `exchange …` with this Python, whatever is on PATH."""
    return [sys.executable, "-m", "exchange", *arguments]
