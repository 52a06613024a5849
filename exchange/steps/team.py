"""Who looks after a case: lead, co-facilitators and the named cover."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from exchange.core import access
from exchange.core.access import Permission, Relation
from exchange.core.errors import BadInput, NotFound
from exchange.core.model import Actor, Role
from exchange.steps.loosening import decided_from_outside
from exchange.store import near
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work


async def assign(service: Service, actor: Actor, case_id: UUID, account_id: UUID, *, part: str = "co") -> None:
    """Put somebody on the case. A supervisor may always; the case's lead may add a co-facilitator."""
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await _may_staff(unit, case_id)
        await _can_facilitate(unit, case_id, account_id)
        if part == "lead":
            await _end(unit, case_id, part="lead")
        await _end(unit, case_id, account_id=account_id)
        await unit.add(t.assignment, case_id=case_id, account_id=account_id, part=part)
        unit.leaf("case.assigned", case=case_id, account=account_id, role=part)


async def unassign(service: Service, actor: Actor, case_id: UUID, account_id: UUID) -> None:
    """Take somebody off the case; never the last one."""
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await _may_staff(unit, case_id)
        open_now = t.assignment.c.until.is_(None)
        others = select(t.assignment.c.id).where(
            t.assignment.c.case_id == case_id, open_now, t.assignment.c.account_id != account_id
        )
        if await unit.maybe(others) is None:
            raise BadInput("A case needs somebody who looks after it. Assign another facilitator first.")
        await _end(unit, case_id, account_id=account_id)
        unit.leaf("case.unassigned", case=case_id, account=account_id)


async def set_cover(service: Service, actor: Actor, case_id: UUID, account_id: UUID) -> None:
    """Name the cover: who is shown what has waited two working days."""
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await _may_staff(unit, case_id)
        await _can_facilitate(unit, case_id, account_id)
        await unit.change(update(t.cases).where(t.cases.c.id == case_id).values(cover_id=account_id))
        unit.leaf("case.cover_set", case=case_id, cover=account_id)


async def _may_staff(unit: Unit, case_id: UUID) -> None:
    near_to = await near.relation(unit.conn, case_id, unit.actor.id)
    if near_to is Relation.BARRED:
        raise NotFound
    if near_to is Relation.LEAD:
        await near.require(unit.conn, unit.actor, Permission.CASE_CHANGE, case_id)
    else:
        access.require(unit.actor, Permission.CASE_ASSIGN, near_to)


def facilitates(account: Row[Any]) -> bool:
    """Whether an account can look after a case: active, and a facilitator or supervisor."""
    return bool(account.active and {Role.FACILITATOR, Role.SUPERVISOR} & set(account.roles))


async def _can_facilitate(unit: Unit, case_id: UUID, account_id: UUID) -> None:
    row = await unit.one(select(t.account).where(t.account.c.id == account_id))
    if not facilitates(row):
        raise BadInput("Choose an active facilitator.", field="account")
    if await near.relation(unit.conn, case_id, account_id) is Relation.BARRED:
        raise BadInput("This person must not see this case. Choose somebody else.", field="account")
    if await decided_from_outside(unit.conn, case_id, account_id):
        raise BadInput("They decided about this case from outside it. Choose somebody else.", field="account")


async def _end(unit: Unit, case_id: UUID, *, account_id: UUID | None = None, part: str | None = None) -> None:
    ending = update(t.assignment).where(t.assignment.c.case_id == case_id, t.assignment.c.until.is_(None))
    if account_id:
        ending = ending.where(t.assignment.c.account_id == account_id)
    if part:
        ending = ending.where(t.assignment.c.part == part)
    await unit.change(ending.values(until=func.now()))
    # whoever reads at this moment is asked about again
    await unit.change(update(t.cases).where(t.cases.c.id == case_id).values(moved_at=func.now()))
