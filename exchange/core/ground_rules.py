"""The ground rules of an exchange: a few lines, in English, Welsh or both, which both agree to before they write.

A new version is a new agreement: nobody has agreed to lines that they have not seen. The gate asks for the author's
agreement to the newest ones (condition "rules").
"""

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.core.errors import BadInput

LANGUAGES = ("en", "cy")
MOST_LINES = 12
LONGEST_LINE = 300


@dataclass(frozen=True)
class Rules:
    """The lines in each language; a language may have none, but not both."""

    en: tuple[str, ...] = ()
    cy: tuple[str, ...] = ()

    def shown(self, language: str) -> tuple[str, tuple[str, ...]]:
        """The language they are shown in, and the lines: the page's own if there are any, else the other's."""
        own = self.cy if language == "cy" else self.en
        if own:
            return ("cy" if language == "cy" else "en"), own
        return ("en", self.en) if self.en else ("cy", self.cy)

    def plain(self) -> dict[str, list[str]]:
        """For JSON."""
        return {"en": list(self.en), "cy": list(self.cy)}


def checked(untrusted: Rules) -> Rules:
    """Trimmed and within bounds. BadInput names the field: "en" or "cy"."""
    rules = Rules(_lines(untrusted.en, "en"), _lines(untrusted.cy, "cy"))
    if not rules.en and not rules.cy:
        raise BadInput("Write at least one line.", field="en")
    return rules


def from_plain(stored: Mapping[str, list[str]]) -> Rules:
    """From JSON as `plain` made it."""
    return Rules(tuple(stored.get("en", ())), tuple(stored.get("cy", ())))


def _lines(untrusted: tuple[str, ...], field: str) -> tuple[str, ...]:
    lines = tuple(" ".join(line.split()) for line in untrusted if line.strip())
    if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE or not line.isprintable() for line in lines):
        raise BadInput("This is too long. Short lines are read, long ones are not.", field=field)
    return lines
