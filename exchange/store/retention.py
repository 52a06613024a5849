"""Reads what falls due to be erased, and when (core/retention.py)."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Label, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.model import CaseState, ConsentKind
from exchange.core.retention import NOTICE, Due, What, due_at
from exchange.store import tables as t
from exchange.store.facts import policy_of
from exchange.store.service import Service


async def schedule(service: Service, conn: AsyncConnection, only: ColumnElement[bool] | None = None) -> list[Due]:
    """Everything that has a date, the earliest first. `only`: a condition on cases; then without referrals."""
    found = [*await _cases(service, conn, only), *await _people(service, conn, only)]
    if only is None:
        found += await _referrals(service, conn)
    return sorted(found, key=lambda one: one.due_at)


def took_part(column: str, value: Any) -> ColumnElement[bool]:
    """SQL: whether somebody has ever agreed to take part, of whom this column of `participant` has this value."""
    c, p = t.consent, t.participant.alias()
    agreed = (c.c.kind == ConsentKind.TAKE_PART, c.c.given, p.c.id == c.c.participant_id)
    return select(c.c.id).where(*agreed, p.c[column] == value).exists()


def _held() -> ColumnElement[bool]:
    h = t.legal_hold
    return select(h.c.id).where(h.c.case_id == t.cases.c.id, h.c.lifted_at.is_(None)).exists()


def _told_at(person: Any = None) -> Label[Any]:
    """SQL: since when a notice waits about the whole case; or about this person of it (a column)."""
    k = t.task
    about = k.c.participant_id.is_(None) if person is None else k.c.participant_id == person
    mine = (k.c.case_id == t.cases.c.id, k.c.kind == NOTICE, k.c.done_at.is_(None), about)
    return select(func.min(k.c.at)).where(*mine).scalar_subquery().label("told_at")


async def _cases(service: Service, conn: AsyncConnection, only: ColumnElement[bool] | None) -> list[Due]:
    c, k = t.cases, t.closing
    somebody = took_part("case_id", c.c.id).label("took_part")
    query = select(c.c.id, c.c.reference, c.c.policy, k.c.at, somebody, _held().label("held"), _told_at())
    query = query.join(k, k.c.case_id == c.c.id).where(
        c.c.state == CaseState.CLOSED, literal(True) if only is None else only
    )
    return [_due(service, What.CASE, row.id, row) for row in await conn.execute(query)]


async def _people(service: Service, conn: AsyncConnection, only: ColumnElement[bool] | None) -> list[Due]:
    """Who never took part in a case in which somebody did, and of whom there is something left."""
    c, k, p = t.cases, t.closing, t.participant
    others = took_part("case_id", c.c.id)
    themselves = took_part("id", p.c.id)
    asked = (p.c.id.label("person"), c.c.id, c.c.reference, c.c.policy, k.c.at)
    query = select(*asked, _held().label("held"), _told_at(p.c.id))
    query = query.join(c, c.c.id == p.c.case_id).join(k, k.c.case_id == c.c.id)
    left = p.c.name_sealed != b""
    where = (c.c.state == CaseState.CLOSED, others, ~themselves, left, literal(True) if only is None else only)
    return [_due(service, What.PERSON, row.person, row) for row in await conn.execute(query.where(*where))]


async def _referrals(service: Service, conn: AsyncConnection) -> list[Due]:
    r, days = t.referral, service.settings.retention_untaken_days
    query = select(r.c.id, r.c.reference, r.c.decided_at, r.c.notice_at)
    mine = query.where(r.c.state == "not_for_us", r.c.detail_sealed.is_not(None))
    return [
        Due(What.REFERRAL, row.id, None, row.reference, row.decided_at, due_at(
            row.decided_at, took_part=False, retention_days=days, untaken_days=days), False, told_at=row.notice_at)
        for row in await conn.execute(mine)
    ]  # fmt: skip


def _due(service: Service, what: What, about: UUID, row: Any) -> Due:
    took_part = what is What.CASE and bool(row.took_part)
    days = {"retention_days": policy_of(row).retention_days, "untaken_days": service.settings.retention_untaken_days}
    ends = due_at(row.at, took_part=took_part, **days)
    return Due(what, about, row.id, row.reference, row.at, ends, took_part, bool(row.held), row.told_at)
