"""Conflicts of interest: an account that a case must never be shown to (SECURITY "People inside").

While a bar stands, the case is not there for the account: no list, no reference, no emergency opens it. A
supervisor sets and lifts it; whoever is barred is not told, and is off the team and the cover at once.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from exchange.core.access import Permission, Relation
from exchange.core.errors import BadInput, Conflict, Refused
from exchange.core.model import Actor
from exchange.steps import emergency
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

LONGEST = 2000


@dataclass(frozen=True)
class Bar:
    """A conflict of interest that stands."""

    id: UUID
    account_id: UUID
    display_name: str
    reason: str
    since: datetime


async def set_bar(service: Service, actor: Actor, case_id: UUID, account_id: UUID, *, reason: str) -> UUID:
    """Keep an account from a case, whatever its roles. The bar's id.

    Raises Refused while the account leads the case: name another lead first.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise BadInput("Say in a few words why this person must not see the case.", field="reason")
    row = uuid4()
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_BAR, case_id)
        await unit.one(select(t.account.c.id).where(t.account.c.id == account_id))
        await _leave(unit, case_id, account_id)
        opener = await opener_of(service, unit.conn, case_id)
        sealed = opener.seal(reason, "bar.reason", row)
        who = {"case_id": case_id, "account_id": account_id, "set_by": actor.id}
        await unit.add(t.bar, id=row, reason_sealed=sealed, **who)
        unit.leaf("case.barred", case=case_id, account=account_id, bar=row)
    return row


async def lift_bar(service: Service, actor: Actor, case_id: UUID, bar_id: UUID) -> None:
    """The conflict is no more. Nobody is put back on the team by it."""
    b = t.bar
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_BAR, case_id)
        found = await unit.one(select(b).where(b.c.id == bar_id, b.c.case_id == case_id))
        mine = update(b).where(b.c.id == bar_id, b.c.until.is_(None))
        if not await unit.change(mine.values(until=func.now(), lifted_by=actor.id)):
            raise Conflict
        unit.leaf("case.bar_lifted", case=case_id, account=found.account_id, bar=bar_id)


async def bars_of(service: Service, actor: Actor, case_id: UUID) -> list[Bar]:
    """Who is kept from a case and why, for supervisors who see it."""
    b = t.bar
    query = select(b, t.account.c.display_name).join(t.account, t.account.c.id == b.c.account_id)
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_BAR, case_id)
        opener = await opener_of(service, conn, case_id)
        rows = await conn.execute(query.where(b.c.case_id == case_id, b.c.until.is_(None)).order_by(b.c.since))
        return [
            Bar(r.id, r.account_id, r.display_name, opener.open(r.reason_sealed, "bar.reason", r.id), r.since)
            for r in rows
        ]


async def _leave(unit: Unit, case_id: UUID, account_id: UUID) -> None:
    """Off the team, the cover and any emergency. What is open on a screen is asked about again."""
    near_to = await near.relation(unit.conn, case_id, account_id)
    if near_to is Relation.BARRED:
        raise Conflict("This person is kept from the case already.")
    if near_to is Relation.LEAD:
        raise Refused("This person leads the case. Name another lead first.")
    a, c = t.assignment, t.cases
    mine = update(a).where(a.c.case_id == case_id, a.c.account_id == account_id, a.c.until.is_(None))
    await unit.change(mine.values(until=func.now()))
    cover = update(c).where(c.c.id == case_id, c.c.cover_id == account_id)
    await unit.change(cover.values(cover_id=None))
    await emergency.end_all(unit, account_id, case_id)
    await unit.change(update(c).where(c.c.id == case_id).values(moved_at=func.now()))
