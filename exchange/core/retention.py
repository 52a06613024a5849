"""How long things are kept after a case was closed (rule 23): one date for each, counted in calendar days.

A case in which somebody took part is kept as its policy says (`Policy.retention_days`). One in which nobody did, a
person who never took part in a case of others, and a referral that was not for the service, are kept for the few
days of the setting `retention_untaken_days` only: then nothing of them is left but that there was something, and when.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

NOTICE = "decide_retention"
"""The kind of task by which supervisors are told that something is due."""


class What(StrEnum):
    """What can fall due."""

    CASE = "case"
    PERSON = "person"
    REFERRAL = "referral"


@dataclass(frozen=True)
class Due:
    """One thing and its date. `about`: its id; `case`: its case, None for a referral; `held`: a legal hold forbids it.

    `took_part`: whether it is kept as the policy says. `since`: when the case was closed, or the referral decided.
    `told_at`: since when a notice about this very thing waits for supervisors, None while there is none.
    """

    what: What
    about: UUID
    case: UUID | None
    reference: str
    since: datetime
    due_at: datetime
    took_part: bool
    held: bool = False
    told_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether its time is over, and nothing forbids to erase it."""
        return self.due_at <= now and not self.held

    def goes_by_itself(self, now: datetime, notice_days: int) -> bool:
        """Whether it was due, and supervisors had its notice before them, for so many days; 0 days: never."""
        if notice_days <= 0 or self.told_at is None or not self.is_due(now):
            return False
        return max(self.told_at, self.due_at) + timedelta(days=notice_days) <= now


def due_at(since: datetime, *, took_part: bool, retention_days: int, untaken_days: int) -> datetime:
    """When it falls due. Never later for somebody who did not take part than for somebody who did."""
    return since + timedelta(days=retention_days if took_part else min(untaken_days, retention_days))
