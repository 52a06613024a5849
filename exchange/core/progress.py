"""How far the making safe of a message is, and how long it will go on (rule 25: nothing waits unseen).

A percent is a share of time, not of bytes: each kind's phases have the weights that were measured with ordinary files
(`bench/transcode.py`), so the time that is left follows from the time that was spent. It is said carefully: nothing
while too little is known, rounded up, and the coarser the longer it is.
"""

import math
from datetime import datetime
from enum import StrEnum

from exchange.core.model import Kind


class Phase(StrEnum):
    """What is done one after the other."""

    READ = "read"
    SCAN = "scan"
    MAKE = "make"
    SEAL = "seal"


WEIGHTS: dict[Kind, dict[Phase, int]] = {
    Kind.LETTER: {Phase.READ: 10, Phase.SCAN: 15, Phase.MAKE: 65, Phase.SEAL: 10},
    Kind.AUDIO: {Phase.READ: 6, Phase.SCAN: 9, Phase.MAKE: 80, Phase.SEAL: 5},
    Kind.VIDEO: {Phase.READ: 3, Phase.SCAN: 5, Phase.MAKE: 90, Phase.SEAL: 2},
}
KNOWN_AFTER_SECONDS, KNOWN_FROM_PERCENT = 10, 3
CAREFUL = 1.1
LESS = 0
"""Minutes: less than one."""


def percent(kind: Kind, phase: Phase, done: float, *, scanned: bool) -> int:
    """0 … 99 of the whole, at `done` (0.0 … 1.0) of this phase. `scanned`: there is a scanner, which takes time too."""
    weights = {one: weight for one, weight in WEIGHTS[kind].items() if scanned or one is not Phase.SCAN}
    before = 0.0
    for one, weight in weights.items():
        if one is phase:
            before += weight * min(1.0, max(0.0, done))
            break
        before += weight
    return min(99, int(100 * before / sum(weights.values())))


def minutes_left(since: datetime | None, percent: int, now: datetime) -> int | None:
    """Whole minutes, LESS for less than one, None where nothing can be said yet.

    since: when this run of the making began; percent: how far it is; both as the database has them.
    """
    if since is None or not KNOWN_FROM_PERCENT <= percent < 100:
        return None
    spent = (now - since).total_seconds()
    if spent < KNOWN_AFTER_SECONDS:
        return None
    left = spent * (100 - percent) / percent * CAREFUL / 60
    if left < 1:
        return LESS
    step = 1 if left <= 10 else 5 if left <= 60 else 10
    return step * math.ceil(left / step)
