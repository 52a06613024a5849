"""What every way of sending promises. `tests/contract/test_notify.py` holds all of them to it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Handed(StrEnum):
    """What came of handing a notice over."""

    TAKEN = "taken"
    REFUSED = "refused"
    """For good: this address, or this text, is not taken."""
    NOT_NOW = "not_now"
    """Certainly not sent; it may be tried again."""
    UNKNOWN = "unknown"
    """It may have gone: trying again could send it twice."""


class Fate(StrEnum):
    """What the sender says later."""

    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    CAME_BACK = "came_back"


@dataclass(frozen=True)
class Outgoing:
    """One notice. `token`: random, in hex, without meaning. Printing it shows neither address nor words."""

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    token: str


class Notifier(Protocol):
    """One way of sending."""

    async def send(self, notice: Outgoing) -> Handed:
        """Hand it over once. Never raises for what the other side does, and logs neither address nor words."""
        ...

    async def fate(self, token: str) -> Fate | None:
        """What became of the notice with this token; None where it is not known, or cannot be asked."""
        ...
