"""How far, and how long still: never back, never more than is known."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from exchange.core.model import Kind
from exchange.core.progress import LESS, Phase, minutes_left, percent

BEGUN = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("scanned", [True, False])
def test_it_rises_through_the_phases_and_never_says_that_it_is_over(kind: Kind, scanned: bool) -> None:
    """From 0 to 99, one phase after the other, whether there is a scanner or not."""
    phases = [phase for phase in Phase if scanned or phase is not Phase.SCAN]
    steps = [percent(kind, phase, done / 20, scanned=scanned) for phase in phases for done in range(21)]
    assert (steps[0], steps[-1]) == (0, 99)
    assert all(before <= after for before, after in pairwise(steps))


def test_more_than_all_of_a_phase_is_all_of_it() -> None:
    """A report outside 0 and 1 leads nowhere else."""
    whole = percent(Kind.VIDEO, Phase.MAKE, 1.0, scanned=True)
    assert percent(Kind.VIDEO, Phase.MAKE, 7.0, scanned=True) == whole
    assert percent(Kind.VIDEO, Phase.READ, -1.0, scanned=True) == 0


@pytest.mark.parametrize(
    ("spent", "done", "said"),
    [
        (5, 50, None), (600, 2, None), (600, 100, None), (30, 50, LESS), (60, 50, 2), (600, 50, 11 + 4),
        (240, 40, 7), (1800, 50, 35), (3600, 25, 200), (11, 99, LESS), (-60, 50, None),
    ],
)  # fmt: skip
def test_the_time_left_is_said_carefully(spent: int, done: int, said: int | None) -> None:
    """Nothing at first; then rounded up, by one, five or ten minutes."""
    assert minutes_left(BEGUN, done, BEGUN + timedelta(seconds=spent)) == said


def test_nothing_is_said_of_what_has_not_begun() -> None:
    """It waits for a worker: nobody knows how long."""
    assert minutes_left(None, 50, BEGUN) is None
