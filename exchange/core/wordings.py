"""The service's own words of a consent: versions, what each must say, and which one is in force (rules 5 and 24).

A version holds the service's own lines and, behind them, the fixed ones: sentences without which nobody can agree to
anything here (that one may stop, that it counts for or against no sentence). They are the house's, stand in every
version in both languages, and are no part of what can be written; a version that lacks one of them is not in force,
whoever approved it. One person writes a version, another approves exactly those words. Approved words never change:
whoever was shown them can be told years later what they read. After a version is retired the house's are in force.

It reads nothing and stores nothing; that is `steps/wordings.py`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from exchange.core.errors import BadInput
from exchange.core.model import ConsentKind

LANGUAGES = ("en", "cy")
MOST_LINES, LONGEST_LINE = 12, 300
LONGEST = (MOST_LINES + 10) * LONGEST_LINE
"""Characters of what is sent for one language: empty lines too."""
Lines = Mapping[str, tuple[str, ...]]
"""Lines in each of LANGUAGES."""


class Standing(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    COMING = "coming"
    IN_FORCE = "in_force"
    EARLIER = "earlier"
    RETIRED = "retired"


@dataclass(frozen=True)
class Version:
    """One version. `name`: what a consent names. `from_at`, `retired_at`: aware, None for not yet."""

    name: str
    kind: ConsentKind
    number: int
    own: Lines
    fixed: Lines
    written_at: datetime
    written_by: UUID | None = None
    approved_by: UUID | None = None
    approved_at: datetime | None = None
    from_at: datetime | None = None
    retired_at: datetime | None = None

    def lines(self, language: str) -> tuple[str, ...]:
        """What a person is shown."""
        return (*self.own[language], *self.fixed[language])

    @property
    def digest(self) -> str:
        """SHA-256 over the words in both languages: what somebody approves is what they saw."""
        text = json.dumps(as_plain(self.own, self.fixed), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def began(self, now: datetime) -> bool:
        """Whether people were ever shown it: approved, its day has come, and not retired before that."""
        if self.approved_at is None or self.from_at is None or self.from_at > now:
            return False
        return self.retired_at is None or self.retired_at > self.from_at


def name_of(kind: ConsentKind, number: int) -> str:
    """The name of a version: fits a leaf (`core/leaf.WORDING`), and no name of the house's is like it."""
    return f"{kind.value.replace('_', '-')}-own-{number}"


def of_the_house(name: str, kind: ConsentKind) -> bool:
    """Whether a text of the house's with this name is one of this consent: "share-2026-01" is of `share`."""
    return name.startswith(f"{kind.value.replace('_', '-')}-2")


def as_plain(own: Lines, fixed: Lines) -> dict[str, Any]:
    """As JSON; `from_plain` reads it."""
    return {code: {"own": list(own[code]), "fixed": list(fixed[code])} for code in LANGUAGES}


def from_plain(stored: Mapping[str, Any]) -> tuple[Lines, Lines]:
    """What `as_plain` wrote: the own lines and the fixed ones."""
    own, fixed = ({code: tuple(stored[code][part]) for code in LANGUAGES} for part in ("own", "fixed"))
    return own, fixed


def checked(untrusted_own: Mapping[str, str], fixed: Lines) -> Lines:
    """The service's own lines in both languages. Raises BadInput, the language its field, for what cannot be used.

    A fixed line that was copied along is left out here, because it stands behind them anyway.
    """
    own = {code: _lines(untrusted_own.get(code, ""), fixed[code]) for code in LANGUAGES}
    for code, lines in own.items():
        if not lines:
            raise BadInput("Write this in both languages.", field=code)
        if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
            raise BadInput("This is too long to be read out and understood. At most 12 short lines.", field=code)
        if not all(line.isprintable() for line in lines):
            raise BadInput("There is a character in this that cannot be shown.", field=code)
    return own


def _lines(text: str, fixed: Sequence[str]) -> tuple[str, ...]:
    found = (" ".join(line.split()) for line in text.splitlines())
    return tuple(line for line in found if line and line not in fixed)


def holds(version: Version, floor: Lines) -> bool:
    """Whether it says everything that must be said, in both languages."""
    return all(set(floor[code]) <= set(version.lines(code)) for code in LANGUAGES)


def in_force(versions: Iterable[Version], floor: Lines, now: datetime) -> Version | None:
    """The version people are shown; None: the house's words. The newest that began counts, and no older one returns."""
    newest = max((one for one in versions if one.began(now)), key=_since, default=None)
    if newest is None or newest.retired_at is not None or not holds(newest, floor):
        return None
    return newest


def standing(version: Version, current: Version | None, now: datetime) -> Standing:
    """Where it stands, when `current` is in force."""
    if version.approved_at is None:
        return Standing.DRAFT
    if version.retired_at is not None:
        return Standing.RETIRED
    if version.from_at is not None and version.from_at > now:
        return Standing.COMING
    return Standing.IN_FORCE if current is not None and current.name == version.name else Standing.EARLIER


def _since(version: Version) -> tuple[datetime | None, int]:
    return version.from_at, version.number
