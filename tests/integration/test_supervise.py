"""The demo's process tree: nothing is left running, whatever ends it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.supervise import ChildFailed, ProcessTree

PATIENCE = 20
SLEEPER = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
PARENT = """
import sys, pathlib, os
from exchange.supervise import ProcessTree, ended_by_signals
tree = ProcessTree(pathlib.Path(sys.argv[1]) / "logs")
try:
    with ended_by_signals():
        for name in ("one", "two"):
            tree.start(name, [sys.executable, "-c", sys.argv[2], sys.argv[1] + "/" + name], os.environ)
        tree.watch()
except KeyboardInterrupt:
    tree.stop()
    print("stopped", flush=True)
"""


def _pid(path: Path, but_not: int = 0) -> int:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = path.read_text() if path.exists() else ""
        if found and int(found) != but_not:
            return int(found)
        time.sleep(0.02)
    raise TimeoutError(path.name)


def _wait_until_gone(*pids: int) -> None:
    until = time.monotonic() + PATIENCE
    while any(_runs(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    assert [pid for pid in pids if _runs(pid)] == []


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with two children, which wrote their numbers to the files `one` and `two`."""
    command = [sys.executable, "-c", PARENT, str(tmp_path), SLEEPER]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_parent_ends_the_children(parent: subprocess.Popen[str], tmp_path: Path, number: int) -> None:
    """Ctrl-C, TERM and a closed terminal: children first, then the parent, in order."""
    children = [_pid(tmp_path / "one"), _pid(tmp_path / "two")]
    parent.send_signal(number)
    assert parent.communicate(timeout=PATIENCE)[0] == "stopped\n"
    _wait_until_gone(*children)


def test_kill_9_of_the_parent_ends_the_children(parent: subprocess.Popen[str], tmp_path: Path) -> None:
    """The kernel does what the parent no longer can."""
    children = [_pid(tmp_path / "one"), _pid(tmp_path / "two")]
    parent.kill()
    _wait_until_gone(*children)


def test_a_child_that_died_is_started_again(tmp_path: Path) -> None:
    """kill -9 of one child brings a new one; the other is left alone."""
    tree = ProcessTree(tmp_path / "logs")
    try:
        for name in ("one", "two"):
            tree.start(name, [sys.executable, "-c", SLEEPER, str(tmp_path / name)], os.environ)
        first, other = _pid(tmp_path / "one"), _pid(tmp_path / "two")
        os.kill(first, signal.SIGKILL)
        _wait_until_gone(first)
        tree.look_after()
        assert _pid(tmp_path / "one", but_not=first) != first
        assert _pid(tmp_path / "two") == other
    finally:
        tree.stop()


def test_a_child_that_cannot_start_is_given_up_with_its_reason(tmp_path: Path) -> None:
    """Three quick deaths: the sentence holds the end of the log."""
    tree = ProcessTree(tmp_path / "logs")
    tree.start("broken", [sys.executable, "-c", "raise SystemExit('no such setting')"], os.environ)
    try:
        with pytest.raises(ChildFailed, match="no such setting"):
            tree.wait_until(lambda: False, PATIENCE)
    finally:
        tree.stop()


def test_a_stubborn_child_is_killed(tmp_path: Path) -> None:
    """One that ignores SIGTERM is gone after the time it is given."""
    tree = ProcessTree(tmp_path / "logs", end_seconds=0.5)
    tree.start("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path / "one")], os.environ)
    pid = _pid(tmp_path / "one")
    tree.stop()
    assert not _runs(pid)
