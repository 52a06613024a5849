"""docs/practice.md is true: each rule has a test of its own name, and each test it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| .* \| ([^|]*) \|$", re.MULTILINE)


def _tests() -> set[str]:
    found = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        found.update(re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE))
    return found


def test_every_rule_has_a_row_and_a_test_of_its_name() -> None:
    """Twenty-five rules, in their order; all the tests that carry a rule's name are in its row, and they exist."""
    text, there = (ROOT / "docs/practice.md").read_text("utf-8"), _tests()
    rows = {int(number): re.findall(r"`(test_\w+)`", told) for number, told in ROW.findall(text)}
    assert list(rows) == list(range(1, 26))
    for number, told in rows.items():
        named = {name for name in there if name.startswith(f"test_rule_{number}_")}
        assert named, f"rule {number} has no test"
        assert set(told) == named, f"rule {number}"
    assert "test_a_case_by_the_book" in there
