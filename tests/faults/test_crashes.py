"""The short crash campaign: random seeds, and a kill at every named place (`make faults` runs the long one)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.figures import say

ROOT = Path(__file__).parents[2]


def campaign(*options: str) -> str:
    """A campaign in a process of its own, which forks every life from itself; what it printed."""
    command = [sys.executable, "-m", "tests.faults.campaign", *options]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


@pytest.mark.slow
def test_no_crash_loses_opens_doubles_or_leaves_anything() -> None:
    """Invariants I1 to I5 after a kill at every named place, and after random kills, failures, PostgreSQL's end."""
    said = campaign("--names", "--runs", "6", "--seed", "1")
    say(said)
    assert "lost 0, past the gate 0, served without a leaf 0, double redemptions 0, left over 0" in said
    assert "every named place was reached" in said
