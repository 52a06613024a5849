"""What waits for a person and no message state says by itself: read it, and say that it is done."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import READS_INSIDE, Permission
from exchange.core.errors import Conflict, NotAllowed, NotFound, Refused
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

ON_THEIR_OWN_PAGE = (
    "decide_emergency",
    "decide_appeal",
    "decide_own_copy",
    "decide_retention",
    "tell_author",
    "follow_up_case",
    "rectification",
    "own_copy",
    "copy_ready",
)
"""What is done when it was decided, told, answered or handed out, and not by saying so."""


@dataclass(frozen=True)
class TaskView:
    """One task. `person` is the agreed form of name; `told` what the person wrote, for the team only."""

    task: Row[Any]
    reference: str
    message_reference: str
    person: str
    told: str
    on_the_team: bool
    emergency: UUID | None = None
    """The emergency that it is about."""


async def read_task(service: Service, actor: Actor, task_id: UUID) -> TaskView:
    """The task for whoever may see its case; `NotFound` for everybody else."""
    async with reading(service) as conn:
        task = (await conn.execute(select(t.task).where(t.task.c.id == task_id))).one_or_none()
        if task is None or task.case_id is None:
            raise NotFound
        team = await near.require(conn, actor, Permission.CASE_SEE, task.case_id) in READS_INSIDE
        case = select(t.cases.c.reference).where(t.cases.c.id == task.case_id)
        message = select(t.message.c.reference).where(t.message.c.id == task.message_id)
        return TaskView(
            task=task,
            reference=(await conn.execute(case)).scalar_one(),
            message_reference=(await conn.execute(message)).scalar_one_or_none() or "",
            person=await _person(service, conn, task),
            told=await _told(service, conn, task) if team else "",
            on_the_team=team,
            emergency=await _emergency(conn, task),
        )


async def _emergency(conn: AsyncConnection, task: Row[Any]) -> UUID | None:
    """Which emergency, by the case and who asked; the newest that there was when the task was made."""
    if task.kind not in ("emergency_opened", "decide_emergency"):
        return None
    e = t.emergency
    mine = (e.c.case_id == task.case_id, e.c.account_id == task.account_id, e.c.asked_at <= task.at)
    query = select(e.c.id).where(*mine).order_by(e.c.asked_at.desc()).limit(1)
    return (await conn.execute(query)).scalar_one_or_none()


async def finish_task(service: Service, actor: Actor, task_id: UUID) -> UUID:
    """Say that it is done; the case's id. `Conflict` where somebody else was quicker."""
    k = t.task
    async with unit_of_work(service, actor) as unit:
        task = await unit.one(select(k).where(k.c.id == task_id).with_for_update())
        if task.case_id is None:
            raise NotFound
        await near.require(unit.conn, actor, _permission(task.kind), task.case_id)
        await _not_ones_own(unit, task)
        done = update(k).where(k.c.id == task_id, k.c.done_at.is_(None))
        if not await unit.change(done.values(done_at=func.now(), done_by=actor.id)):
            raise Conflict("Somebody else has done this already.")
        unit.leaf("task.done", case=task.case_id, message=task.message_id, task=task_id, kind=task.kind)
    return UUID(str(task.case_id))


async def _not_ones_own(unit: Unit, task: Row[Any]) -> None:
    """That an emergency was looked at is for somebody else to say; one that waits is decided, not ticked off."""
    if task.kind in ON_THEIR_OWN_PAGE:
        raise Refused("Decide it on its own page.")
    if task.kind == "emergency_opened":
        near_to = await near.relation(unit.conn, task.case_id, unit.actor.id)
        if not access.may_judge_emergency(unit.actor, near_to, task.account_id):
            raise NotAllowed


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
