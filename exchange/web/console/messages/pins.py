"""The team's notes as the desk shows them: numbered, and pinned where their place is in the version looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from exchange.core.places import clock
from exchange.store.read import MessageView

NEAR_ENOUGH = 0.5
"""Seconds by which two recordings may differ in length and still have the same times."""


@dataclass(frozen=True)
class Pin:
    """One note. `here`: its place is in this version too; `version` is the one it was noted on."""

    number: int
    text: str
    who: str
    at: datetime
    place: Mapping[str, Any]
    version: int
    here: bool

    @property
    def box(self) -> tuple[float, ...]:
        """Left, top, width and height in percent, or nothing."""
        return tuple(one / 100 for one in self.place.get("box", ()))

    @property
    def clock(self) -> str:
        """The time as people read it."""
        return clock(round(self.place["seconds"] * 1000)) if "seconds" in self.place else ""


def pins_of(found: MessageView, version: Row[Any]) -> list[Pin]:
    """Every note of the message, oldest first; notes of earlier versions too."""
    noted_on = {row.digest: row for row in found.revisions}
    return [
        Pin(
            number, text, found.staff.get(row.account_id, ""), row.at, row.place,
            noted_on[row.digest].number if row.digest in noted_on else 0,
            _is_here(row.place, found.parts, version.id, noted_on.get(row.digest)),
        )
        for number, (row, text) in enumerate(found.notes, 1)
    ]  # fmt: skip


def _is_here(
    place: Mapping[str, Any], parts: Mapping[UUID, list[Row[Any]]], version: UUID, then: Row[Any] | None
) -> bool:
    """Pages keep their place while they are as large, times while it is as long, words while the text is the same."""
    if then is None or not place:
        return then is not None and then.id == version
    if then.id == version:
        return True
    names = _names(place)
    before = next((part for part in parts[then.id] if part.name in names), None)
    now = next((part for part in parts[version] if part.name in names), None)
    return before is not None and now is not None and _same_places(place, before, now)


def _names(place: Mapping[str, Any]) -> tuple[str, ...]:
    if "page" in place:
        return (f"page-{place['page']:03}",)
    return (place["text"],) if "text" in place else ("picture", "sound")


def _same_places(place: Mapping[str, Any], before: Row[Any], now: Row[Any]) -> bool:
    if "page" in place:
        return all(before.facts.get(side) == now.facts.get(side) for side in ("width", "height"))
    if "text" in place:
        return bool(before.sha256 == now.sha256)
    return bool(abs(before.facts.get("seconds", 0) - now.facts.get("seconds", 0)) < NEAR_ENOUGH)
