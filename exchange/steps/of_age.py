"""Coming of age: before the day somebody is reminded of it, and on that day the person is asked anew.

What was decided before that day, by the child or a guardian with them, does not count from its first moment: the gate
sees to that by the clock (`core/gate.py`). What a guardian may still have in hand ends with the fact (`gone.changed`).
"""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import WORKER, Actor, FactKind, Status
from exchange.steps import facts, gone
from exchange.store import near
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

BEFORE = timedelta(days=28)
YEARS = 18


async def set_day(service: Service, actor: Actor, participant_id: UUID, day: date | None) -> None:
    """The day on which they are 18; None where it is not needed any more. BadInput for a day that cannot be that."""
    at = datetime.combine(day, time(), service.settings.zone) if day else None
    async with unit_of_work(service, actor) as unit:
        case_id = await near.case_of_participant(unit.conn, participant_id)
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, case_id)
        p = t.participant
        person = await unit.one(select(p.c.under_18, p.c.of_age_at).where(p.c.id == participant_id))
        if not person.under_18:
            raise BadInput("They are not recorded as under 18, so this day is not kept.", field="day")
        if person.of_age_at and person.of_age_at <= unit.now:
            raise BadInput("That day has come: what was decided before it does not count any more.", field="day")
        if at and not unit.now < at <= unit.now + timedelta(days=366 * YEARS):
            raise BadInput("Enter the day in the future on which they become 18.", field="day")
        await unit.change(update(p).where(p.c.id == participant_id).values(of_age_at=at))
        await gone.reminded_of_age(unit, participant_id)
        unit.leaf("participant.changed", case=case_id, participant=participant_id)


async def run(service: Service, *, now: datetime | None = None) -> int:
    """Worker, every hour: a task four weeks before, and on the day what follows; how many came of age.

    `now`: aware; by default the database's clock.
    """
    p = t.participant
    async with reading(service) as conn:
        at = now or (await conn.execute(select(func.now()))).scalar_one()
        soon = select(p.c.id, p.c.of_age_at).where(p.c.under_18, p.c.of_age_at <= at + BEFORE)
        rows = (await conn.execute(soon)).all()
    came = 0
    for row in rows:
        async with unit_of_work(service, WORKER) as unit:
            came += await (_comes_of_age(unit, row.id) if row.of_age_at <= at else _remind(unit, row.id))
    return came


async def _remind(unit: Unit, participant_id: UUID) -> int:
    """One task, however often it is run."""
    k, case_id = t.task, await near.case_of_participant(unit.conn, participant_id)
    await unit.case(case_id)
    known = select(k.c.id).where(k.c.participant_id == participant_id, k.c.kind == gone.OF_AGE_SOON)
    if await unit.maybe(known) is None:
        await unit.add(k, case_id=case_id, participant_id=participant_id, kind=gone.OF_AGE_SOON, due_at=unit.now)
        unit.leaf("task.added", case=case_id, participant=participant_id, kind=gone.OF_AGE_SOON)
    return 0


async def _comes_of_age(unit: Unit, participant_id: UUID) -> int:
    p = t.participant
    case_id = await near.case_of_participant(unit.conn, participant_id)
    case = await unit.case(case_id)
    child = await unit.maybe(select(p.c.id).where(p.c.id == participant_id, p.c.under_18))
    if case.state == "erased" or child is None:
        return 0
    await facts.add(unit, case_id, FactKind.GUARDIAN, "not_needed", participant_id)
    await facts.add(unit, case_id, FactKind.STATUS, Status.CAME_OF_AGE, participant_id)
    return 1
