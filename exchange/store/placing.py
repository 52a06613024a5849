"""Gives committed leaves their places in the record: one call at a time per process, for all that wait.

An act commits its leaves without a lock and then waits here. While a call runs, whoever comes next shares the one
after it, so a hundred acts at once cost two calls. A process that dies between the commit and the call leaves a leaf
without a place, never an act without a leaf: the next call of any process, or the worker before it signs, places it.
"""

import asyncio
from weakref import WeakKeyDictionary

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.core.errors import LedgerUnavailable
from exchange.store import ledger


class Places:
    """The calls of one process."""

    def __init__(self, engine: AsyncEngine) -> None:
        # one statement, one transaction: the head is never held over a round trip
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def settle(self) -> None:
        """Return once every leaf that is committed by now has its place. Raises LedgerUnavailable."""
        if self._next is None:
            self._next = asyncio.create_task(self._call(self._running))
            self._next.add_done_callback(_heard)
        await asyncio.shield(self._next)

    async def _call(self, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait({before})
            async with self._engine.connect() as conn:
                # what is committed from here on may be too late for this call
                self._running, self._next = self._next, None
                await ledger.place(conn)
        except SQLAlchemyError as error:
            raise LedgerUnavailable from error
        finally:
            if self._next is asyncio.current_task():
                self._next = None


def _heard(task: asyncio.Task[None]) -> None:
    """A failure is told to those who wait; where nobody waits any more it is not shouted about."""
    if not task.cancelled():
        task.exception()


_known: WeakKeyDictionary[AsyncEngine, Places] = WeakKeyDictionary()


def places_of(engine: AsyncEngine) -> Places:
    """The one of this engine."""
    if engine not in _known:
        _known[engine] = Places(engine)
    return _known[engine]
