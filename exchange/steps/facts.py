"""Facts the gate reads: assessment, pause, hold, contact order, status, preparation, support.

A fact is added, never changed; the newest of its kind counts. Lifting a safeguarding hold, whatever changes a
contact order that is in force, and changing a person's situation back to active are a supervisor's decisions;
putting a hold on is everybody's duty.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from exchange.core.access import Permission
from exchange.core.diary import PREPARATION
from exchange.core.errors import BadInput, NotFound, Refused
from exchange.core.model import CASE_FACTS, LAPSING, PERSON_FACTS, Actor, FactKind, Status
from exchange.core.since_acts import PERSON
from exchange.steps import gone
from exchange.store import near
from exchange.store import tables as t
from exchange.store.facts import newest_facts
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work


async def record_fact(
    service: Service,
    actor: Actor,
    case_id: UUID,
    kind: FactKind,
    value: str,
    *,
    participant: UUID | None = None,
    until: datetime | None = None,
    note: str = "",
) -> None:
    """Record one fact. `until`: when it ends by itself (`LAPSING` kinds only: a hold never does).

    That the risk assessment is current is not said here: it follows from filling in its form (`steps/assessing.py`).
    """
    table = CASE_FACTS if participant is None else PERSON_FACTS
    if value not in table.get(kind, ()):
        raise BadInput("Choose one of the answers.", field="value")
    if (kind, value) == (FactKind.ASSESSMENT, "current"):
        raise BadInput("A risk assessment is current when its form was filled in. Please fill it in.", field="value")
    if until is not None and kind not in LAPSING:
        raise BadInput("This does not end by itself: it holds until somebody decides.", field="until")
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, permission_for(kind, value, await _in_force(unit, case_id, kind)), case_id)
        if until is not None and until <= unit.now:
            raise BadInput("The date must be in the future.", field="until")
        if kind is FactKind.PAUSE and (value == "off" or until is not None):
            await _looked_at(unit, case_id)
        if participant is not None:
            await _belongs(unit, case_id, participant)
            await _talked_about(unit, participant, kind, value)
        await add(unit, case_id, kind, value, participant, until, note)


def permission_for(kind: FactKind, value: str, in_force: str | None) -> Permission:
    """Who may record this while `in_force` is the value of the same kind.

    A hold is lifted, a contact order ended or shortened, and a person's status set back to active, by a supervisor.
    """
    if kind is FactKind.CONTACT_ORDER and in_force == "in_force":
        return Permission.FACT_SUPERVISED
    if (kind, value) == (FactKind.HOLD, "on"):
        return Permission.CONCERN_RAISE
    supervised = {(FactKind.HOLD, "off"), (FactKind.STATUS, Status.ACTIVE.value), (FactKind.CARVE_OUT, "recorded")}
    return Permission.FACT_SUPERVISED if (kind, value) in supervised else Permission.FACT


async def _in_force(unit: Unit, case_id: UUID, kind: FactKind) -> str | None:
    row = (await newest_facts(unit.conn, case_id)).get((None, kind))
    return row.value if row else None


async def _belongs(unit: Unit, case_id: UUID, participant: UUID) -> None:
    if await near.case_of_participant(unit.conn, participant) != case_id:
        raise NotFound


async def _looked_at(unit: Unit, case_id: UUID) -> None:
    """After a restore nothing goes on under a name or to a contact that was put right since the backup."""
    k = t.task
    waits = select(k.c.id).where(k.c.case_id == case_id, k.c.kind == PERSON, k.c.done_at.is_(None)).limit(1)
    if await unit.maybe(waits) is not None:
        raise Refused("Look first at the people who were changed after the backup was made. Each is a task.")


async def _talked_about(unit: Unit, participant: UUID, kind: FactKind, value: str) -> None:
    """Rule 10: prepared, or accepting responsibility, is somebody only when what belongs to it is in the diary."""
    needed = PREPARATION.get((kind.value, value), frozenset())
    if not needed:
        return
    d = t.diary
    newest = select(d.c.kind, d.c.value).where(d.c.participant_id == participant, d.c.kind.in_(needed))
    newest = newest.ext(distinct_on(d.c.kind)).order_by(d.c.kind, d.c.number.desc())
    if {row.kind for row in await unit.all(newest) if row.value == "done"} != needed:
        raise Refused("Write down first what you talked about with them: it belongs to their preparation.")


async def add(
    unit: Unit,
    case_id: UUID,
    kind: FactKind,
    value: str,
    participant: UUID | None = None,
    until: datetime | None = None,
    note: str = "",
) -> None:
    """Write the fact and what follows from it, inside the caller's unit that has asked for the right."""
    opener = await opener_of(unit.service, unit.conn, case_id)
    row = uuid4()
    await unit.add(
        t.fact,
        id=row,
        case_id=case_id,
        participant_id=participant,
        kind=kind,
        value=value,
        until=until,
        note_sealed=opener.seal(note, "fact.note", row),
        recorded_by=unit.actor.id,
    )
    unit.leaf("fact.recorded", case=case_id, participant=participant, fact=kind, value=value, until=until)
    await unit.change(update(t.cases).where(t.cases.c.id == case_id).values(moved_at=unit.now))
    if kind is FactKind.STATUS and participant is not None:
        await gone.changed(unit, case_id, participant, Status(value))
    if value in ("on", "in_force") or (kind is FactKind.STATUS and value != Status.ACTIVE):
        await _alert(unit, case_id, kind, participant)
    else:
        await _settle(unit, case_id, kind, participant)


async def _alert(unit: Unit, case_id: UUID, kind: FactKind, participant: UUID | None) -> None:
    """A supervisor's task: a hold, an order or a changed situation waits for a decision."""
    if kind is FactKind.PAUSE:
        return
    known = select(t.task.c.id).where(
        t.task.c.case_id == case_id,
        t.task.c.kind == f"decide_{kind}",
        t.task.c.participant_id.is_not_distinct_from(participant),
        t.task.c.done_at.is_(None),
    )
    if await unit.maybe(known) is None:
        await unit.add(t.task, case_id=case_id, participant_id=participant, kind=f"decide_{kind}", due_at=unit.now)


async def _settle(unit: Unit, case_id: UUID, kind: FactKind, participant: UUID | None) -> None:
    """What waited for this decision waits no longer."""
    k = t.task
    mine = (k.c.case_id == case_id, k.c.kind == f"decide_{kind}", k.c.done_at.is_(None))
    waiting = update(k).where(*mine).values(done_at=func.now(), done_by=unit.actor.id)
    await unit.change(waiting if participant is None else waiting.where(k.c.participant_id == participant))
