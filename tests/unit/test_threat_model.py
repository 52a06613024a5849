"""docs/threat-model.md names tests and files that exist, and a test in every row."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS = [
    line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith(("| threat |", "| fault |"))
]
WANTED = {
    "Hostile files": 14, "Links, codes, sessions": 14, "Release": 7, "Taking something out": 10, "At rest": 12,
    "People inside": 14,
    "The record": 11, "The portal taken over": 4, "The web": 9, "Faults": 12,
}  # fmt: skip


def tables() -> dict[str, list[list[str]]]:
    """The cells of each row, by section."""
    found = {}
    for part in TEXT.split("\n## ")[1:]:
        name, _, body = part.partition("\n")
        lines = [line for line in body.splitlines() if line in ROWS]
        found[name] = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return found


def test_every_test_that_the_threat_model_names_exists() -> None:
    """Read from the files, not imported; and there are many."""
    files = (ROOT / "tests").rglob("test_*.py")
    written = {
        name
        for path in files
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert len(named) > 150
    assert sorted(named - written) == []


def test_every_file_that_the_threat_model_names_exists() -> None:
    """Code, tests, documents."""
    named = set(re.findall(r"`((?:exchange|media|workers|tests|deploy)/[\w/.-]*)`", TEXT))
    named |= {f"docs/{name}" for name in re.findall(r"\]\(([\w./-]+\.md)\)", TEXT)}
    assert len(named) > 40
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_threat_has_a_control_and_a_test() -> None:
    """Three cells in every row of every section that is about threats; what has no test is under "Not covered"."""
    found = tables()
    assert {name: len(found[name]) for name in WANTED if len(found[name]) < WANTED[name]} == {}
    for name in WANTED:
        for row in found[name]:
            assert len(row) == 3, row
            assert "`test_" in row[2] or "tests/contract/" in row[2], row
    assert "`test_" not in TEXT.split("## Not covered")[1]
