"""Needs you now: every message and task that waits for somebody, under its heading (PAGES, rule 25)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor, ActorKind, Role, State
from exchange.core.waiting import CONCERNS, DATES, GROUPS, ON_YOU, REFERRALS, TASKS, WAITING
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.names import forms_of_name
from exchange.store.service import Service
from exchange.store.unit import reading

COVER_AFTER = timedelta(days=2)
RECOVERY = "recovery_used"
"""A recovery code was used: `reference` is the account's sign-in name, `task_id` its id."""


@dataclass(frozen=True)
class Item:
    """One row: what, of which case, from whom to whom in agreed forms of name, since when, how late."""

    group: str
    kind: str
    case_id: UUID | None
    reference: str
    message_id: UUID | None
    task_id: UUID | None
    from_name: str
    to_name: str
    since: datetime
    overdue: bool
    covering: bool
    message_kind: str = ""
    participant_id: UUID | None = None
    person_name: str = ""
    """Whom a task is about, where its message has two people."""
    never_sent: bool = False


async def needs_you_now(service: Service, actor: Actor) -> dict[str, list[Item]]:
    """The home page's groups in order; empty ones are left out."""
    access.require(actor, Permission.HOME)
    async with reading(service) as conn:
        now = (await conn.execute(select(func.now()))).scalar_one()
        messages = [r for r in (await conn.execute(_messages(actor))).all() if _shows(r, now)]
        tasks = (await conn.execute(_tasks(actor))).all()
        due = (await conn.execute(_assessments(actor))).all()
        names = await forms_of_name(service, conn, {r.case_id for r in (*messages, *tasks) if r.case_id})
        items = [_message_item(r, names, now) for r in messages]
        items += [_task_item(r, names, now) for r in tasks]
        items += [_due_item(r, now) for r in due]
        items += [_referral_item(r) for r in await _referrals(conn, actor)]
        items += [_recovery_item(r) for r in await _recoveries(conn, actor)]
    return {group: found for group in GROUPS if (found := [i for i in items if i.group == group])}


async def waiting_count(service: Service, account_id: UUID) -> int:
    """How many items wait for this account: what the neutral e-mail says."""
    async with reading(service) as conn:
        row = (await conn.execute(select(t.account.c.roles).where(t.account.c.id == account_id))).one()
        now = (await conn.execute(select(func.now()))).scalar_one()
        actor = _as_actor(account_id, row.roles)
        messages = [r for r in (await conn.execute(_messages(actor))).all() if _shows(r, now)]
        tasks = (await conn.execute(_tasks(actor))).all()
        due = (await conn.execute(_assessments(actor))).all()
        others = [*await _referrals(conn, actor), *await _recoveries(conn, actor)]
        return len(messages) + len(tasks) + len(due) + len(others)


async def supervisor_items(service: Service, actor: Actor) -> dict[UUID, list[Any]]:
    """Per facilitator: every message that waits, its state and since when; no names of participants."""
    access.require(actor, Permission.SUPERVISE)
    m, c, a = t.message, t.cases, t.assignment
    query = (
        select(
            a.c.account_id,
            c.c.id.label("case_id"),
            c.c.reference,
            m.c.id.label("message_id"),
            m.c.kind,
            m.c.state,
            m.c.state_since,
            a.c.part,
        )
        .join(c, c.c.id == a.c.case_id)
        .join(m, m.c.case_id == c.c.id)
        .where(a.c.until.is_(None), ~near.barred(c.c.id, actor.id))
        .where(m.c.state.not_in([s for s in State if WAITING[s].owner == "nobody"]))
        .order_by(m.c.state_since)
    )
    found: dict[UUID, list[Any]] = {}
    async with reading(service) as conn:
        for row in await conn.execute(query):
            found.setdefault(row.account_id, []).append(row)
    return found


def _as_actor(account_id: UUID, roles: Iterable[str]) -> Actor:
    return Actor(ActorKind.STAFF, account_id, frozenset(Role(r) for r in roles))


def _mine(actor: Actor) -> Any:
    """Whether the actor is assigned to the case."""
    a = t.assignment
    return select(a.c.id).where(a.c.case_id == t.cases.c.id, a.c.account_id == actor.id, a.c.until.is_(None)).exists()


def _seen_by(actor: Actor, since: Any, *, at_once: Any = None) -> Any:
    """Mine; or it has waited two days and I am the cover or a supervisor; or it is a concern and I supervise."""
    late = since < func.now() - literal(COVER_AFTER)
    supervisor = literal(Role.SUPERVISOR in actor.roles)
    parts = [_mine(actor), and_(late, or_(t.cases.c.cover_id == actor.id, supervisor))]
    if at_once is not None:
        parts.append(and_(at_once, supervisor))
    return and_(or_(*parts), ~near.barred(t.cases.c.id, actor.id))


def _messages(actor: Actor) -> Select[Any]:
    m, c = t.message, t.cases
    waiting = [s for s in State if WAITING[s].owner != "nobody"]
    return (
        select(m, c.c.reference.label("case_reference"), _mine(actor).label("mine"))
        .join(c, c.c.id == m.c.case_id)
        .where(m.c.state.in_(waiting), _seen_by(actor, m.c.state_since, at_once=m.c.state == State.CONCERN))
        .order_by(m.c.state_since)
    )


def _shows(row: Row[Any], now: datetime) -> bool:
    """A state with a heading shows at once; one that waits for somebody else when its clock has run.

    What the workers cannot make safe (no scanner, no sandbox) shows at once too: somebody must mend it.
    """
    wait = WAITING[State(row.state)]
    stuck = row.state == State.QUARANTINED and row.rejected_code is not None
    return bool(wait.group) or stuck or _late(row, now)


def _late(row: Row[Any], now: datetime) -> bool:
    wait = WAITING[State(row.state)]
    return wait.days is not None and bool(row.state_since + timedelta(days=wait.days) <= now)


def _message_item(row: Row[Any], names: dict[UUID, str], now: datetime) -> Item:
    group = WAITING[State(row.state)].group or ON_YOU
    return Item(
        group,
        row.state,
        row.case_id,
        row.case_reference,
        row.id,
        None,
        names.get(row.author_id, ""),
        names.get(row.recipient_id, ""),
        row.state_since,
        _late(row, now),
        not row.mine,
        row.kind,
        never_sent=row.never_sent,
    )


def _tasks(actor: Actor) -> Select[Any]:
    k, c, m = t.task, t.cases, t.message
    at_once = k.c.kind.in_([kind for kind, group in TASKS.items() if group == CONCERNS])
    return (
        select(k, c.c.reference.label("case_reference"), _mine(actor).label("mine"), m.c.author_id, m.c.recipient_id)
        .join(c, c.c.id == k.c.case_id)
        .join(m, m.c.id == k.c.message_id, isouter=True)
        .where(
            k.c.done_at.is_(None),
            or_(k.c.due_at.is_(None), k.c.due_at <= func.now()),
            _seen_by(actor, k.c.at, at_once=or_(at_once, k.c.kind.like("decide_%"))),
        )
        .order_by(k.c.at)
    )


def _task_item(row: Row[Any], names: dict[UUID, str], now: datetime) -> Item:
    """From and to as its message has them; without a message, the person it is about."""
    person = names.get(row.participant_id, "")
    about = (names.get(row.author_id, ""), names.get(row.recipient_id, "")) if row.message_id else (person, "")
    return Item(
        TASKS.get(row.kind, ON_YOU),
        row.kind,
        row.case_id,
        row.case_reference,
        row.message_id,
        row.id,
        *about,
        row.at,
        row.due_at is not None and row.due_at + COVER_AFTER <= now,
        not row.mine,
        participant_id=row.participant_id,
        person_name=person if row.message_id else "",
    )


def _assessments(actor: Actor) -> Select[Any]:
    """Open cases whose assessment is missing, or runs out within a week."""
    f, c = t.fact, t.cases
    newest = (
        select(f.c.case_id, f.c.value, f.c.until, f.c.at)
        .where(f.c.kind == "assessment")
        .ext(distinct_on(f.c.case_id))
        .order_by(f.c.case_id, f.c.number.desc())
        .subquery()
    )
    days = func.coalesce(c.c.policy["assessment_days"].as_integer(), 90)
    ends = func.least(
        func.coalesce(newest.c.until, newest.c.at + func.make_interval(0, 0, 0, days)),
        newest.c.at + func.make_interval(0, 0, 0, days),
    )
    soon = or_(newest.c.value.is_(None), newest.c.value != "current", ends < func.now() + literal(timedelta(days=7)))
    return (
        select(c.c.id, c.c.reference, func.coalesce(ends, c.c.created_at).label("at"), null().label("x"))
        .join(newest, newest.c.case_id == c.c.id, isouter=True)
        .where(c.c.state == "open", soon, _mine(actor))
    )


def _due_item(row: Row[Any], now: datetime) -> Item:
    return Item(DATES, "assessment_due", row.id, row.reference, None, None, "", "", row.at, row.at <= now, False)


async def _referrals(conn: AsyncConnection, actor: Actor) -> list[Any]:
    if not access.may(actor, Permission.REFERRALS):
        return []
    r = t.referral
    query = select(r.c.id, r.c.reference, r.c.created_at).where(r.c.state == "new").order_by(r.c.created_at)
    return list((await conn.execute(query)).all())


def _referral_item(row: Row[Any]) -> Item:
    return Item(REFERRALS, "referral", None, row.reference, None, row.id, "", "", row.created_at, False, False)


async def _recoveries(conn: AsyncConnection, actor: Actor) -> list[Any]:
    """Accounts but the actor's own of which a recovery code was used and nobody has looked at that yet."""
    if not access.may(actor, Permission.ADMINISTER):
        return []
    r, a = t.recovery_code, t.account
    query = select(a.c.id, a.c.login, func.max(r.c.used_at).label("at")).join(r, r.c.account_id == a.c.id)
    query = query.where(r.c.used_at.is_not(None), r.c.seen_at.is_(None), a.c.id != actor.id)
    return list((await conn.execute(query.group_by(a.c.id, a.c.login))).all())


def _recovery_item(row: Row[Any]) -> Item:
    return Item(ON_YOU, RECOVERY, None, row.login, None, row.id, "", "", row.at, False, False)
