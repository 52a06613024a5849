"""The figures of docs/security-rules.md are those of the code (OWASP ASVS 5.0.0: what it wants written down)."""

import importlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exchange.settings import Settings
from exchange.steps.passwords import _OURS
from exchange.web.frame.refusals import PER_MINUTE
from media.sniff import FAMILIES

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "docs" / "security-rules.md").read_text(encoding="utf-8")
FIGURES = re.findall(r"^\| `((?:exchange|media|workers)\.[\w.]+)` \| ([^|]+) \|", RULES, re.MULTILINE)
UNITS = {"": 1, "MiB": 1 << 20, "GiB": 1 << 30, "minutes": 60, "hour": 3600, "hours": 3600, "days": 86400}
SECTIONS = (
    "What comes in, and how it is checked", "Limits", "Files", "Signing in", "Sessions", "Who may what",
    "Keys and algorithms", "Whom the service talks to", "Classes of data", "Parts from others", "Logs", "Browsers",
)  # fmt: skip


def section(name: str) -> str:
    """The text of one section, its line breaks gone."""
    return " ".join(RULES.split(f"\n## {name}\n")[1].split("\n## ")[0].split())


def meant(told: str) -> float:
    """`15 minutes` in seconds, `4 GiB` in bytes, a plain number as it is."""
    number, _, unit = told.strip().partition(" ")
    return float(number) * UNITS[unit]


def found(dotted: str) -> Any:
    """The value that a dotted name stands for: a module's, a field's default, an instance's."""
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            here: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        if parts[cut] == "Settings":
            return Settings.model_fields[parts[cut + 1]].default
        for name in parts[cut:]:
            here = getattr(here, name)
        return here
    raise LookupError(dotted)


@pytest.mark.parametrize(("dotted", "told"), FIGURES, ids=[name for name, _ in FIGURES])
def test_a_figure_that_is_told_is_the_one_that_counts(dotted: str, told: str) -> None:
    """Numbers, times, sizes; what the code counts in days is told in days (2.1.3, 5.1.1, 7.1.1, 13.1.2)."""
    value = found(dotted)
    value = value.total_seconds() if isinstance(value, timedelta) else float(value)
    assert meant(told) in (value, value * UNITS["days"]), f"{dotted} is {value}"


def test_every_rule_that_the_standard_wants_written_down_is_there() -> None:
    """Each section, with more than a word in it (2.1.1, 2.1.2, 6.1.1, 7.1.2, 8.1.1, 13.1.1, 14.1.1, 15.1.1)."""
    assert len(FIGURES) > 40
    assert [name for name in SECTIONS if len(section(name)) < 400] == []


def test_every_file_that_the_rules_name_exists() -> None:
    """Paths of code and of documents."""
    named = set(re.findall(r"`((?:exchange|media|workers|tests)/[\w/.-]+\.\w+)`", RULES))
    named |= {f"docs/{name}" for name in re.findall(r"\]\(([\w.-]+\.(?:md|csv))\)", RULES)}
    assert len(named) > 30
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_words_that_make_a_password_weak_are_told() -> None:
    """All of them, as the code has them (6.1.2)."""
    assert ", ".join(_OURS) in section("Signing in")


def test_the_files_that_are_taken_are_told() -> None:
    """Endings of documents are in the text; media are told as what they are (5.1.1)."""
    told = section("Files").casefold()
    for family in ("docx", "odt", "rtf", "doc"):
        assert f"`.{family}`" in told or family == "docx"
    assert {"image", "pdf", "docx", "odt", "rtf", "doc", "txt", "av"} == set(FAMILIES)
    assert all(word in told for word in ("pdf", "word", "text", "jpeg", "png", "heic", "tiff", "sound and film"))


def test_the_log_inventory_names_every_event() -> None:
    """What is written at all is in the table, and how often at most (16.1.1, 16.2.3)."""
    events: set[str] = set()
    for path in (*(ROOT / "exchange").rglob("*.py"), *(ROOT / "workers").rglob("*.py")):
        events |= set(
            re.findall(r'\blog\.(?:info|warning|error)\(\s*"(\w+)"|\bwrite\(\s*"(\w+)"', path.read_text("utf-8"))
        )
    names = {a or b for a, b in events}
    logs = section("Logs")
    assert {"refused", "unexpected", "unanswered"} <= names
    assert sorted(name for name in names if f"`{name}`" not in logs) == []
    assert f"at most {PER_MINUTE} times at once and then so many times a minute" in logs
