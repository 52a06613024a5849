"""The short campaign over a real S3 server that answers badly (`make faults` runs the long one)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.figures import say

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_store_that_answers_badly_loses_and_shows_nothing() -> None:
    """Refused, late, cut, short, flipped, swapped, lost: every byte that leaves is right, every refusal a sentence."""
    command = [sys.executable, "-m", "tests.faults.s3_campaign", "--runs", "3", "--seed", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    say(done.stdout)
    assert "lost 0, past the gate 0, served without a leaf 0, double redemptions 0, left over 0" in done.stdout
