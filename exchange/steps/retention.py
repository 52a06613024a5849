"""What is kept no longer (rule 23): a list with dates, a supervisor's word for each, or by itself after a notice.

A legal hold or an open concern stops both. What goes leaves a trace without content (`steps/erase.py`); what was due
when a case is opened again is due no more.
"""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import func, select, update

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.errors import NotFound, OnHold, Refused
from exchange.core.model import WORKER, Actor
from exchange.core.retention import Due, What
from exchange.steps import erase
from exchange.store import near
from exchange.store import retention as dates
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

TASK = "decide_retention"
log = structlog.get_logger()


async def schedule(service: Service, actor: Actor) -> list[Due]:
    """Everything closed that has a date, the earliest first, for supervisors; not what they are barred from."""
    access.require(actor, Permission.SUPERVISE)
    async with reading(service) as conn:
        hidden = set((await conn.execute(near.barred_cases(actor.id))).scalars())
        return [one for one in await dates.schedule(service, conn) if one.case not in hidden]


async def confirm(service: Service, actor: Actor, what: What, about: UUID) -> None:
    """Erase one thing that is due. `Refused` before its date, `OnHold`, `NotFound` where it has none."""
    if what is What.REFERRAL:
        access.require(actor, Permission.SUPERVISE)
        await _erase(service, actor, what, about, None)
        return
    async with reading(service) as conn:
        case_id = about if what is What.CASE else await near.case_of_participant(conn, about)
        await near.require(conn, actor, Permission.CASE_CLOSE, case_id)
    await _erase(service, actor, what, about, case_id)


async def run(service: Service, *, now: datetime | None = None) -> int:
    """Worker, once a night: a task for everything that is due; how many things went by themselves.

    `now`: aware; by default the database's clock.
    """
    kept, gone = service.settings, 0
    async with reading(service) as conn:
        at = now or (await conn.execute(select(func.now()))).scalar_one()
        due = [one for one in await dates.schedule(service, conn) if one.is_due(at)]
    for one in due:
        if one.goes_by_itself(at, kept.retention_notice_days):
            gone += await _by_itself(service, one, at)
        elif one.case is not None:
            await _tell(service, one.case)
    return gone


async def _by_itself(service: Service, one: Due, now: datetime) -> bool:
    try:
        await _erase(service, WORKER, one.what, one.about, one.case, now=now)
    except (Refused, NotFound) as error:
        # a hold, a concern, or opened again meanwhile: a person decides
        log.info("retention_waits", error=type(error).__name__)
        if one.case is not None:
            await _tell(service, one.case)
        return False
    return True


async def _erase(
    service: Service, actor: Actor, what: What, about: UUID, case_id: UUID | None, *, now: datetime | None = None
) -> None:
    """In one transaction: the date is looked up again under the case's lock, then it goes."""
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id) if case_id else None
        only = t.cases.c.id == case_id if case_id else None
        found = [
            one for one in await dates.schedule(service, unit.conn, only) if (one.what, one.about) == (what, about)
        ]
        if not found:
            raise NotFound
        if found[0].held:
            raise OnHold
        if not found[0].is_due(now or unit.now):
            raise Refused("This is kept until its date. It can be erased sooner only on the case's own page.")
        if case is None:
            await _referral(unit, about)
        elif what is What.CASE:
            await erase.whole_case(unit, case)
        else:
            await erase.person(unit, case.id, about)
            await _told(unit, case.id)
    if case is not None and what is What.CASE and service.keys is not None:
        service.keys.forget(str(case.key_id))


async def _referral(unit: Unit, referral_id: UUID) -> None:
    """What stays: its reference, its dates, and that it was not for us."""
    mine = update(t.referral).where(t.referral.c.id == referral_id)
    await unit.change(mine.values(detail_sealed=None, reason_sealed=None))
    unit.leaf("referral.erased", referral=referral_id)


async def _tell(service: Service, case_id: UUID) -> None:
    """One task per case for supervisors, as long as something of it is due."""
    k = t.task
    async with unit_of_work(service, WORKER) as unit:
        await unit.case(case_id)
        known = select(k.c.id).where(k.c.case_id == case_id, k.c.kind == TASK, k.c.done_at.is_(None))
        if await unit.maybe(known) is None:
            await unit.add(k, case_id=case_id, kind=TASK, due_at=unit.now)
            unit.leaf("task.added", case=case_id, kind=TASK)


async def _told(unit: Unit, case_id: UUID) -> None:
    """What was due of the case is gone, so nobody needs to look."""
    k = t.task
    mine = (k.c.case_id == case_id, k.c.kind == TASK, k.c.done_at.is_(None))
    await unit.change(update(k).where(*mine).values(done_at=func.now(), done_by=unit.actor.id))
