"""The table of sizes in docs/operating.md is what `bench.capacity` works out, and its constants are the code's."""

from pathlib import Path

import pytest

from bench import capacity
from bench.capacity import SIZES, Size
from exchange.store import engine
from workers import app

ROOT = Path(__file__).parents[2]


def test_the_table_in_the_documents_is_what_the_program_prints() -> None:
    """Whoever changes a figure changes both."""
    assert capacity.table() in (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_connections_are_counted_as_the_code_opens_them() -> None:
    """Both pools and what they may overflow by; a worker has the queue's own besides."""
    site = engine.POOL_SIZE + engine.POOL_OVERFLOW
    assert site == capacity.CONNECTIONS_OF_SITE
    assert site + app.CONNECTIONS == capacity.CONNECTIONS_OF_WORKER


@pytest.mark.parametrize(
    "figure", ["stored_a_year", "worker_cores", "site_cores", "watching", "megabits", "connections"]
)
def test_a_larger_service_needs_no_less(figure: str) -> None:
    """Of anything; and ten times the cases need about ten times what grows with them."""
    found = [getattr(capacity, figure)(size) for size in SIZES]
    assert found == sorted(found)
    one, ten = Size("one", 10, 1_000), Size("ten", 100, 10_000)
    if figure != "connections":
        assert getattr(capacity, figure)(ten) == pytest.approx(10 * getattr(capacity, figure)(one))


def test_one_of_each_may_end_while_another_goes_on() -> None:
    """Even the smallest service has two of each."""
    assert all(min(capacity.processes(size)) >= 2 for size in SIZES)


def test_amounts_are_told_as_they_are_bought() -> None:
    """In decimal units, as disks are sold."""
    assert [capacity.amount(size) for size in (34e6, 1.7e9, 2.5e12)] == ["34 MB", "1.7 GB", "2.5 TB"]
