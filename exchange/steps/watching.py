"""Looking through the record for the unusual goes on where the last look of this process ended.

What was found is kept in memory only, for the few spans of time that auditors look at, and with it who was on which
case. A leaf never changes and never moves, so nothing that was looked at must be looked at again; after a restart,
and whenever somebody changed the opening hours, it begins anew.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from exchange.core.export import parse_leaves
from exchange.core.unusual import Unusual, Watch
from exchange.steps.hours import Hours
from exchange.store import ledger_watch
from exchange.store.service import Service

AT_ONCE = 250
SPANS = 4
"""So many spans of time are kept, those that were asked for last."""
Key: TypeAlias = tuple[datetime, Hours]


@dataclass
class _Kept:
    """A watch that has seen all leaves before number `upto`."""

    watch: Watch
    upto: int = 0


class Watching:
    """What one process has looked through. One look at a time: the next one finds all of it done."""

    def __init__(self) -> None:
        self._kept: dict[Key, _Kept] = {}
        self._lock = asyncio.Lock()

    async def findings(self, conn: AsyncConnection, since: datetime, hours: Hours, zone: ZoneInfo) -> list[Unusual]:
        """Every finding of what was done since then, in the order in which they began. Raises TooMuch."""
        async with self._lock:
            # taken out while it goes on: a look that breaks off leaves nothing half seen
            kept = self._kept.pop((since, hours), None) or _Kept(Watch(lambda at: hours.is_open(at.astimezone(zone))))
            await _see_the_rest(conn, since, kept)
            self._kept[since, hours] = kept
            for oldest in list(self._kept)[:-SPANS]:
                del self._kept[oldest]
            return kept.watch.findings()


async def _see_the_rest(conn: AsyncConnection, since: datetime, kept: _Kept) -> None:
    """Between some leaves and the next, whoever else asks something is answered."""
    size = await ledger_watch.size(conn)
    leaves = await ledger_watch.watched(conn, since, kept.upto, size)
    for start in range(0, len(leaves), AT_ONCE):
        some = leaves[start : start + AT_ONCE]
        for (index, _), leaf in zip(some, parse_leaves([text for _, text in some]), strict=True):
            kept.watch.see(index, leaf)
        await asyncio.sleep(0)
    kept.upto = size


_known: WeakKeyDictionary[AsyncEngine, Watching] = WeakKeyDictionary()


def of(service: Service) -> Watching:
    """That of the process that this service is of."""
    return _known.setdefault(service.engine, Watching())
