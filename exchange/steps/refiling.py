"""A worker takes a message from the wrong case to the right one: copied, proved, then the old one erased.

Data keys are bound to a case (docs/sealed-format.md), so what moves is sealed anew. The order loses nothing wherever
it is killed: every file of the original is opened piece by piece, sealed under a data key of the right case, stored,
read back and compared by SHA-256. Only then one transaction puts the copy in, ends the concern and erases the old one.
Before that transaction the old message lies frozen and whole, and whatever a killed run left of a copy is taken away by
the next; after it there is nothing left to do. Revisions are not moved: they are made anew, and reviewed anew.
"""

import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, text, update

from exchange.core.errors import Unreadable
from exchange.core.model import WORKER, State
from exchange.steps import intake, misfiled, upload
from exchange.steps.stream import Writer
from exchange.store import pieces, queue
from exchange.store import tables as t
from exchange.store.failpoints import failpoint
from exchange.store.pieces import Original
from exchange.store.reaper import discard
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, at_once, reading, unit_of_work

TASK = "refile_message"
_ALONE = text("select pg_try_advisory_lock(hashtextextended(cast(:id as text), 29))")
_NOT_ALONE = text("select pg_advisory_unlock(hashtextextended(cast(:id as text), 29))")


async def refile(service: Service, refiling_id: UUID) -> bool:
    """Do what was decided; whether it was done now. Safe to repeat, and on two workers at once."""
    # of the session, for a film takes longer than a transaction may lie idle; a killed worker's lock ends with it
    async with at_once(service) as held:
        if not (await held.execute(_ALONE, {"id": refiling_id})).scalar_one():
            return False
        try:
            return await _alone(service, refiling_id)
        finally:
            await held.execute(_NOT_ALONE, {"id": refiling_id})


async def _alone(service: Service, refiling_id: UUID) -> bool:
    row = await _open_one(service, refiling_id)
    if row is None:
        return False
    for old in await _originals(service, row):
        await _copy(service, row, old)
    failpoint("refiling.copied")
    return await _settle(service, refiling_id)


async def ask_again(service: Service) -> int:
    """Queue every move that waits without a job, because its last try failed; how many."""
    waiting = select(t.refiling.c.id).where(t.refiling.c.ended_at.is_(None))
    async with reading(service) as conn:
        return await queue.defer_again(conn, waiting, TASK, "refiling_id")


async def _open_one(service: Service, refiling_id: UUID) -> Row[Any] | None:
    """The move, with what an earlier run left of a copy taken away; None where there is nothing to do any more."""
    async with unit_of_work(service, WORKER) as unit:
        row = await _locked(unit, refiling_id)
        if row is None:
            return None
        u = t.upload
        left = select(u.c.id).where(u.c.message_id == row.to_message, u.c.state != "gone")
        for one in await unit.all(left):
            await discard(unit, one.id)
            unit.leaf("upload.dropped", case=row.to_case, message=row.to_message, upload=one.id)
        return row


async def _locked(unit: Unit, refiling_id: UUID) -> Row[Any] | None:
    """The move and the case it leads to, both cases locked; None once it is over.

    Whoever erased or withdrew the message in the right place meanwhile has stopped it: the old one stays frozen.
    """
    r, m = t.refiling, t.message
    query = select(r, m.c.case_id.label("to_case"), m.c.state.label("to_state")).join(m, m.c.id == r.c.to_message)
    row = await unit.one(query.where(r.c.id == refiling_id))
    for case_id in sorted({row.case_id, row.to_case}):
        await unit.case(case_id)
    row = await unit.one(query.where(r.c.id == refiling_id).with_for_update(of=r))
    if row.ended_at is not None:
        return None
    if row.to_state != State.RECEIVING:
        await _end(unit, row, "called_off")
        return None
    return row


async def _originals(service: Service, row: Row[Any]) -> list[Row[Any]]:
    """The files of the round that was looked at, in their order."""
    u, m = t.upload, t.message
    query = select(u).join(m, m.c.id == u.c.message_id).where(m.c.id == row.message_id, u.c.round == m.c.round)
    async with reading(service) as conn:
        return list((await conn.execute(query.where(u.c.state == "confirmed").order_by(u.c.position, u.c.id))).all())


async def _copy(service: Service, row: Row[Any], old: Row[Any]) -> None:
    """One file, sealed anew and read back. `Unreadable` where what came back is not what was read."""
    made, size = uuid4(), old.received
    async with unit_of_work(service, WORKER) as unit:
        opener = await opener_of(service, unit.conn, row.case_id)
        name = opener.open(old.name_sealed, "upload.name", old.id)
        opened = opener.open_key(old.key_sealed, "upload.key", old.id)
        source = Original(old.id, row.case_id, row.message_id, size, opened)
        message = await unit.one(select(*t.plain(t.message)).where(t.message.c.id == row.to_message))
        sealed = await upload.sealed_values(unit.conn, message, made, upload.About.of(name, recorded=False), None)
        about = {"message_id": message.id, "account_id": row.decided_by, "position": old.position, "typed": old.typed}
        ends = func.now() + text(f"interval '{pieces.OPEN_DAYS} days'")
        await unit.add(t.upload, id=made, size=size, expires_at=ends, **about, **sealed)
        unit.leaf("upload.begun", case=row.to_case, message=message.id, upload=made)
        known = await pieces.pieces_of(unit.conn, old.id)
        right = await opener_of(service, unit.conn, row.to_case)
        key = right.open_key(sealed["key_sealed"], "upload.key", made)
    target = Original(made, row.to_case, row.to_message, size, key)
    taken = hashlib.sha256()
    await Writer(service, target, 0, 0).take(_hashed(_plain(service, source, known), taken))
    async with reading(service) as conn:
        stored = await pieces.pieces_of(conn, made)
    back = hashlib.sha256()
    async for _ in _hashed(_plain(service, target, stored), back):
        pass
    if back.digest() != taken.digest():
        raise Unreadable


async def _plain(service: Service, original: Original, known: list[Row[Any]]) -> AsyncIterator[bytes]:
    async for plain, _ in pieces.read_original(service.objects, original, known):
        yield plain


async def _hashed(chunks: AsyncIterator[bytes], into: Any) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        into.update(chunk)
        yield chunk


async def _settle(service: Service, refiling_id: UUID) -> bool:
    """The one transaction: the copy is put in, the concern has its end, the old message is erased."""
    async with unit_of_work(service, WORKER) as unit:
        row = await _locked(unit, refiling_id)
        if row is None:
            return False
        made = await unit.message(row.to_message)
        await intake.ask_gate(unit, made)
        await intake.received(unit, made)
        await misfiled.end_and_erase(unit, row.concern_id, await unit.message(row.message_id), "moved", row.decided_by)
        await _end(unit, row, "moved")
        return True


async def _end(unit: Unit, row: Row[Any], outcome: str) -> None:
    """Each case's record says it of its own message."""
    ended = update(t.refiling).where(t.refiling.c.id == row.id)
    await unit.change(ended.values(ended_at=func.now(), outcome=outcome))
    for case_id, message in ((row.case_id, row.message_id), (row.to_case, row.to_message)):
        unit.leaf("misfiled.ended", case=case_id, message=message, concern=row.concern_id, outcome=outcome)
