"""The failpoints themselves: one list, off unless a test says otherwise, and never on in a real service."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exchange.core.errors import WrongSetting
from exchange.settings import Settings
from exchange.store import failpoints
from exchange.store.service import open_service
from tests.faults.scripts import JOURNEYS

ROOT = Path(__file__).parents[2]


def places() -> dict[str, list[str]]:
    """Where the code has a failpoint: file and line by name."""
    found: dict[str, list[str]] = {}
    for package in ("exchange", "media", "workers"):
        for path in (ROOT / package).rglob("*.py"):
            code = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(code)) if "failpoint(" in code else ():
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "failpoint":
                    [name] = node.args
                    assert isinstance(name, ast.Constant), f"{path}:{node.lineno} computes a name"
                    found.setdefault(str(name.value), []).append(f"{path.name}:{node.lineno}")
    return found


def test_the_list_names_every_failpoint_in_the_code_and_no_other() -> None:
    """A place that is not on the list would never be tried, a name without a place would seem to be."""
    assert set(places()) == failpoints.NAMES


def test_every_failpoint_is_played() -> None:
    """A new place without a run that is killed there is seen here, not at the end of the long campaign."""
    assert {name for _, names in JOURNEYS for name in names} == failpoints.NAMES


def test_a_failpoint_that_is_off_does_nothing() -> None:
    """Nothing is armed unless a test does it."""
    assert failpoints._armed is None
    assert failpoints.failpoint("not even a name") is None  # type: ignore[func-returns-value]


async def test_a_real_service_does_not_start_with_a_failpoint(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable ends processes on purpose: outside a demonstration it stops the start."""
    monkeypatch.setenv(failpoints.VARIABLE, "unit.committed")
    with pytest.raises(WrongSetting, match="EXCHANGE_FAILPOINT ends the process on purpose"):
        async with open_service(settings.model_copy(update={"demo": False}), with_keys=False):
            pass
    assert failpoints._armed is None


@pytest.mark.parametrize("told", ["unit.comitted", "unit.committed:x", ":"])
def test_a_failpoint_that_there_is_not_is_said(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt one would make a test that shows nothing."""
    monkeypatch.setenv(failpoints.VARIABLE, told)
    with pytest.raises(WrongSetting, match="must be the name of a place"):
        failpoints.arm_as_told(demo=True)


@pytest.mark.parametrize(("told", "times"), [("unit.committed", 1), ("unit.committed:3", 3), ("*:2", 2)])
def test_a_process_kills_itself_where_it_was_told(told: str, times: int) -> None:
    """SIGKILL at the place and the time, not before; nothing after it runs."""
    code = (
        "from exchange.store.failpoints import arm_as_told, failpoint\n"
        "arm_as_told(demo=True)\n"
        "for n in range(9): print(n, flush=True); failpoint('unit.committed')\n"
    )
    environment = {**os.environ, failpoints.VARIABLE: told}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout.split()[-1]) == (-signal.SIGKILL, str(times - 1).encode())
