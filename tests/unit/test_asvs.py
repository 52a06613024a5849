"""docs/asvs.csv names every requirement of OWASP ASVS 5.0.0 once, and nothing that is not there."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLUMNS = ["id", "level", "applies", "reason", "where", "test"]
LEVELS = {"1": 70, "2": 183, "3": 92}
# how many requirements each section of version 5.0.0 has
SECTIONS = {
    "1.1": 2, "1.2": 10, "1.3": 12, "1.4": 3, "1.5": 3, "2.1": 3, "2.2": 3, "2.3": 5, "2.4": 2, "3.1": 1,
    "3.2": 3, "3.3": 5, "3.4": 8, "3.5": 8, "3.6": 1, "3.7": 5, "4.1": 5, "4.2": 5, "4.3": 2, "4.4": 4, "5.1": 1,
    "5.2": 6, "5.3": 3, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2, "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2, "9.1": 3,
    "9.2": 4, "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 4, "11.2": 5,
    "11.3": 5, "11.4": 4, "11.5": 2, "11.6": 2, "11.7": 2, "12.1": 5, "12.2": 2, "12.3": 5, "13.1": 4, "13.2": 6,
    "13.3": 4, "13.4": 7, "14.1": 2, "14.2": 8, "14.3": 3, "15.1": 5, "15.2": 5, "15.3": 7, "15.4": 4, "16.1": 1,
    "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 4, "17.1": 2, "17.2": 8, "17.3": 2,
}  # fmt: skip
KINDS = ("not met: ", "by configuration: ", "waived: ")


def rows() -> list[dict[str, str]]:
    """The lines of the file."""
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == COLUMNS
        return list(reader)


ROWS = rows()
APPLY = [row for row in ROWS if row["applies"] == "yes"]


def status(row: dict[str, str]) -> str:
    """Where a line that applies stands."""
    return row["reason"].partition(":")[0] or "met and tested"


def written_tests() -> set[str]:
    """The names of all test functions."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {
        name
        for path in files
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)
    }


def test_every_requirement_is_there_once() -> None:
    """345 in their order, section by section, with their levels."""
    wanted = [f"{section}.{n}" for section, size in SECTIONS.items() for n in range(1, size + 1)]
    assert [row["id"] for row in ROWS] == wanted
    assert len(wanted) == 345
    assert Counter(row["level"] for row in ROWS) == LEVELS


def test_every_line_says_where_it_stands() -> None:
    """What does not apply has a reason; what applies has a test, or says that it is not met or who sees to it."""
    assert {row["applies"] for row in ROWS} == {"yes", "no"}
    for row in ROWS:
        reason, tests = row["reason"], row["test"].split()
        if row["applies"] == "no":
            assert reason, row["id"]
            assert row["test"] + row["where"] == "", row["id"]
            assert not reason.startswith(KINDS), row["id"]
        else:
            assert row["where"], row["id"]
            assert tests or reason.startswith(KINDS), row["id"]
            assert not reason or reason.startswith(KINDS), row["id"]
            assert len(tests) == len(set(tests)), row["id"]


def test_every_file_and_every_test_that_is_named_exists() -> None:
    """Read from the files, not imported."""
    written = written_tests()
    assert sorted({row["where"] for row in APPLY if not (ROOT / row["where"]).is_file()}) == []
    assert sorted({(row["id"], name) for row in APPLY for name in row["test"].split() if name not in written}) == []


def test_the_figures_that_are_told_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Per level: how many apply, are met and tested, by configuration, not met; docs/asvs.md has them."""
    counted = {level: Counter(status(row) for row in APPLY if row["level"] == level) for level in LEVELS}
    kinds = ("met and tested", "by configuration", "waived", "not met")
    lines = [f"| {n} | {sum(c.values())} | " + " | ".join(str(c[k]) for k in kinds) + " |" for n, c in counted.items()]
    open_ones = {
        f"level {n}, {kind}": " ".join(row["id"] for row in APPLY if row["level"] == n and status(row) == kind)
        for n in LEVELS
        for kind in ("waived", "not met")
    }
    with capsys.disabled():
        print("\n".join(["", *lines, *(f"{which}: {ids}" for which, ids in open_ones.items())]))  # noqa: T201  # the figures
    told = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
    assert "\n".join(lines) in told
    assert [ids for ids in open_ones.values() if ids not in told] == []


def test_nothing_that_everybody_needs_is_simply_missing() -> None:
    """Of levels 1 and 2 a line is met, up to whoever runs a copy, or waived with its reason."""
    assert [row["id"] for row in APPLY if row["level"] != "3" and status(row) == "not met"] == []
