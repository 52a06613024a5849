"""Break-glass: somebody from outside the team opens a case in an emergency (SECURITY "People inside").

It takes the case's reference, a reason and a fresh second factor, lasts as long as the case's policy says
(`Policy.emergency_hours`), and gives what `access.IN_AN_EMERGENCY` lists. Supervisors and the team are told
at once, it stands in the record and on the auditors' list. Where the policy asks for four eyes, nothing
opens until another supervisor agreed. An unknown reference and a case that one is barred from answer alike.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core import access
from exchange.core.access import READS_INSIDE, Permission, Relation
from exchange.core.errors import BadInput, Conflict, NotAllowed
from exchange.core.model import Actor, EmergencyKind
from exchange.store import near
from exchange.store import tables as t
from exchange.store.facts import policy_of
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

LONGEST = 2000


@dataclass(frozen=True)
class Asked:
    """What became of asking: the emergency, its case, and whether the case is open to the actor now."""

    id: UUID
    case_id: UUID
    opened: bool


async def open_in_emergency(
    service: Service, actor: Actor, untrusted_reference: str, *, kind: EmergencyKind, reason: str
) -> Asked:
    """Open a case, or ask to. Raises BadInput (field reference, reason), StepUpNeeded."""
    access.require(actor, Permission.EMERGENCY_OPEN)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise BadInput("Say what has happened, so that others understand why you opened the case.", field="reason")
    asked = None
    async with unit_of_work(service, actor) as unit:
        case = await _case(unit, untrusted_reference)
        near_to = await near.relation(unit.conn, case.id, actor.id) if case else Relation.BARRED
        if near_to in READS_INSIDE:
            raise BadInput("You can open this case already.", field="reference")
        if case is None or not access.may_break_glass(actor, near_to):
            unit.leaf("emergency.refused", account=actor.id, case=case.id if case else None)
        else:
            asked = await _ask(unit, service, case, kind, reason)
    if asked is None:
        raise BadInput("There is no case with this reference that you can open this way.", field="reference")
    return asked


async def decide(service: Service, actor: Actor, emergency_id: UUID, *, agree: bool) -> None:
    """Another supervisor agrees, and the case opens to who asked; or does not, and it stays shut."""
    async with unit_of_work(service, actor) as unit:
        row, case, near_to = await _judged(unit, emergency_id)
        if actor.id == row.account_id:
            raise NotAllowed("Somebody else must decide this. Nothing was changed.")
        await near.require(unit.conn, actor, Permission.EMERGENCY_SECOND, case.id)
        if not access.may_second_emergency(actor, near_to, row.account_id):
            raise NotAllowed
        if row.opened_at is not None or row.ended_at is not None:
            raise Conflict("This was decided already. Nothing was changed.")
        await _done(unit, row)
        if agree:
            until = unit.now + timedelta(hours=policy_of(case).emergency_hours)
            await _change(unit, row.id, opened_at=func.now(), until=until, second_by=actor.id)
            await _tell(unit, row, "emergency_opened")
            unit.leaf("emergency.opened", **_named(row), supervisor=actor.id, until=until)
        else:
            await _change(unit, row.id, ended_at=func.now(), ended_by=actor.id)
            unit.leaf("emergency.declined", **_named(row))


async def end(service: Service, actor: Actor, emergency_id: UUID) -> None:
    """Close the case to who opened it, at once: by themselves, the team or a supervisor."""
    async with unit_of_work(service, actor) as unit:
        row, case, near_to = await _judged(unit, emergency_id)
        if actor.id != row.account_id and not access.may_judge_emergency(actor, near_to, row.account_id):
            raise NotAllowed
        if row.ended_at is not None or (row.until is not None and row.until <= unit.now):
            raise Conflict("This has ended already.")
        await _change(unit, row.id, ended_at=func.now(), ended_by=actor.id)
        await _done(unit, row)
        # what is open on a screen is asked about again
        await unit.change(update(t.cases).where(t.cases.c.id == case.id).values(moved_at=func.now()))
        unit.leaf("emergency.ended", **_named(row))


async def _case(unit: Unit, untrusted_reference: str) -> Row[Any] | None:
    wanted = untrusted_reference.replace("\x00", "").strip().upper()[:40]
    return await unit.maybe(select(t.cases).where(t.cases.c.reference == wanted).with_for_update())


async def _ask(unit: Unit, service: Service, case: Row[Any], kind: EmergencyKind, reason: str) -> Asked:
    await _clear(unit, case.id)
    row = uuid4()
    opener = await opener_of(service, unit.conn, case.id)
    policy = policy_of(case)
    until = None if policy.four_eyes else unit.now + timedelta(hours=policy.emergency_hours)
    values = {
        "case_id": case.id,
        "account_id": unit.actor.id,
        "kind": kind,
        "reason_sealed": opener.seal(reason, "emergency.reason", row),
        "opened_at": None if policy.four_eyes else func.now(),
        "until": until,
    }
    await unit.add(t.emergency, id=row, **values)
    made = await unit.one(select(t.emergency).where(t.emergency.c.id == row))
    await _tell(unit, made, "decide_emergency" if policy.four_eyes else "emergency_opened")
    unit.leaf("emergency.asked" if policy.four_eyes else "emergency.opened", **_named(made), until=until)
    return Asked(row, case.id, opened=not policy.four_eyes)


async def _clear(unit: Unit, case_id: UUID) -> None:
    """One's own earlier ones of this case that have run out. One that waits for a decision still waits."""
    e = t.emergency
    mine = (e.c.case_id == case_id, e.c.account_id == unit.actor.id, e.c.ended_at.is_(None))
    if await unit.maybe(select(e.c.id).where(*mine, e.c.opened_at.is_(None))):
        raise Conflict("You have asked already. A supervisor was told and decides.")
    await unit.change(update(e).where(*mine, e.c.until <= func.now()).values(ended_at=e.c.until))


async def _tell(unit: Unit, row: Row[Any], kind: str) -> None:
    """Something to do for supervisors and the team, and a neutral e-mail at once."""
    await unit.add(t.task, case_id=row.case_id, account_id=row.account_id, kind=kind)
    await unit.defer("notify_emergency", emergency=row.id)


async def end_all(unit: Unit, account_id: UUID, case_id: UUID | None = None) -> None:
    """End whatever the account has open or has asked for, in one case or everywhere. The caller writes the leaf."""
    e, k = t.emergency, t.task
    mine = update(e).where(e.c.account_id == account_id, e.c.ended_at.is_(None))
    waiting = update(k).where(k.c.account_id == account_id, k.c.kind == "decide_emergency", k.c.done_at.is_(None))
    if case_id is not None:
        mine, waiting = mine.where(e.c.case_id == case_id), waiting.where(k.c.case_id == case_id)
    await unit.change(mine.values(ended_at=func.now(), ended_by=unit.actor.id))
    await unit.change(waiting.values(done_at=func.now(), done_by=unit.actor.id))


async def _done(unit: Unit, row: Row[Any]) -> None:
    """Nothing is left to decide."""
    k = t.task
    mine = (k.c.case_id == row.case_id, k.c.account_id == row.account_id, k.c.kind == "decide_emergency")
    done = update(k).where(*mine, k.c.done_at.is_(None))
    await unit.change(done.values(done_at=func.now(), done_by=unit.actor.id))


async def _judged(unit: Unit, emergency_id: UUID) -> tuple[Row[Any], Row[Any], Relation]:
    """The emergency with its case, both locked, and how near the actor is; NotFound for who sees neither."""
    e = t.emergency
    case = await unit.case((await unit.one(select(e.c.case_id).where(e.c.id == emergency_id)))[0])
    row = await unit.one(select(e).where(e.c.id == emergency_id).with_for_update())
    near_to = await near.relation(unit.conn, case.id, unit.actor.id)
    if row.account_id != unit.actor.id or near_to is Relation.BARRED:
        await near.require(unit.conn, unit.actor, Permission.CASE_SEE, case.id)
    return row, case, near_to


async def _change(unit: Unit, emergency_id: UUID, **values: Any) -> None:
    await unit.change(update(t.emergency).where(t.emergency.c.id == emergency_id).values(**values))


def _named(row: Row[Any]) -> dict[str, Any]:
    return {"emergency": row.id, "case": row.case_id, "account": row.account_id, "reason": row.kind}


async def note_listing(service: Service, actor: Actor) -> None:
    """That the list of emergencies was read stands in the record."""
    access.require(actor, Permission.EMERGENCY_LIST)
    async with unit_of_work(service, actor) as unit:
        unit.leaf("record.read", scope="emergencies")
