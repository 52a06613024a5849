"""What falls due on a date in open cases: supervision (rule 12) and risk assessments (rule 11), the latest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from exchange.core import access
from exchange.core.access import READS_INSIDE, Permission
from exchange.core.model import Actor, CaseState, FactKind, Role
from exchange.store import near
from exchange.store import tables as t
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
    c, s = t.cases, t.supervision
    last = select(s.c.case_id, func.max(s.c.at).label("at")).group_by(s.c.case_id).subquery()
    days = c.c.policy["supervision_days"].as_integer()
    due = func.coalesce(last.c.at, c.c.created_at) + func.make_interval(0, 0, 0, days)
    return (
        select(c.c.id, c.c.reference, due.label("due_at"), (due <= func.now()).label("late"))
        .join(last, last.c.case_id == c.c.id, isouter=True)
        .where(c.c.state == CaseState.OPEN, due <= func.now() + literal(within), ~near.barred(c.c.id, actor.id))
    )


def assessments(actor: Actor, *, within: timedelta = SOON) -> Select[Any]:
    """SQL: likewise open cases whose risk assessment is missing, has run out, or runs out `within` this time."""
    f, c = t.fact, t.cases
    newest = (
        select(f.c.case_id, f.c.value, f.c.until, f.c.at)
        .where(f.c.kind == FactKind.ASSESSMENT)
        .ext(distinct_on(f.c.case_id))
        .order_by(f.c.case_id, f.c.number.desc())
        .subquery()
    )
    days = func.coalesce(c.c.policy["assessment_days"].as_integer(), 90)
    ends = func.least(newest.c.until, newest.c.at + func.make_interval(0, 0, 0, days))
    none = or_(newest.c.value.is_(None), newest.c.value != "current")
    due = func.coalesce(ends, c.c.created_at)
    return (
        select(c.c.id, c.c.reference, due.label("due_at"), or_(none, due <= func.now()).label("late"))
        .join(newest, newest.c.case_id == c.c.id, isouter=True)
        .where(c.c.state == CaseState.OPEN, or_(none, due <= func.now() + literal(within)))
        .where(~near.barred(c.c.id, actor.id))
    )


KINDS = {"supervision": supervisions, "assessment": assessments}


async def due_list(service: Service, actor: Actor, kind: str, *, page: int = 1, most: int = PAGE) -> Listed[Row[Any]]:
    """What of this kind (one of KINDS) is due, the latest first."""
    access.require(actor, Permission.SUPERVISE)
    query = KINDS[kind](actor)
    columns = query.subquery()
    async with reading(service) as conn:
        return await listed(conn, select(*columns.c), (columns.c.due_at, columns.c.id), page, most)


async def supervision_view(service: Service, actor: Actor, case_id: UUID) -> SupervisionView:
    """The supervision of one case, for whoever may see it."""
    s, c = t.supervision, t.cases
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
        inside = await near.relation(conn, case_id, actor.id) in READS_INSIDE or Role.SUPERVISOR in actor.roles
        opener = await reader_of(service, conn, case_id)
        query: Select[Any] = select(*t.plain(c), func.now().label("read_at")).where(c.c.id == case_id)
        case = (await conn.execute(query)).one()
        rows = (await conn.execute(select(s).where(s.c.case_id == case_id).order_by(s.c.at.desc()))).all()
        days = case.policy.get("supervision_days")
        due = (rows[0].at if rows else case.created_at) + timedelta(days=days) if days else None
        return SupervisionView(
            case=case,
            held=[(r, opener.open(r.note_sealed, "supervision.note", r.id) if inside else "") for r in rows],
            due_at=due,
            late=due is not None and due <= case.read_at,
            staff=await staff_names(conn),
        )
