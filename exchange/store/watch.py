"""Watches running streams, so that a withdrawal stops one within a second (DESIGN section 5.6).

One query every 0.3 s per process covers all streams: a grant that is gone, or a session that was locked or
ended, stops its streams; a case in which anything moved makes its streams ask the gate again. If the
database does not answer in time, every stream stops: what cannot be checked is not shown. So that a crowd that
waits for connections never looks like that, the watch keeps one of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, BindParameter, Uuid, any_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from exchange.store import tables as t

EVERY = 0.3
TOUCH_EVERY = 15.0


@dataclass(eq=False)
class Stream:
    """One running stream. `live` turns False when it must stop; `on_stop` is called then.

    `unchecked`: it stopped only because nobody could say whether it may run, and asking again is worth a try.
    `moved_at` is the case's as the gate saw it when it let this stream begin: what moved since is asked about.
    """

    case: UUID
    grant: UUID | None
    session: UUID | None
    ask: Callable[[], Awaitable[bool]]
    moved_at: datetime | None = None
    live: bool = True
    unchecked: bool = False
    on_stop: Callable[[], None] = field(default=lambda: None)

    def stop(self, *, unchecked: bool = False) -> None:
        """Stop it, once."""
        if self.live:
            self.live, self.unchecked = False, unchecked
            self.on_stop()


class Watch:
    """The streams of one process."""

    def __init__(self, engine: AsyncEngine) -> None:
        # every statement for itself: between two looks no transaction is open
        self._by_itself = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._streams: set[Stream] = set()
        self._task: asyncio.Task[None] | None = None
        self._touched = 0.0

    @asynccontextmanager
    async def over(self, stream: Stream) -> AsyncIterator[Stream]:
        """Watch a stream as long as the block runs."""
        self._streams.add(stream)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            if not self._streams:
                await self._end()

    async def _end(self) -> None:
        """Give the connection back with the last stream, not some time after it."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)  # most streams are over before
            try:
                async with asyncio.timeout(2 * EVERY) as opening, self._by_itself.connect() as conn:
                    opening.reschedule(None)
                    await self._look_on(conn)
            except Exception:  # noqa: BLE001 - what cannot be checked is not shown
                for stream in list(self._streams):
                    stream.stop(unchecked=True)

    async def _look_on(self, conn: AsyncConnection) -> None:
        """Over one connection, until cancelled; raises when an answer is late."""
        while True:
            late = asyncio.get_running_loop().time() + 2 * EVERY
            async with asyncio.timeout_at(late):
                moved = await self._look(conn, set(self._streams))
            await asyncio.gather(*(_ask_again(stream, late) for stream in moved))
            await asyncio.sleep(EVERY)

    async def _look(self, conn: AsyncConnection, streams: set[Stream]) -> list[Stream]:
        """Stop those whose grant is gone; those in whose case something moved, which must ask the gate again."""
        moved = await self._moved(conn, streams)
        granted = await self._granted(conn, streams)
        await self._touch(conn, streams)
        for stream in streams:
            if stream.grant is not None and stream.grant not in granted:
                stream.stop()
        asked = [one for one in streams if one.live and one.moved_at != moved.get(one.case)]
        for stream in asked:
            stream.moved_at = moved.get(stream.case)
        return asked

    async def _moved(self, conn: AsyncConnection, streams: set[Stream]) -> dict[UUID, datetime]:
        wanted = select(t.cases.c.id, t.cases.c.moved_at).where(t.cases.c.id == any_(_ids(s.case for s in streams)))
        return {row.id: row.moved_at for row in await conn.execute(wanted)}

    async def _granted(self, conn: AsyncConnection, streams: set[Stream]) -> set[UUID]:
        ids = _ids(s.grant for s in streams if s.grant is not None)
        wanted = (
            select(t.grant.c.id)
            .join(t.portal_session, t.portal_session.c.id == t.grant.c.session_id)
            .where(t.grant.c.id == any_(ids), t.portal_session.c.state == "open", t.grant.c.until > func.now())
        )
        return set((await conn.execute(wanted)).scalars())

    async def _touch(self, conn: AsyncConnection, streams: set[Stream]) -> None:
        """Watching a film is use: a session with a running stream does not fall idle."""
        now = asyncio.get_running_loop().time()
        sessions = {s.session for s in streams if s.session is not None}
        if sessions and now - self._touched > TOUCH_EVERY:
            self._touched = now
            mine = update(t.portal_session).where(t.portal_session.c.id == any_(_ids(sessions)))
            await conn.execute(mine.values(last_used_at=func.now()))


async def _ask_again(stream: Stream, late: float) -> None:
    """Stop the stream unless the gate lets it run on; an answer that is late is none."""
    try:
        async with asyncio.timeout_at(late):
            if not await stream.ask():
                stream.stop()
    except Exception:  # noqa: BLE001 - what cannot be checked is not shown
        stream.stop(unchecked=True)


def _ids(found: Iterable[UUID]) -> BindParameter[Any]:
    """One parameter however many there are: a list of a thousand is no statement of a thousand places."""
    return bindparam(None, list(set(found)), type_=ARRAY(Uuid))


_watches: WeakKeyDictionary[AsyncEngine, Watch] = WeakKeyDictionary()


def watch_of(engine: AsyncEngine) -> Watch:
    """The one watch of this engine."""
    if engine not in _watches:
        _watches[engine] = Watch(engine)
    return _watches[engine]
