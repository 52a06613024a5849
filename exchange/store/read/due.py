"""What falls due on a date in open cases: supervision (rule 12) and risk assessments (rule 11), the latest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, literal, select

from exchange.core import access
from exchange.core.access import READS_INSIDE, Permission
from exchange.core.model import Actor, CaseState, Role
from exchange.store import near
from exchange.store import tables as t
from exchange.store.dates import assessment_until, supervision_due
from exchange.store.read.names import staff_names
from exchange.store.read.oversight import PAGE, Listed, listed
from exchange.store.sealing import reader_of
from exchange.store.service import Service
from exchange.store.unit import reading

SOON = timedelta(days=14)


@dataclass(frozen=True)
class SupervisionView:
    """One case's supervision: (row, note) newest first, and when the next is due, None where the policy asks for none.

    Notes are opened for the team and for supervisors.
    """

    case: Row[Any]
    held: list[tuple[Row[Any], str]]
    due_at: datetime | None
    late: bool
    staff: dict[UUID, str]


def supervisions(actor: Actor, *, within: timedelta = SOON) -> Select[Any]:
    """SQL: open cases whose supervision is overdue, or due `within` this time: `id`, `reference`, `due_at`, `late`."""
    c, due = t.cases, supervision_due()
    late = (due <= func.now()).label("late")
    return _open(actor, select(c.c.id, c.c.reference, due.label("due_at"), late)).where(_falls(due, within))


def assessments(actor: Actor, *, within: timedelta = SOON) -> Select[Any]:
    """SQL: likewise open cases whose risk assessment is missing, has run out, or runs out `within` this time."""
    c, until = t.cases, assessment_until()
    late = func.coalesce(until <= func.now(), literal(True)).label("late")
    listed = select(c.c.id, c.c.reference, func.coalesce(until, c.c.created_at).label("due_at"), late)
    return _open(actor, listed).where(func.coalesce(_falls(until, within), literal(True)))


def _open(actor: Actor, query: Select[Any]) -> Select[Any]:
    """Of open cases, none from which a conflict of interest keeps the actor."""
    return query.where(t.cases.c.state == CaseState.OPEN, t.cases.c.id.not_in(near.barred_cases(actor.id)))


def _falls(due: ColumnElement[datetime], within: timedelta) -> ColumnElement[bool]:
    return due <= func.now() + literal(within)


KINDS = {"supervision": supervisions, "assessment": assessments}


async def due_list(service: Service, actor: Actor, kind: str, *, page: int = 1, most: int = PAGE) -> Listed[Row[Any]]:
    """What of this kind (one of KINDS) is due, the latest first."""
    access.require(actor, Permission.SUPERVISE)
    async with reading(service) as conn:
        return await listed(conn, KINDS[kind](actor), ("due_at", "id"), page, most)


async def supervision_view(service: Service, actor: Actor, case_id: UUID) -> SupervisionView:
    """The supervision of one case, for whoever may see it."""
    s, c = t.supervision, t.cases
    async with reading(service) as conn:
        near_to = await near.require(conn, actor, Permission.CASE_SEE, case_id)
        inside = near_to in READS_INSIDE or Role.SUPERVISOR in actor.roles
        opener = await reader_of(service, conn, case_id)
        due = supervision_due()
        query: Select[Any] = select(*t.plain(c), due.label("due_at"), (due <= func.now()).label("late"))
        case = (await conn.execute(query.where(c.c.id == case_id))).one()
        rows = (await conn.execute(select(s).where(s.c.case_id == case_id).order_by(s.c.at.desc()))).all()
        return SupervisionView(
            case=case,
            held=[(r, opener.open(r.note_sealed, "supervision.note", r.id) if inside else "") for r in rows],
            due_at=case.due_at,
            late=bool(case.late),
            staff=await staff_names(conn),
        )
