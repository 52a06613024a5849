"""One root key follows another: rotation, and moving to a vault, a hardware module or back to a file.

What the root key wraps is small: the private key of each case and of the service, and the second factors of staff.
Only these wraps are made anew, in transactions of 32 with a leaf each; no object and no text is touched. First the
database says which key is in use (`switch`): from then on every process wraps under it, and opens both. Where it
was interrupted it goes on: what is left to do is what is not wrapped by the key in use.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, func, select, update

from exchange.core.errors import NotAllowed, Refused, Unreadable
from exchange.core.model import Actor, ActorKind
from exchange.core.rootwrap import scheme_of
from exchange.steps import factor
from exchange.steps import settings as service_settings
from exchange.store import tables as t
from exchange.store.rootring import KeySource, RootKeys
from exchange.store.sealing import ROOT_KEY, follow
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

AT_ONCE = 32
"""As many as one leaf can list."""
_NOBODY = UUID(int=0)
Contexts = Callable[[Unit, UUID], Awaitable[list[bytes]]]


@dataclass(frozen=True)
class Status:
    """How root keys stand: wraps by the name of their key, the keys that can be reached, the one in use."""

    in_use: str
    wraps: dict[str, int]
    held: tuple[str, ...]
    confirmed: str

    @property
    def left(self) -> int:
        """Wraps that are not of the key in use."""
        return sum(count for name, count in self.wraps.items() if name != self.in_use)


@dataclass(frozen=True)
class Progress:
    """Wraps made anew in this run, and those that could not be opened and stay as they are."""

    done: int = 0
    unreadable: int = 0


async def _of_pair(unit: Unit, row: UUID) -> list[bytes]:
    assert unit.service.keys is not None
    return [unit.service.keys.context_of(str(row))]


async def _of_factor(_unit: Unit, row: UUID) -> list[bytes]:
    return [factor.where(row)]


async def _of_pending(unit: Unit, row: UUID) -> list[bytes]:
    s = t.account_session
    return [factor.where(row, found.id) for found in await unit.all(select(s.c.id).where(s.c.account_id == row))]


WRAPPED: tuple[tuple[Table, str, Contexts], ...] = (
    (t.key_pair, "private_wrapped", _of_pair),
    (t.account, "totp_wrapped", _of_factor),
    (t.account, "totp_pending", _of_pending),
)
"""Everything that the root key wraps, with what each wrap may be bound to. Guarded by `store/root_wraps.sql`."""


def ring_of(service: Service) -> RootKeys:
    """The keys of this process. NotAllowed in the portal."""
    if service.keys is None or not isinstance(service.keys.provider, RootKeys):
        raise NotAllowed
    return service.keys.provider


async def status(service: Service) -> Status:
    """How they stand. KeysUnavailable where a place that is set up does not answer."""
    ring, wraps = ring_of(service), dict[str, int]()
    async with reading(service) as conn:
        in_use = await follow(service, conn)
        for table, column, _ in WRAPPED:
            name = func.root_wrap_name(table.c[column])
            counted = select(name.label("name"), func.count().label("wraps")).where(table.c[column].is_not(None))
            for row in await conn.execute(counted.group_by(name)):
                wraps[row.name or "?"] = wraps.get(row.name or "?", 0) + int(row.wraps)
        sheet = await service_settings.row(conn, "recovery_confirmed")
    held = await asyncio.to_thread(lambda: [name for source in ring.sources.values() for name in source.names()])
    return Status(in_use, wraps, tuple(held), str(sheet.value) if sheet else "")


async def switch(service: Service, actor: Actor, name: str) -> None:
    """From now on this key wraps, in every process. It is tried first. Command line only."""
    _at_the_machine(actor)
    ring = ring_of(service)
    await asyncio.to_thread(_try, ring, name)
    async with unit_of_work(service, actor) as unit:
        where = t.service_setting.c.name == ROOT_KEY
        before = (await unit.one(select(t.service_setting.c.value).where(where).with_for_update())).value
        await service_settings.put(unit, ROOT_KEY, name)
        moved = scheme_of(before) != scheme_of(name)
        said = {"kind": scheme_of(name), "key": [leaf_id(before), leaf_id(name)]}
        unit.leaf("keys.moved" if moved else "keys.rotated", **said)
    ring.use(name)


async def rewrap(service: Service, actor: Actor) -> AsyncIterator[Progress]:
    """Make every wrap of another key anew under the key in use; how far, after each transaction.

    May be stopped at any moment and run again, or twice at once. Raises KeysUnavailable, StorageUnavailable.
    """
    _at_the_machine(actor)
    done = Progress()
    for table, column, contexts in WRAPPED:
        after: UUID | None = _NOBODY
        while after is not None:
            after, made, missed = await _batch(service, actor, (table, column, contexts), after)
            done = Progress(done.done + made, done.unreadable + missed)
            yield done


async def settle(service: Service, actor: Actor) -> None:
    """Nothing is wrapped by another key any more: say so in the record; the file of the key in use is the main one.

    `Refused` while something is.
    """
    _at_the_machine(actor)
    found = await status(service)
    if found.left:
        raise Refused(f"{found.left} wraps are not of the key in use yet. Run the same command again.")
    await asyncio.to_thread(_source(service, found.in_use).settle, found.in_use)
    async with unit_of_work(service, actor) as unit:
        said = {"kind": scheme_of(found.in_use), "key": leaf_id(found.in_use)}
        unit.leaf("keys.settled", count=sum(found.wraps.values()), **said)


async def forget(service: Service, actor: Actor, name: str) -> None:
    """Destroy a key that is not in use and wraps nothing. What opens backups from its time then is its sheet."""
    _at_the_machine(actor)
    found = await status(service)
    if name == found.in_use or found.wraps.get(name):
        raise Refused("This key is in use, or something is still wrapped by it. It was left as it is.")
    if name not in found.held:
        raise Refused("There is no key of this name here.")
    await asyncio.to_thread(_source(service, name).forget, name)
    async with unit_of_work(service, actor) as unit:
        unit.leaf("keys.forgotten", kind=scheme_of(name), key=leaf_id(name))


def leaf_id(name: str) -> str:
    """A root key in the record: the first 16 hex digits of SHA-256 of its name."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


async def _batch(
    service: Service, actor: Actor, what: tuple[Table, str, Contexts], after: UUID
) -> tuple[UUID | None, int, int]:
    """The next wraps of one column: where it came to (None at the end), how many were made anew and how many not."""
    table, column, contexts = what
    blob = table.c[column]
    async with unit_of_work(service, actor) as unit:
        in_use = await follow(service, unit.conn)
        old = (blob.is_not(None), table.c.id > after, func.root_wrap_name(blob).is_distinct_from(in_use))
        query = select(table.c.id, blob.label("wrapped")).where(*old).order_by(table.c.id).limit(AT_ONCE)
        rows = await unit.all(query.with_for_update())
        if not rows:
            return None, 0, 0
        bound = {row.id: await contexts(unit, row.id) for row in rows}
        fresh = await asyncio.to_thread(_anew, ring_of(service), rows, bound)
        if fresh:
            named = {"root_key_name": in_use} if "root_key_name" in table.c else {}
            change = update(table).where(table.c.id == bindparam("row")).values({column: bindparam("fresh"), **named})
            await unit.conn.execute(change, fresh)
            unit.leaf("keys.rewrapped", key=[each["row"] for each in fresh], count=len(fresh), kind=scheme_of(in_use))
        return rows[-1].id, len(fresh), len(rows) - len(fresh)


def _anew(ring: RootKeys, rows: list[Row[Any]], bound: dict[UUID, list[bytes]]) -> list[dict[str, Any]]:
    fresh = []
    for row in rows:
        for where in bound[row.id]:
            try:
                fresh.append({"row": row.id, "fresh": ring.wrap(ring.unwrap(row.wrapped, where), where)})
                break
            except Unreadable:
                continue
    return fresh


def _try(ring: RootKeys, name: str) -> None:
    key = ring.key(name)
    if key.unwrap(key.wrap(b"try", b"try"), b"try") != b"try":
        raise Unreadable


def _source(service: Service, name: str) -> KeySource:
    return ring_of(service).source_of(scheme_of(name))


def _at_the_machine(actor: Actor) -> None:
    if actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed
