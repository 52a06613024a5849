"""What is kept no longer (rule 23): a list with dates, a supervisor's word for each, or by itself after a notice.

By itself goes only what supervisors have had before them as due for the days of the setting, counted from the day they
were told: a worker that was off, a setting or a rule that was changed takes nothing of that time away.

A legal hold or an open concern stops both. What goes leaves a trace without content (`steps/erase.py`,
`steps/erase_person.py`); what was due when a case is opened again is due no more.
"""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, select, update

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.errors import NotFound, OnHold, Refused
from exchange.core.model import WORKER, Actor
from exchange.core.retention import NOTICE, Due, What
from exchange.steps import erase, erase_person
from exchange.store import near
from exchange.store import retention as dates
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

TASK = NOTICE
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
        else:
            await _tell(service, one, at)
    return gone


async def _by_itself(service: Service, one: Due, now: datetime) -> bool:
    try:
        await _erase(service, WORKER, one.what, one.about, one.case, by_itself=now)
    except (Refused, NotFound) as error:
        # a hold, a concern, or opened again meanwhile: a person decides
        log.info("retention_waits", error=type(error).__name__)
        await _tell(service, one, now)
        return False
    return True


async def _erase(
    service: Service, actor: Actor, what: What, about: UUID, case_id: UUID | None, *, by_itself: datetime | None = None
) -> None:
    """In one transaction: the date is looked up again under the case's lock, then it goes.

    `by_itself`: without a supervisor's word, at this time; so the notice is looked up again too.
    """
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
        one, notice = found[0], service.settings.retention_notice_days
        if not (one.goes_by_itself(by_itself, notice) if by_itself else one.is_due(unit.now)):
            raise Refused("This is kept until its date. It can be erased sooner only on the case's own page.")
        if case is None:
            await erase_person.referral(unit, about)
        elif what is What.CASE:
            await erase.whole_case(unit, case)
        else:
            await erase_person.refuse(unit, case.id)
            await erase_person.person(unit, case.id, about)
            await close_notices(unit, case.id, about)
    if case is not None and what is What.CASE and service.keys is not None:
        service.keys.forget(str(case.key_id))


async def _tell(service: Service, one: Due, now: datetime) -> None:
    """One notice for supervisors about each thing, as long as it is due."""
    if one.case is None:
        await _tell_of_referral(service, one.about, now)
        return
    k, person = t.task, one.about if one.what is What.PERSON else None
    async with unit_of_work(service, WORKER) as unit:
        await unit.case(one.case)
        known = select(k.c.id).where(*_open_notices(one.case), k.c.participant_id.is_not_distinct_from(person))
        if await unit.maybe(known) is None:
            await unit.add(k, case_id=one.case, participant_id=person, kind=TASK, at=now, due_at=now)
            unit.leaf("task.added", case=one.case, participant=person, kind=TASK)


async def _tell_of_referral(service: Service, referral_id: UUID, now: datetime) -> None:
    """It belongs to no case, so the notice stands with it."""
    r = t.referral
    async with unit_of_work(service, WORKER) as unit:
        untold = select(r.c.id).where(r.c.id == referral_id, r.c.notice_at.is_(None)).with_for_update()
        if await unit.maybe(untold) is not None:
            await unit.change(update(r).where(r.c.id == referral_id).values(notice_at=now))
            unit.leaf("task.added", referral=referral_id, kind=TASK)


async def close_notices(unit: Unit, case_id: UUID, person: UUID | None = None) -> None:
    """Nobody needs to look any more: what was due of the person, or of the whole case, is gone or is kept again."""
    k = t.task
    about = () if person is None else (k.c.participant_id == person,)
    done = update(k).where(*_open_notices(case_id), *about)
    await unit.change(done.values(done_at=func.now(), done_by=unit.actor.id))


def _open_notices(case_id: UUID) -> tuple[ColumnElement[bool], ...]:
    k = t.task
    return k.c.case_id == case_id, k.c.kind == TASK, k.c.done_at.is_(None)
