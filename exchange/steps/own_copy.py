"""A copy of what is held about one person, for that person (GDPR Art. 15, 12(3): within one month).

Prepared by the team as a list; everything on it is looked at and is in, or out with a reason; somebody else approves
it with a fresh second factor; a worker makes it; it is handed out once, with a second factor, and its key is gone in
the same transaction. Each of these is an entry of the record. What may be in it at all: `core/own_copy.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from exchange.core.access import READS_INSIDE, Permission
from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.model import Actor, CaseState
from exchange.core.own_copy import Part, Piece
from exchange.steps import own_copy_making
from exchange.steps.freshness import require_fresh
from exchange.steps.own_copy_pieces import Whose, listed, tells_of_others
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.names import staff_names
from exchange.store.sealing import opener_of, reader_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

MONTH = timedelta(days=30)
"""At most one month (Art. 12(3)); thirty days are never more."""
PATIENCE = timedelta(hours=1)
"""How long a slow connection may take to fetch it."""


@dataclass(frozen=True)
class Item:
    """One thing on the list. `reason` why it is left out; `title` the reference of a message, "" else."""

    row: Row[Any]
    title: str
    reason: str


@dataclass(frozen=True)
class CopyView:
    """A copy and its list. `inside`: the asker may look at what the things are, not only at the list."""

    row: Row[Any]
    form_of_name: str
    items: list[Item]
    inside: bool
    may_approve: bool
    staff: dict[UUID, str]

    @property
    def next(self) -> UUID | None:
        """The first thing that nobody has looked at."""
        return next((item.row.id for item in self.items if item.row.inside is None), None)


@dataclass(frozen=True)
class HandedOut:
    """The copy, on its way: `bytes` are read while they are sent."""

    reference: str
    size: int
    bytes: AsyncIterator[memoryview] = field(repr=False)


async def prepare(service: Service, actor: Actor, participant_id: UUID) -> UUID:
    """Begin: put down everything that there is of this person. `Conflict` while there is one under way."""
    async with unit_of_work(service, actor) as unit:
        case_id = await near.case_of_participant(unit.conn, participant_id)
        case = await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.COPY_PREPARE, case_id)
        if case.state == CaseState.ERASED:
            raise Conflict("This case was erased. Nothing of it is left that could be copied.")
        c = t.own_copy
        if await unit.maybe(select(c.c.id).where(c.c.participant_id == participant_id, c.c.ended_at.is_(None))):
            raise Conflict("A copy for this person is being prepared already.")
        person = await unit.one(select(t.participant).where(t.participant.c.id == participant_id))
        of = Whose(service, unit.conn, await opener_of(service, unit.conn, case_id), person)
        about = {"case_id": case_id, "participant_id": participant_id, "due_at": unit.now + MONTH}
        copy_id = await unit.add(c, prepared_by=actor.id, **about)
        for position, (part, thing) in enumerate(await listed(of)):
            await unit.add(t.own_copy_item, copy_id=copy_id, position=position, part=part, about=thing)
        await _task(unit, await unit.one(select(c).where(c.c.id == copy_id)), "own_copy")
        unit.leaf("own_copy.prepared", case=case_id, participant=participant_id, request=copy_id)
    return copy_id


async def of_person(service: Service, actor: Actor, participant_id: UUID) -> list[Row[Any]]:
    """The copies that were prepared for a person, newest first."""
    c = t.own_copy
    async with reading(service) as conn:
        case_id = await near.case_of_participant(conn, participant_id)
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
        rows = await conn.execute(
            select(*t.plain(c)).where(c.c.participant_id == participant_id).order_by(c.c.at.desc())
        )
        return list(rows.all())


async def read(service: Service, actor: Actor, copy_id: UUID) -> CopyView:
    """A copy with its list, for whoever may see the case; no content."""
    i, m = t.own_copy_item, t.message
    async with reading(service) as conn:
        row = (await conn.execute(select(*t.plain(t.own_copy)).where(t.own_copy.c.id == copy_id))).one_or_none()
        if row is None:
            raise NotFound
        inside = await near.require(conn, actor, Permission.CASE_SEE, row.case_id) in READS_INSIDE
        opener = await reader_of(service, conn, row.case_id)
        query = select(i, m.c.reference).outerjoin(m, m.c.id == i.c.about).where(i.c.copy_id == copy_id)
        found = (await conn.execute(query.order_by(i.c.position))).all()
        named = select(t.participant.c.form_of_name_sealed).where(t.participant.c.id == row.participant_id)
        name = opener.open((await conn.execute(named)).scalar_one(), "participant.form_of_name", row.participant_id)
        items = [
            Item(one, one.reference or "", opener.open(one.reason_sealed, "own_copy_item.reason", one.id))
            for one in found
        ]
        return CopyView(row, name, items, inside, actor.id not in _went_through(row), await staff_names(conn))


async def look_at(service: Service, actor: Actor, copy_id: UUID, item_id: UUID) -> tuple[Row[Any], Piece]:
    """What one thing on the list is, opened for the team. That it was opened is recorded, and what it said then."""
    i = t.own_copy_item
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        row, item = await _item(unit, copy_id, item_id)
        await near.require(unit.conn, actor, Permission.COPY_PREPARE, row.case_id)
        of, found = await _opened(unit, row, item)
        if row.state == "open":  # afterwards, what was approved is what was seen before
            seen = own_copy_making.keyed(of, item.id, found)
            anew = {"inside": None, "reason_sealed": None} if item.inside and item.seen != seen else {}
            await unit.change(update(i).where(i.c.id == item.id).values(seen=seen, **anew))
        about = {"case": row.case_id, "participant": row.participant_id, "request": row.id}
        unit.leaf("own_copy.looked_at", aim=item.part, **about)
        return await unit.one(select(i).where(i.c.id == item.id)), found


async def decide(
    service: Service, actor: Actor, copy_id: UUID, item_id: UUID, *, inside: bool, reason: str = ""
) -> None:
    """Say whether it is in. Left out needs a reason (`BadInput`).

    What is in was looked at (`Refused`) as it is now (`Conflict`), and tells of nobody else (`BadInput`).
    """
    if not inside and not reason.strip():
        raise BadInput("Write down why it is left out.", field="reason")
    async with unit_of_work(service, actor) as unit:
        row, item = await _item(unit, copy_id, item_id)
        await near.require(unit.conn, actor, Permission.COPY_PREPARE, row.case_id)
        _must_be(row, "open")
        if inside:
            await _may_be_in(unit, row, item)
        opener = await opener_of(service, unit.conn, row.case_id)
        sealed = None if inside else opener.seal(reason.strip(), "own_copy_item.reason", item.id)
        i = t.own_copy_item
        said = {"inside": inside, "reason_sealed": sealed, "decided_by": actor.id, "decided_at": func.now()}
        await unit.change(update(i).where(i.c.id == item.id).values(**said))
        about = {"case": row.case_id, "participant": row.participant_id, "request": row.id}
        unit.leaf("own_copy.decided", aim=item.part, value=inside, **about)


async def _may_be_in(unit: Unit, row: Row[Any], item: Row[Any]) -> None:
    if item.seen is None:
        raise Refused("Look at it first.")
    of, found = await _opened(unit, row, item)
    if item.seen != own_copy_making.keyed(of, item.id, found):
        raise Conflict("It has changed since somebody looked at it. Look at it again.")
    if await tells_of_others(of, found):
        raise BadInput(
            "It holds a name, an address or a number of somebody else. Leave it out, and write down why.",
            field="inside",
        )


async def _opened(unit: Unit, row: Row[Any], item: Row[Any]) -> tuple[Whose, Piece]:
    person = await unit.one(select(t.participant).where(t.participant.c.id == row.participant_id))
    of = Whose(unit.service, unit.conn, await opener_of(unit.service, unit.conn, row.case_id), person)
    found, _ = await own_copy_making.whole_piece(of, Part(item.part), item.about)
    return of, found


async def hand_on(service: Service, actor: Actor, copy_id: UUID) -> None:
    """Everything was looked at: a second person is to approve. `Refused` while something was not."""
    i = t.own_copy_item
    async with unit_of_work(service, actor) as unit:
        row = await _copy(unit, copy_id)
        await near.require(unit.conn, actor, Permission.COPY_PREPARE, row.case_id)
        _must_be(row, "open")
        unseen = i.c.inside.is_(None) | (i.c.inside & i.c.seen.is_(None))
        if await unit.maybe(select(i.c.id).where(i.c.copy_id == copy_id, unseen)):
            raise Refused("Look at everything on the list first, and say whether it is in.")
        await _move(unit, row, "checked", checked_by=actor.id, checked_at=func.now())
        await _task(unit, row, "decide_own_copy")
        unit.leaf("own_copy.checked", case=row.case_id, participant=row.participant_id, request=row.id)


async def approve(service: Service, actor: Actor, copy_id: UUID, *, agreed: bool) -> None:
    """A second person's decision: it is made, or goes back to be looked through again."""
    async with unit_of_work(service, actor) as unit:
        row = await _copy(unit, copy_id)
        await near.require(unit.conn, actor, Permission.COPY_APPROVE, row.case_id)
        _must_be(row, "checked")
        decided = select(t.own_copy_item.c.decided_by).where(t.own_copy_item.c.copy_id == copy_id)
        if actor.id in _went_through(row) | {one.decided_by for one in await unit.all(decided)}:
            raise Refused("Somebody else must approve it: you went through it yourself.")
        about = {"case": row.case_id, "participant": row.participant_id, "request": row.id}
        if agreed:
            await _move(unit, row, "approved", approved_by=actor.id, approved_at=func.now())
            await unit.defer(own_copy_making.TASK, copy=row.id)
            await _task(unit, row, None)
            unit.leaf("own_copy.approved", **about)
        else:
            await _move(unit, row, "open", checked_by=None, checked_at=None)
            await _task(unit, row, "own_copy")
            unit.leaf("own_copy.sent_back", **about)


async def hand_out(service: Service, actor: Actor, copy_id: UUID) -> HandedOut:
    """Take it, once: from this moment nothing opens it again but the bytes that are on their way."""
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        row = await _copy(unit, copy_id)
        await near.require(unit.conn, actor, Permission.COPY_HAND_OUT, row.case_id)
        _must_be(row, "ready")
        if row.until <= unit.now:
            raise Conflict("Its time is over. Prepare it again.")
        opener = await opener_of(service, unit.conn, row.case_id)
        key = opener.open_key(row.key_sealed, "own_copy.key", row.id)
        await own_copy_making.end(unit, row, "handed_out", patience=PATIENCE, handed_by=actor.id)
        await _task(unit, row, None)
        about = {"case": row.case_id, "participant": row.participant_id, "request": row.id}
        unit.leaf("own_copy.handed_out", size=row.size, digest=row.sha256, **about)
        reference = (await unit.one(select(t.cases.c.reference).where(t.cases.c.id == row.case_id))).reference
    return HandedOut(reference, row.size, own_copy_making.opened(service, row, key))


async def drop(service: Service, actor: Actor, copy_id: UUID) -> None:
    """Give it up: the person did not want it after all, or it must be prepared anew."""
    async with unit_of_work(service, actor) as unit:
        row = await _copy(unit, copy_id)
        await near.require(unit.conn, actor, Permission.COPY_PREPARE, row.case_id)
        if row.ended_at is not None:
            raise Conflict
        await own_copy_making.end(unit, row, "dropped")
        await _task(unit, row, None)
        unit.leaf("own_copy.dropped", case=row.case_id, participant=row.participant_id, request=row.id)


def _went_through(row: Row[Any]) -> set[UUID | None]:
    return {row.prepared_by, row.checked_by}


def _must_be(row: Row[Any], state: str) -> None:
    if row.state != state:
        raise Conflict


async def _copy(unit: Unit, copy_id: UUID) -> Row[Any]:
    """The copy, its case locked before it."""
    c = t.own_copy
    case_id = (await unit.one(select(c.c.case_id).where(c.c.id == copy_id))).case_id
    await unit.case(case_id)
    return await unit.one(select(c).where(c.c.id == copy_id).with_for_update())


async def _item(unit: Unit, copy_id: UUID, item_id: UUID) -> tuple[Row[Any], Row[Any]]:
    row, i = await _copy(unit, copy_id), t.own_copy_item
    return row, await unit.one(select(i).where(i.c.id == item_id, i.c.copy_id == copy_id))


async def _move(unit: Unit, row: Row[Any], state: str, **values: Any) -> None:
    await unit.change(update(t.own_copy).where(t.own_copy.c.id == row.id).values(state=state, **values))


async def _task(unit: Unit, row: Row[Any], kind: str | None) -> None:
    """What waits for it now, None for nothing any more."""
    await own_copy_making.waits_no_more(unit, row)
    if kind:
        about = {"case_id": row.case_id, "participant_id": row.participant_id, "due_at": row.due_at}
        await unit.add(t.task, kind=kind, **about)
