"""Legal hold: while one is in force nothing of the case is erased (rule 23).

A supervisor places it with a reason and lifts it with a reason; both are sealed to the case, and both are recorded.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, OnHold
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import opener_of, reader_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work


async def place_hold(service: Service, actor: Actor, case_id: UUID, reason: str) -> UUID:
    """Forbid erasing anything of the case; the hold's id. `Conflict` where one is in force."""
    reason, hold = _given(reason), uuid4()
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CLOSE, case_id)
        if await in_force(unit, case_id):
            raise Conflict("There is a legal hold on this case already.")
        opener = await opener_of(service, unit.conn, case_id)
        sealed = opener.seal(reason, "legal_hold.reason", hold)
        await unit.add(t.legal_hold, id=hold, case_id=case_id, reason_sealed=sealed, placed_by=actor.id)
        unit.leaf("case.held", case=case_id)
    return hold


async def lift_hold(service: Service, actor: Actor, case_id: UUID, reason: str) -> None:
    """Let the case be erased again. `Conflict` where no hold is in force."""
    reason = _given(reason)
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CLOSE, case_id)
        found = await in_force(unit, case_id)
        if found is None:
            raise Conflict("There is no legal hold on this case.")
        opener = await opener_of(service, unit.conn, case_id)
        sealed = opener.seal(reason, "legal_hold.lifted_reason", found.id)
        lifted = {"lifted_by": actor.id, "lifted_at": func.now(), "lifted_reason_sealed": sealed}
        await unit.change(update(t.legal_hold).where(t.legal_hold.c.id == found.id).values(**lifted))
        unit.leaf("case.hold_lifted", case=case_id)


@dataclass(frozen=True)
class Hold:
    """A hold in force: since when, placed by whom, and why."""

    since: datetime
    by: str
    reason: str


async def current(service: Service, actor: Actor, case_id: UUID) -> Hold | None:
    """The hold on the case, for its supervisors; None if there is none."""
    h, a = t.legal_hold, t.account
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_CLOSE, case_id)
        query = select(h, a.c.display_name).join(a, a.c.id == h.c.placed_by)
        row = (await conn.execute(query.where(h.c.case_id == case_id, h.c.lifted_at.is_(None)))).one_or_none()
        if row is None:
            return None
        opener = await reader_of(service, conn, case_id)
        return Hold(row.at, row.display_name, opener.open(row.reason_sealed, "legal_hold.reason", row.id))


async def in_force(unit: Unit, case_id: UUID) -> Row[tuple[UUID]] | None:
    """The hold on the case, if there is one."""
    h = t.legal_hold
    return await unit.maybe(select(h.c.id).where(h.c.case_id == case_id, h.c.lifted_at.is_(None)))


async def refuse_if_held(unit: Unit, case_id: UUID) -> None:
    """Raise `OnHold` while a hold is in force. The caller holds the case's lock."""
    if await in_force(unit, case_id) is not None:
        raise OnHold


def _given(reason: str) -> str:
    if not reason.strip():
        raise BadInput("Write down why.", field="reason")
    return reason.strip()
