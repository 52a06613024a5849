"""One transaction = state + ledger leaf + job.

    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)          # locked
        moved = await unit.move(message, Event.APPROVE)   # the one transition table
        unit.leaf("review.approved", message=message.id, **moved)
        await unit.defer("notify_staff", message=message.id)

A unit that changed something and wrote no leaf does not commit: what cannot be recorded does not happen. Its
leaves get their places in the record right after the commit (store/placing.py), so acts never wait for each
other's disk. Lock order is case, message, the rest.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import Executable, Row, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import gate, webhooks
from exchange.core.errors import Conflict, LedgerUnavailable, NotFound, StorageFull, StorageUnavailable
from exchange.core.model import Actor, Event, State
from exchange.store import ledger, queue
from exchange.store import tables as t
from exchange.store.failpoints import failpoint
from exchange.store.placing import places_of
from exchange.store.service import Service

_BEFORE_BYTES = frozenset(
    f"{what}.{how}" for what in ("view", "preview", "review", "presented", "early") for how in ("opened", "renewed")
) | {"original.replayed", "own_copy.handed_out", "own_copy.looked_at", "pile.opened"}
"""Acts after which content leaves: not before their leaf has its place."""

_NOT_EARLY = text(
    "with gone as (delete from early where message_id = :message returning object_key)"
    " insert into reap (object_key, after) select object_key, now() from gone"
    " on conflict (object_key) do update set after = excluded.after"
)
"""What could be heard while a message was in quarantine is gone with the statement that ends it."""

log = structlog.get_logger()


class Unit:
    """What one act reads, changes and records. Made by `unit_of_work` only."""

    def __init__(self, service: Service, actor: Actor, conn: AsyncConnection, now: datetime) -> None:
        self.service = service
        self.actor = actor
        self.conn = conn
        self.now = now
        self._leaves: list[dict[str, Any]] = []
        self._changed = False

    async def one(self, statement: Executable) -> Row[Any]:
        """The one row of a SELECT; `NotFound` where there is none."""
        row = (await self.conn.execute(statement)).one_or_none()
        if row is None:
            raise NotFound
        return row

    async def maybe(self, statement: Executable) -> Row[Any] | None:
        """The first row, or None."""
        return (await self.conn.execute(statement)).first()

    async def all(self, statement: Executable) -> list[Row[Any]]:
        """All rows."""
        return list((await self.conn.execute(statement)).all())

    async def change(self, statement: Executable) -> int:
        """Run an UPDATE or DELETE; the number of rows it touched. The unit then needs a leaf."""
        self._changed = True
        return int((await self.conn.execute(statement)).rowcount)

    async def add(self, table: Table, **values: Any) -> UUID:
        """INSERT one row; its id."""
        self._changed = True
        found = await self.conn.execute(insert(table).values(**values).returning(table.c.id))
        return UUID(str(found.scalar_one()))

    async def case(self, case_id: UUID) -> Row[Any]:
        """The case without what is sealed, locked for this transaction."""
        return await self.one(select(*t.plain(t.cases)).where(t.cases.c.id == case_id).with_for_update())

    async def message(self, message_id: UUID) -> Row[Any]:
        """The message without what is sealed, its case locked before it."""
        case_id = (await self.one(select(t.message.c.case_id).where(t.message.c.id == message_id)))[0]
        await self.case(case_id)
        return await self.one(select(*t.plain(t.message)).where(t.message.c.id == message_id).with_for_update())

    async def move(self, message: Row[Any], event: Event, **values: Any) -> dict[str, str]:
        """Apply the event by the one transition table; the leaf fields that say so. `Refused` changes nothing."""
        before = State(message.state)
        after = gate.move(before, event, never_sent=message.never_sent)
        mine = t.message.c.id == message.id
        touched = await self.change(
            update(t.message)
            .where(mine, t.message.c.state == before)
            .values(state=after, state_since=func.now(), **values)
        )
        if touched != 1:
            raise Conflict
        if before is State.QUARANTINED:
            await self.conn.execute(_NOT_EARLY, {"message": message.id})
        await self.change(update(t.cases).where(t.cases.c.id == message.case_id).values(moved_at=func.now()))
        return {"event": event.value, "state_from": before.value, "state_to": after.value}

    def leaf(self, act: str, **ids: Any) -> None:
        """Queue one leaf; it is written when the unit ends."""
        self._leaves.append({"act": act, "actor": actor_leaf(self.actor), **ids})

    async def defer(self, task: str, **ids: Any) -> None:
        """Queue a job in this transaction."""
        await queue.defer(self.conn, task, **{name: str(value) for name, value in ids.items()})

    async def finish(self) -> None:
        """Write the leaves; refuse if something changed and nothing was recorded."""
        if self._changed and not self._leaves:
            raise LedgerUnavailable
        await self._outbox()
        await ledger.write(self.conn, self._leaves)

    async def _outbox(self) -> None:
        """What other systems are told of goes out only if this transaction stands."""
        for leaf in self._leaves:
            kind = webhooks.event_of(leaf)
            if kind is not None:
                ids = {f"{name}_id": leaf[name] for name in ("case", "message", "referral") if leaf.get(name)}
                # inline: the portal may put it in and read nothing back
                await self.conn.execute(insert(t.webhook_event).inline().values(kind=kind.value, **ids))

    async def place(self) -> None:
        """After the commit: the leaves get their places. If that fails the next act or the worker does it.

        Only an act after which content leaves is refused then: its leaf is committed, and nothing was read.
        """
        if not self._leaves:
            return
        try:
            await places_of(self.service.engine).settle()
        except LedgerUnavailable:
            log.warning("leaves_wait")
            if any(leaf["act"] in _BEFORE_BYTES for leaf in self._leaves):
                raise


def actor_leaf(actor: Actor) -> dict[str, Any]:
    """Who acted, in a leaf: kind and pseudonymous id, or "system" and what it was."""
    if actor.id is None:
        return {"kind": "system", "role": actor.kind.value}
    return {"kind": actor.kind.value, "id": actor.id}


@asynccontextmanager
async def unit_of_work(service: Service, actor: Actor) -> AsyncIterator[Unit]:
    """One transaction; commits only with its leaves. Connection trouble becomes `StorageUnavailable`."""
    with _sentences():
        async with service.engine.begin() as conn:
            now = await ledger.asked(conn, "select now()")
            unit = Unit(service, actor, conn, now)
            yield unit
            await unit.finish()
            failpoint("unit.to_be_committed")
    failpoint("unit.committed")
    await unit.place()
    failpoint("unit.placed")


@asynccontextmanager
async def reading(service: Service) -> AsyncIterator[AsyncConnection]:
    """A connection for reads, and for housekeeping that is no act (a session's last use, progress)."""
    with _sentences():
        async with service.engine.begin() as conn:
            yield conn


async def now_of(conn: AsyncConnection) -> datetime:
    """The database's now, aware: the only clock by which anything is allowed, ended or dated."""
    found: datetime = (await conn.execute(select(func.now()))).scalar_one()
    return found


@asynccontextmanager
async def at_once(service: Service) -> AsyncIterator[AsyncConnection]:
    """A connection on which every statement commits by itself, for the pieces of an upload."""
    engine = service.engine.execution_options(isolation_level="AUTOCOMMIT")
    with _sentences():
        async with engine.connect() as conn:
            yield conn


@contextmanager
def _sentences() -> Iterator[None]:
    """A clash of constraints becomes `Conflict`; connection trouble `StorageUnavailable`, a full disk `StorageFull`."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict from error
    except (OperationalError, InterfaceError, psycopg.OperationalError, NoConnectionLeft) as error:
        full = isinstance(getattr(error, "orig", error), psycopg.errors.DiskFull)
        raise (StorageFull if full else StorageUnavailable) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StorageUnavailable from error
        raise
