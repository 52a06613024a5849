"""What the documents and pages tell people to type exists."""

import re
from pathlib import Path
from typing import Any

import typer.main

from exchange.cli import app

ROOT = Path(__file__).parents[2]
# its `exchange …` are labels of keys
LABELS = ROOT / "docs" / "sealed-format.md"
TOLD = re.compile(r"(?:`|bin/|^)exchange ((?:[a-z-]+)(?: [a-z-]+)?)")


def told_commands() -> set[tuple[str, str]]:
    """(file, command line) for every `exchange …` in the documents and pages."""
    files = [
        ROOT / "README.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "exchange" / "web" / "templates").rglob("*.html"),
    ]
    return {
        (str(path.relative_to(ROOT)), match[1])
        for path in files
        if path != LABELS
        for line in path.read_text(encoding="utf-8").splitlines()
        for match in TOLD.finditer(line)
    }


def exists(line: str) -> bool:
    """Whether its words name a command; a group needs one of its own commands after it, or nothing."""
    command: Any = typer.main.get_command(app)
    for word in line.split():
        below = getattr(command, "commands", None)
        if below is None:
            return True
        if word not in below:
            return False
        command = below[word]
    return True


def test_every_command_that_is_told_exists() -> None:
    """README, docs and pages name no command that is not there."""
    told = told_commands()
    assert len(told) > 20
    assert exists("audit verify")
    assert not exists("audit nothing")
    assert sorted((file, line) for file, line in told if not exists(line)) == []
