"""Telling how far the making safe of a message is, as it goes on (`core/progress.py` has the rules)."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, update

from exchange.core import progress
from exchange.core.model import Kind, State
from exchange.core.progress import Phase
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class Progress:
    """Of one run over one message. Rises only; a run that begins again begins at nothing."""

    service: Service
    message: UUID
    kind: Kind

    async def begin(self) -> None:
        """From here the time counts."""
        await note(self.service, self._update(progress=0, working_since=func.now()))

    async def at(self, phase: Phase, done: float) -> None:
        """`done` (0.0 … 1.0) of this phase."""
        await note(self.service, self.statement(phase, done))

    def statement(self, phase: Phase, done: float) -> Any:
        """What writes it down; late ones change nothing."""
        scanned = self.service.settings.clamd_socket is not None
        percent = progress.percent(self.kind, phase, done, scanned=scanned)
        return self._update(progress=func.greatest(t.message.c.progress, percent))

    def _update(self, **values: Any) -> Any:
        mine = (t.message.c.id == self.message) & (t.message.c.state == State.QUARANTINED)
        return update(t.message).where(mine).values(**values)


async def note(service: Service, statement: Any) -> None:
    """Housekeeping that is no act: how far something is."""
    async with reading(service) as conn:
        await conn.execute(statement)


def reporter(service: Service, statement: Callable[[float], Any]) -> Callable[[float], None]:
    """A `report` for the media thread: at most one write a second, done by the loop."""
    loop, last = asyncio.get_running_loop(), [time.monotonic()]

    def report(done: float) -> None:
        now = time.monotonic()
        if now - last[0] >= 1:
            last[0] = now
            asyncio.run_coroutine_threadsafe(note(service, statement(done)), loop)

    return report
