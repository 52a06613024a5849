"""`exchange serve`: a real service of one folder, everything started together and ended together."""

import asyncio
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from exchange.cli_open import database_of, settings_for
from exchange.settings import Settings
from exchange.steps import setup
from exchange.store.service import open_service
from exchange.supervise import exchange_command
from tests.support.ports import free_port


async def found(settings: Settings) -> None:
    """Found a real service."""
    async with open_service(settings, with_keys=True) as service:
        await setup.found_service(service, demo=False, name="Quiet Post")


def answers(url: str) -> int:
    """The status of a GET, 0 where nobody listens yet."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  # our own loopback address
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_founded_service_runs_from_its_folder_alone(tmp_path: Path) -> None:
    """Both sites answer; the portal tells the public nothing before doctor is green; SIGTERM ends all of it."""
    folder = tmp_path / "service"
    folder.mkdir(mode=0o700)
    with database_of(settings_for(folder), migrate=True) as settings:
        setup.make_keys(settings)
        asyncio.run(found(settings))
    ports = {"EXCHANGE_PORTAL_PORT": str(free_port()), "EXCHANGE_CONSOLE_PORT": str(free_port())}
    command = exchange_command("serve", "--folder", str(folder))
    with subprocess.Popen(command, env={**os.environ, **ports}) as running:
        try:
            portal, console = (f"http://127.0.0.1:{port}" for port in ports.values())
            until = time.monotonic() + 90
            while time.monotonic() < until and not (answers(f"{portal}/readyz") == answers(f"{console}/readyz") == 200):
                time.sleep(0.3)
            assert answers(f"{console}/sign-in") == 200
            assert answers(f"{portal}/") == 503
        finally:
            running.send_signal(signal.SIGTERM)
            assert running.wait(30) == 0
    assert answers(f"{portal}/healthz") == 0


def test_a_folder_without_a_service_is_refused(tmp_path: Path) -> None:
    """A sentence, exit code 1, and nothing is left running or made."""
    folder = tmp_path / "nothing"
    folder.mkdir()
    done = subprocess.run(
        exchange_command("serve", "--folder", str(folder)), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "exchange init" in done.stderr
    assert list(folder.iterdir()) == []
