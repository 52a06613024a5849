"""Hearing a spoken reason: the author through a link for changing, the team before the link is given.

The gate is asked at every open and at every range, for the author whether they may put in now; a leaf is committed
before the first byte leaves, as for every part (`view.py`).
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from exchange.core import gate
from exchange.core.access import Permission
from exchange.core.errors import ExchangeError, NotFound
from exchange.core.gate import Act
from exchange.core.model import Actor, State
from exchange.steps.freshness import require_fresh
from exchange.steps.putting_in import submit_link
from exchange.steps.spoken import SOUND, ready, returned
from exchange.steps.view import NO_GRANT, RENEW, Opened, last_leaf, moved_at, note_leaf
from exchange.steps.visit import Visit
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.parts import PartReader
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work
from exchange.store.watch import Stream

WHILE = (State.RETURNED, State.RECEIVING)
"""Where a message is that its author changes."""


async def open_for_staff(service: Service, actor: Actor, message_id: UUID) -> Opened:
    """The safe recording, for the case team to hear what the author will hear."""
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        message = await unit.message(message_id)
        row = await _for_staff(unit, message)
        await _leaf(unit, message, row, unit.actor.session or unit.actor.id or NO_GRANT)
        at, opener = await moved_at(unit, message), await opener_of(service, unit.conn, message.case_id)
        key = opener.open_key(row.key_sealed, "spoken.key", row.id)

    async def ask() -> bool:
        try:
            async with unit_of_work(service, actor) as again:
                await _for_staff(again, message)
        except ExchangeError:
            return False
        return True

    return Opened(row, _reader(service, row, message, key), Stream(message.case_id, None, None, ask, at))


async def open_for_author(service: Service, visit: Visit) -> Opened:
    """The safe recording, for the author through a link for changing. `NotFound` where it carries none."""
    carried = visit.payload.get("spoken")
    if not carried or visit.link.message_id is None:
        raise NotFound
    async with unit_of_work(service, visit.actor) as unit:
        await require_fresh(unit)
        message = await unit.message(visit.link.message_id)
        row = await _for_author(unit, message, UUID(carried["id"]))
        await _leaf(unit, message, row, visit.id)
        at = await moved_at(unit, message)

    async def ask() -> bool:
        try:
            async with unit_of_work(service, visit.actor) as again:
                now = await again.one(select(*t.plain(t.message)).where(t.message.c.id == message.id))
                await _for_author(again, now, row.id)
        except ExchangeError:
            return False
        return True

    reader = _reader(service, row, message, bytes.fromhex(carried["key"]))
    return Opened(row, reader, Stream(message.case_id, None, visit.id, ask, at))


async def _for_staff(unit: Unit, message: Row[Any]) -> Row[Any]:
    await near.require(unit.conn, unit.actor, Permission.CONTENT, message.case_id)
    known = await facts.load(unit.conn, message, asker=unit.actor.id)
    gate.explain(Act.REVIEW, known, unit.now).require()
    row = await ready(unit, (await returned(unit, message.id)).id)
    if row is None:
        raise NotFound
    return row


async def _for_author(unit: Unit, message: Row[Any], spoken_id: UUID) -> Row[Any]:
    """The row, if this author may put in at this moment, through a link that is for this message."""
    link = await submit_link(unit.conn, unit.actor)
    if link.message_id != message.id or message.state not in WHILE:
        raise NotFound
    gate.explain(Act.SUBMIT, await facts.load(unit.conn, message), unit.now).require()
    s = t.spoken
    mine = (s.c.id == spoken_id, s.c.message_id == message.id, s.c.state == "ready")
    shown = (s.c.id, s.c.id.label("sealed_in"), s.c.name, s.c.media_type, s.c.size, s.c.object_key)
    return await unit.one(select(*shown).where(*mine))


async def _leaf(unit: Unit, message: Row[Any], row: Row[Any], session: UUID) -> None:
    """Before the first byte, and again after ten minutes of use, as for every part."""
    fresh = await last_leaf(unit, session, row.id, NO_GRANT)
    if fresh is not None and fresh + RENEW > unit.now:
        return
    await note_leaf(unit, session, row.id, NO_GRANT)
    unit.leaf("reason.opened", case=message.case_id, message=message.id, session=session, part=SOUND)


def _reader(service: Service, row: Row[Any], message: Row[Any], key: bytes) -> PartReader:
    return PartReader(service, row, message.case_id, message.id, key)
