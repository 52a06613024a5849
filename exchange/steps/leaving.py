"""Somebody leaves: their account is closed and each of their cases handed over, in one step.

Nothing is left without a lead or without the cover it had: where the account leads or covers, somebody must
be named who takes over. Sessions, tokens and emergencies of the account end in the same transaction; what was
being put in stays and goes on with the case. Cases that the actor is barred from are neither shown nor handed
over by them: somebody else must do it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission, Relation
from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.model import Actor, Role
from exchange.steps import accounts, emergency
from exchange.steps.loosening import decided_from_outside
from exchange.store import near
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work


@dataclass(frozen=True)
class Held:
    """A case that the account looks after. `part`: lead, co or cover; a co-facilitator need not be replaced."""

    case_id: UUID
    reference: str
    part: str

    @property
    def needs_somebody(self) -> bool:
        """Whether it cannot do without."""
        return self.part != Relation.CO


@dataclass(frozen=True)
class Leaving:
    """An account with its cases, and who could take over: (account, name) per case."""

    account_id: UUID
    display_name: str
    active: bool
    held: list[Held]
    takers: dict[UUID, list[tuple[UUID, str]]]


async def leaving(service: Service, actor: Actor, account_id: UUID) -> Leaving:
    """What closing the account would leave behind. Refused where the actor must not see one of the cases."""
    access.require(actor, Permission.LEAVER)
    async with reading(service) as conn:
        query = select(t.account).where(t.account.c.id == account_id)
        account = (await conn.execute(query)).one_or_none()
        if account is None:
            raise NotFound
        held = await _held(conn, account_id)
        await _may_see_all(conn, actor, held)
        takers = await _takers(conn, [one.case_id for one in held], account_id)
    return Leaving(account.id, account.display_name, account.active, held, takers)


async def hand_over_and_close(
    service: Service, actor: Actor, account_id: UUID, takers: Mapping[UUID, UUID | None]
) -> None:
    """Close the account; `takers` names per case who takes over. All or nothing.

    Raises BadInput (field `case-<id>`), Conflict where its cases are not those of the form, Refused for the
    last administrator, StepUpNeeded.
    """
    access.require(actor, Permission.LEAVER)
    if actor.id == account_id:
        raise Refused("You cannot close your own account. Ask somebody else.")
    async with unit_of_work(service, actor) as unit:
        held = await _locked(unit, account_id)
        account = await unit.one(select(t.account).where(t.account.c.id == account_id).with_for_update())
        if not account.active:
            raise Conflict("This account is closed already.")
        await _may_see_all(unit.conn, actor, held)
        if not set(takers) <= {one.case_id for one in held}:
            raise Conflict
        for one in held:
            await _hand_over(unit, one, account_id, takers.get(one.case_id))
        await emergency.end_all(unit, account_id)
        await accounts.close_in(unit, account)
        unit.leaf("account.changed", account=account_id, kind="left", count=len(held))


async def _held(conn: AsyncConnection, account_id: UUID) -> list[Held]:
    a, c = t.assignment, t.cases
    assigned = (
        select(c.c.id, c.c.reference, a.c.part)
        .join(a, a.c.case_id == c.c.id)
        .where(a.c.account_id == account_id, a.c.until.is_(None))
    )
    found = {row.id: Held(row.id, row.reference, row.part) for row in await conn.execute(assigned)}
    covered = select(c.c.id, c.c.reference).where(c.c.cover_id == account_id)
    for row in await conn.execute(covered):
        found.setdefault(row.id, Held(row.id, row.reference, Relation.COVER.value))
    return sorted(found.values(), key=lambda one: one.reference)


async def _may_see_all(conn: AsyncConnection, actor: Actor, held: list[Held]) -> None:
    mine = near.barred_cases(actor.id).where(t.bar.c.case_id.in_([one.case_id for one in held])).limit(1)
    if (await conn.execute(mine)).first():
        raise Refused("Somebody else must do this: ask another supervisor or an administrator.")


async def _takers(conn: AsyncConnection, cases: list[UUID], but: UUID) -> dict[UUID, list[tuple[UUID, str]]]:
    """Open accounts that may look after each case, by name; one list for all cases that anybody may look after."""
    a, b = t.account, t.bar
    able = a.c.roles.overlap([Role.FACILITATOR.value, Role.SUPERVISOR.value])
    query = select(a.c.id, a.c.display_name).where(a.c.active, able, a.c.id != but).order_by(a.c.display_name)
    everybody = [(row.id, row.display_name) for row in await conn.execute(query)]
    bars = await conn.execute(select(b.c.case_id, b.c.account_id).where(b.c.case_id.in_(cases), b.c.until.is_(None)))
    kept_from = defaultdict[UUID, set[UUID]](set)
    for row in bars:
        kept_from[row.case_id].add(row.account_id)
    some = {case: [one for one in everybody if one[0] not in barred] for case, barred in kept_from.items()}
    return {case: some.get(case, everybody) for case in cases}


async def _locked(unit: Unit, account_id: UUID) -> list[Held]:
    """The cases, locked in one order before the account, and looked at again once they are."""
    for one in sorted(await _held(unit.conn, account_id), key=lambda one: one.case_id):
        await unit.case(one.case_id)
    return await _held(unit.conn, account_id)


async def _hand_over(unit: Unit, one: Held, account_id: UUID, taker: UUID | None) -> None:
    field = f"case-{one.case_id}"
    if taker is None and one.needs_somebody:
        raise BadInput("Choose who takes over this case.", field=field)
    if taker is not None and taker not in dict((await _takers(unit.conn, [one.case_id], account_id))[one.case_id]):
        raise BadInput("This person cannot take over this case. Choose somebody else.", field=field)
    if taker is not None and await decided_from_outside(unit.conn, one.case_id, taker):
        raise BadInput("They decided about this case from outside it. Choose somebody else.", field=field)
    case = await unit.case(one.case_id)
    await _end(unit, one.case_id, account_id)
    unit.leaf("case.unassigned", case=one.case_id, account=account_id)
    if case.cover_id == account_id:
        await _cover(unit, one, taker)
    if taker is not None and one.part != Relation.COVER:
        await _assign(unit, one, taker)
    # whoever reads at this moment is asked about again
    await unit.change(update(t.cases).where(t.cases.c.id == one.case_id).values(moved_at=func.now()))


async def _cover(unit: Unit, one: Held, taker: UUID | None) -> None:
    await unit.change(update(t.cases).where(t.cases.c.id == one.case_id).values(cover_id=taker))
    if taker is not None:
        unit.leaf("case.cover_set", case=one.case_id, cover=taker)


async def _assign(unit: Unit, one: Held, taker: UUID) -> None:
    """The taker has the part; who was on the team leads now, who leads already stays the lead."""
    part = await _part_of(unit, one.case_id, taker)
    if part is not None and (part.part == Relation.LEAD or one.part == Relation.CO):
        return
    await _end(unit, one.case_id, taker)
    await unit.add(t.assignment, case_id=one.case_id, account_id=taker, part=one.part)
    unit.leaf("case.assigned", case=one.case_id, account=taker, role=one.part)


async def _part_of(unit: Unit, case_id: UUID, account_id: UUID) -> Row[Any] | None:
    a = t.assignment
    return await unit.maybe(
        select(a.c.part).where(a.c.case_id == case_id, a.c.account_id == account_id, a.c.until.is_(None))
    )


async def _end(unit: Unit, case_id: UUID, account_id: UUID) -> None:
    a = t.assignment
    mine = update(a).where(a.c.case_id == case_id, a.c.account_id == account_id, a.c.until.is_(None))
    await unit.change(mine.values(until=func.now()))
