"""For supervisors: everybody's caseload, what waits on whom and how late, what needs a second pair of eyes (rule 25).

Every list is a page of so many rows with the number of all, so that no service is too big for it. No names of
participants, no content, nothing of a case from which a conflict of interest keeps the supervisor.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Row, Select, Uuid, and_, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor, CaseState, Role, State
from exchange.core.waiting import WAITING
from exchange.store import near
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.store.waits import due_at, overdue, somewhere, waits

PAGE = 25
RowT = TypeVar("RowT")
OWNERS = tuple(dict.fromkeys(wait.owner for wait in WAITING.values() if wait.owner != "nobody"))


@dataclass(frozen=True)
class Listed(Generic[RowT]):
    """One page of a list: its rows, and how many there are in all."""

    rows: list[RowT]
    total: int


@dataclass(frozen=True)
class Caseload:
    """One member of staff: open cases they lead, are on with somebody, cover; what waits in them, how much is late.

    `since`: the longest wait for the team itself, None where the team has nothing to do.
    """

    account_id: UUID
    name: str
    leads: int
    co: int
    covers: int
    waiting: int
    late: int
    since: datetime | None


@dataclass(frozen=True)
class Wanted:
    """Which of what waits: of one member of staff, for one owner of `core/waiting.py`, only what is late."""

    account: UUID | None = None
    owner: str = ""
    late: bool = False


async def caseloads(service: Service, actor: Actor) -> list[Caseload]:
    """Everybody who can be put on a case, by name."""
    access.require(actor, Permission.SUPERVISE)
    a, c, s = t.account, t.cases, t.assignment
    mine = (c.c.state == CaseState.OPEN, ~near.barred(c.c.id, actor.id))
    parts = (
        select(
            s.c.account_id,
            func.count().filter(s.c.part == "lead").label("leads"),
            func.count().filter(s.c.part == "co").label("co"),
        )
        .join(c, c.c.id == s.c.case_id)
        .where(s.c.until.is_(None), *mine)
        .group_by(s.c.account_id)
    ).subquery()
    covers = select(c.c.cover_id, func.count().label("covers")).where(*mine).group_by(c.c.cover_id).subquery()
    waits = _waits_by_account(actor).subquery()
    able = a.c.roles.overlap([Role.FACILITATOR.value, Role.SUPERVISOR.value])
    query = (
        select(a.c.id, a.c.display_name, parts.c.leads, parts.c.co, covers.c.covers, *list(waits.c)[1:])
        .join(parts, parts.c.account_id == a.c.id, isouter=True)
        .join(covers, covers.c.cover_id == a.c.id, isouter=True)
        .join(waits, waits.c.account_id == a.c.id, isouter=True)
        .where(a.c.active, able)
        .order_by(a.c.display_name, a.c.id)
    )
    async with reading(service) as conn:
        rows = (await conn.execute(query)).all()
    return [
        Caseload(r.id, r.display_name, r.leads or 0, r.co or 0, r.covers or 0, r.waiting or 0, r.late or 0, r.since)
        for r in rows
    ]


def _waits_by_account(actor: Actor) -> Select[Any]:
    """What waits is counted for each case first: a case has many messages, and few who look after it."""
    m, c, s, w = t.message, t.cases, t.assignment, waits()
    cases = (
        select(
            m.c.case_id,
            func.count().label("waiting"),
            func.count().filter(overdue(w)).label("late"),
            func.min(m.c.state_since).filter(w.c.owner == "team").label("since"),
        )
        .select_from(m.join(c, c.c.id == m.c.case_id).join(w, w.c.state == m.c.state))
        .where(somewhere(), c.c.id.not_in(near.barred_cases(actor.id)))
        .group_by(m.c.case_id)
    ).subquery()
    return (
        select(
            s.c.account_id,
            func.sum(cases.c.waiting).cast(Integer).label("waiting"),
            func.sum(cases.c.late).cast(Integer).label("late"),
            func.min(cases.c.since).label("since"),
        )
        .join(cases, cases.c.case_id == s.c.case_id)
        .where(s.c.until.is_(None))
        .group_by(s.c.account_id)
    )


async def waiting_list(
    service: Service, actor: Actor, wanted: Wanted, *, page: int = 1, most: int = PAGE
) -> Listed[Row[Any]]:
    """What waits, the latest first: message, case, state, since when, due when, and who leads the case."""
    access.require(actor, Permission.SUPERVISE)
    async with reading(service) as conn:
        found = await listed(conn, _waiting(actor, wanted), ("due_at", "id"), page, most)
        rows = await conn.execute(_told(), {"ids": [row.id for row in found.rows]})
        told = {row.message_id: row for row in rows}
    return Listed([told[row.id] for row in found.rows], found.total)


def _waiting(actor: Actor, wanted: Wanted) -> Select[Any]:
    """SQL: which messages wait, and since when they are due."""
    m, c, s, w = t.message, t.cases, t.assignment, waits()
    query = (
        select(m.c.id, due_at(w).label("due_at"))
        .select_from(m.join(c, c.c.id == m.c.case_id).join(w, w.c.state == m.c.state))
        .where(somewhere(), c.c.id.not_in(near.barred_cases(actor.id)))
    )
    if wanted.account:
        query = query.where(
            c.c.id.in_(select(s.c.case_id).where(s.c.until.is_(None), s.c.account_id == wanted.account))
        )
    if wanted.owner:
        query = query.where(w.c.owner == wanted.owner)
    return query.where(overdue(w)) if wanted.late else query


def _told() -> Select[Any]:
    """SQL: what is said of some messages (`ids`)."""
    m, c, s, a, w = t.message, t.cases, t.assignment, t.account, waits()
    lead = and_(s.c.case_id == c.c.id, s.c.until.is_(None), s.c.part == "lead")
    joined = m.join(c, c.c.id == m.c.case_id).join(w, w.c.state == m.c.state).outerjoin(s, lead)
    return (
        select(
            m.c.id.label("message_id"), m.c.kind, m.c.state, m.c.state_since, m.c.reference.label("message_reference"),
            c.c.id.label("case_id"), c.c.reference, due_at(w).label("due_at"), overdue(w).label("late"),
            a.c.id.label("account_id"), func.coalesce(a.c.display_name, "").label("lead"),
        )
        .select_from(joined.outerjoin(a, a.c.id == s.c.account_id))
        .where(m.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    )  # fmt: skip


async def second_approvals(service: Service, actor: Actor, *, page: int = 1, most: int = PAGE) -> Listed[Row[Any]]:
    """Messages that were approved once and need it twice; longest waiting first."""
    access.require(actor, Permission.SUPERVISE)
    m, c, r = t.message, t.cases, t.review
    once = select(r.c.id).where(r.c.message_id == m.c.id, r.c.decision == "approve", r.c.void_at.is_(None)).exists()
    query = (
        select(m.c.id, m.c.case_id, m.c.kind, m.c.reference, m.c.state_since, c.c.reference.label("case_reference"))
        .join(c, c.c.id == m.c.case_id)
        .where(m.c.state == State.IN_REVIEW, once, ~near.barred(c.c.id, actor.id))
    )
    async with reading(service) as conn:
        return await listed(conn, query, ("state_since", "id"), page, most)


async def decisions(service: Service, actor: Actor, *, page: int = 1, most: int = PAGE) -> Listed[Row[Any]]:
    """Tasks that wait for a supervisor's word; longest waiting first."""
    access.require(actor, Permission.SUPERVISE)
    c, k = t.cases, t.task
    query = (
        select(k.c.id, k.c.case_id, k.c.kind, k.c.at, c.c.reference.label("case_reference"))
        .join(c, c.c.id == k.c.case_id)
        .where(k.c.done_at.is_(None), (k.c.kind == "appeal") | k.c.kind.like("decide\\_%"))
        .where(~near.barred(c.c.id, actor.id))
    )
    async with reading(service) as conn:
        return await listed(conn, query, ("at", "id"), page, most)


async def listed(
    conn: AsyncConnection, query: Select[Any], order: tuple[str, ...], page: int, most: int
) -> Listed[Row[Any]]:
    """One page of a query in the order of these columns, and how many rows it has; better of few columns."""
    q = query.subquery()
    counted: Select[Any] = select(*q.c, func.count().over().label("total")).order_by(*(q.c[name] for name in order))
    rows = list((await conn.execute(counted.limit(most).offset(most * (max(1, page) - 1)))).all())
    if rows or page <= 1:
        return Listed(rows, rows[0].total if rows else 0)
    return Listed([], int((await conn.execute(select(func.count()).select_from(q))).scalar_one()))
