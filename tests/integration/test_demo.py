"""`exchange demo` as a visitor starts it: everything comes up, everything goes, the data stays."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 150


@contextmanager
def _demo(folder: Path, facts: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    facts.unlink(missing_ok=True)
    ports = ["--portal-port", str(free_port()), "--console-port", str(free_port())]
    command = [sys.executable, "-m", "exchange", "demo", "--folder", str(folder), "--json", str(facts), *ports]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    process = subprocess.Popen(command, cwd=ROOT, env=clean, stdout=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + PATIENCE
        while not facts.exists():
            assert process.poll() is None, "the demo ended by itself"
            assert time.monotonic() < until, "the demo did not become ready"
            time.sleep(0.1)
        yield process, json.loads(facts.read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def _running(folder: Path) -> list[str]:
    """Command lines of living processes whose settings or arguments name the demo's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in told and int(process.name) != os.getpid():
            found.append((process / "cmdline").read_text())
    return found


def _wait_until_nothing_runs(folder: Path) -> None:
    until = time.monotonic() + 30
    while _running(folder) and time.monotonic() < until:
        time.sleep(0.1)
    assert _running(folder) == []


def _answers(url: str) -> int:
    with urllib.request.urlopen(f"{url}/", timeout=20) as answer:  # noqa: S310  # the demo's own address
        return int(answer.status)


def test_comes_up_goes_and_keeps_its_data(tmp_path: Path) -> None:
    """Start, Ctrl-C, start again, kill -9: both sites answer, nothing stays behind, accounts are the same."""
    folder, facts = tmp_path / "demo", tmp_path / "demo.json"
    with _demo(folder, facts) as (first, told):
        assert [_answers(told["portal"]), _answers(told["console"])] == [200, 200]
        assert len(_running(folder)) >= 5
        assert facts.stat().st_mode & 0o777 == 0o600  # it holds passwords
        assert folder.stat().st_mode & 0o777 == 0o700
        first.send_signal(signal.SIGINT)
        assert "Stopped." in first.communicate(timeout=60)[0]
    _wait_until_nothing_runs(folder)
    with _demo(folder, facts) as (second, again):
        assert again["accounts"] == told["accounts"]
        assert again["link"] == told["link"] | {"url": again["link"]["url"]}
        second.kill()
    _wait_until_nothing_runs(folder)


def test_leaves_a_folder_alone_that_is_not_its_own(tmp_path: Path) -> None:
    """A real service's folder never becomes a demo."""
    (tmp_path / "keys").mkdir()
    command = [sys.executable, "-m", "exchange", "demo", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "holds something that is not a demo" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys"]


def test_says_which_port_is_taken(tmp_path: Path) -> None:
    """A sentence with the command that helps, before anything is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "exchange", "demo", "--folder", str(tmp_path / "d"), "--portal-port", port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert not (tmp_path / "d" / "postgres").exists()
