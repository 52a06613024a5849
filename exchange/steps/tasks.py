"""What waits for a person and no message state says by itself: read it, and say that it is done."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.access import Permission, Relation
from exchange.core.errors import Conflict, NotFound
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work


@dataclass(frozen=True)
class TaskView:
    """One task. `person` is the agreed form of name; `told` what the person wrote, for the team only."""

    task: Row[Any]
    reference: str
    message_reference: str
    person: str
    told: str
    on_the_team: bool


async def read_task(service: Service, actor: Actor, task_id: UUID) -> TaskView:
    """The task for whoever may see its case; `NotFound` for everybody else."""
    async with reading(service) as conn:
        task = (await conn.execute(select(t.task).where(t.task.c.id == task_id))).one_or_none()
        if task is None or task.case_id is None:
            raise NotFound
        await near.require(conn, actor, Permission.CASE_SEE, task.case_id)
        team = await near.relation(conn, task.case_id, actor.id) is not Relation.NONE
        case = select(t.cases.c.reference).where(t.cases.c.id == task.case_id)
        message = select(t.message.c.reference).where(t.message.c.id == task.message_id)
        return TaskView(
            task=task,
            reference=(await conn.execute(case)).scalar_one(),
            message_reference=(await conn.execute(message)).scalar_one_or_none() or "",
            person=await _person(service, conn, task),
            told=await _told(service, conn, task) if team else "",
            on_the_team=team,
        )


async def finish_task(service: Service, actor: Actor, task_id: UUID) -> UUID:
    """Say that it is done; the case's id. `Conflict` where somebody else was quicker."""
    k = t.task
    async with unit_of_work(service, actor) as unit:
        task = await unit.one(select(k).where(k.c.id == task_id).with_for_update())
        if task.case_id is None:
            raise NotFound
        await near.require(unit.conn, actor, _permission(task.kind), task.case_id)
        done = update(k).where(k.c.id == task_id, k.c.done_at.is_(None))
        if not await unit.change(done.values(done_at=func.now(), done_by=actor.id)):
            raise Conflict("Somebody else has done this already.")
        unit.leaf("task.done", case=task.case_id, message=task.message_id, task=task_id, kind=task.kind)
    return UUID(str(task.case_id))


def _permission(kind: str) -> Permission:
    """A decision waits for a supervisor; everything else is done by the team or whoever sees the case."""
    return Permission.FACT_SUPERVISED if kind.startswith("decide_") else Permission.CASE_SEE


async def _person(service: Service, conn: AsyncConnection, task: Row[Any]) -> str:
    if task.participant_id is None:
        return ""
    query = select(t.participant.c.form_of_name_sealed).where(t.participant.c.id == task.participant_id)
    opener = await opener_of(service, conn, task.case_id)
    sealed = (await conn.execute(query)).scalar_one()
    return opener.open(sealed, "participant.form_of_name", task.participant_id)


async def _told(service: Service, conn: AsyncConnection, task: Row[Any]) -> str:
    """What the person wrote when this task was made, in the same transaction; "" where nothing."""
    f = t.feedback
    same = (f.c.participant_id == task.participant_id, f.c.at == task.at, f.c.kind == task.kind)
    row = (await conn.execute(select(f).where(*same).limit(1))).first()
    if row is None:
        return ""
    opener = await opener_of(service, conn, task.case_id)
    return opener.open(row.text_sealed, "feedback.text", row.id)
