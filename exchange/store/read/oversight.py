"""For supervisors: everybody's caseload, what waits on whom and how late, what needs a second pair of eyes (rule 25).

Every list is a page of so many rows with the number of all, so that no service is too big for it. No names of
participants, no content, nothing of a case from which a conflict of interest keeps the supervisor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor, CaseState, Role, State
from exchange.core.waiting import WAITING
from exchange.store import near
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading

PAGE = 25
RowT = TypeVar("RowT")
WAITS = {s: wait for s, wait in WAITING.items() if wait.owner != "nobody"}
OWNERS = tuple(dict.fromkeys(wait.owner for wait in WAITS.values()))


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
    m, s = t.message, t.assignment
    for_the_team = m.c.state.in_([state for state, wait in WAITS.items() if wait.owner == "team"])
    return (
        select(
            s.c.account_id,
            func.count().label("waiting"),
            func.count().filter(_due_at() <= func.now()).label("late"),
            func.min(m.c.state_since).filter(for_the_team).label("since"),
        )
        .join(t.cases, t.cases.c.id == s.c.case_id)
        .join(m, m.c.case_id == s.c.case_id)
        .where(s.c.until.is_(None), waits_somewhere(), ~near.barred(s.c.case_id, actor.id))
        .group_by(s.c.account_id)
    )


def waits_somewhere() -> ColumnElement[bool]:
    """SQL: a message that waits for somebody. In a closed case only what has a heading for the team does."""
    m = t.message
    at_once = m.c.state.in_([s for s, wait in WAITS.items() if wait.group])
    return or_(at_once, and_(t.cases.c.state == CaseState.OPEN, m.c.state.in_(WAITS)))


def _due_at() -> ColumnElement[datetime]:
    """SQL: when a message's clock has run, by the one table of what waits."""
    m = t.message
    clocks = [(m.c.state == s, literal(timedelta(days=wait.days or 0))) for s, wait in WAITS.items()]
    return m.c.state_since + case(*clocks, else_=literal(timedelta()))


async def waiting_list(
    service: Service, actor: Actor, wanted: Wanted, *, page: int = 1, most: int = PAGE
) -> Listed[Row[Any]]:
    """What waits, the latest first: message, case, state, since when, due when, and who leads the case."""
    access.require(actor, Permission.SUPERVISE)
    m, c, s, a = t.message, t.cases, t.assignment, t.account
    lead = select(s.c.case_id, s.c.account_id).where(s.c.until.is_(None), s.c.part == "lead").subquery()
    query = (
        select(
            m.c.id.label("message_id"), m.c.kind, m.c.state, m.c.state_since, m.c.reference.label("message_reference"),
            c.c.id.label("case_id"), c.c.reference, _due_at().label("due_at"), (_due_at() <= func.now()).label("late"),
            a.c.id.label("account_id"), func.coalesce(a.c.display_name, "").label("lead"),
        )
        .join(c, c.c.id == m.c.case_id)
        .join(lead, lead.c.case_id == c.c.id, isouter=True)
        .join(a, a.c.id == lead.c.account_id, isouter=True)
        .where(waits_somewhere(), ~near.barred(c.c.id, actor.id))
    )  # fmt: skip
    if wanted.account:
        theirs = select(s.c.case_id).where(s.c.until.is_(None), s.c.account_id == wanted.account)
        query = query.where(c.c.id.in_(theirs))
    if wanted.owner:
        query = query.where(m.c.state.in_([s for s, wait in WAITS.items() if wait.owner == wanted.owner]))
    if wanted.late:
        query = query.where(_due_at() <= func.now())
    async with reading(service) as conn:
        return await listed(conn, query, (_due_at(), m.c.id), page, most)


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
        return await listed(conn, query, (m.c.state_since, m.c.id), page, most)


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
        return await listed(conn, query, (k.c.at, k.c.id), page, most)


async def listed(
    conn: AsyncConnection, query: Select[Any], order: tuple[Any, ...], page: int, most: int
) -> Listed[Row[Any]]:
    """One page of a query, and how many rows it has."""
    rows = await conn.execute(query.order_by(*order).limit(most).offset(most * (max(1, page) - 1)))
    total = await conn.execute(
        select(func.count()).select_from(
            query.with_only_columns(literal(1).label("one"), maintain_column_froms=True).subquery()
        )
    )
    return Listed(list(rows.all()), int(total.scalar_one()))
