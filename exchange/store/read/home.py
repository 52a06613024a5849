"""Needs you now: every message and task that waits for somebody, under its heading (PAGES, rule 25)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor, ActorKind, CaseState, Role, State
from exchange.core.waiting import CONCERNS, DATES, GROUPS, ON_YOU, REFERRALS, TASKS, WAITING
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.due import supervisions
from exchange.store.read.names import forms_of_name
from exchange.store.service import Service
from exchange.store.unit import reading

COVER_AFTER = timedelta(days=2)
MOST, PAGES = 20, 200
WITH_NAMES = (0, 1)  # messages and tasks
SUPERVISION = "supervision_due"
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


class Group(list[Item]):
    """What waits under one heading, the longest waiting first: at most so many, of `total`."""

    total: int = 0


async def needs_you_now(
    service: Service, actor: Actor, *, group: str = "", page: int = 1, most: int = MOST
) -> dict[str, Group]:
    """The home page's groups in order; empty ones are left out. `most` of each group, or that page of one `group`."""
    access.require(actor, Permission.HOME)
    upto = most * max(1, min(page, PAGES))
    async with reading(service) as conn:
        now = (await conn.execute(select(func.now()))).scalar_one()
        queries = _queries(actor)
        found = [[] if query is None else await _first(conn, query, group, upto) for query in queries]
        rows = [(row, place) for place, listed in enumerate(found) for row in listed]
        totals = Counter[str]()
        for listed in found:
            totals.update({row.heading: row.total for row in listed})
        shown = {name: _page(rows, name, upto, most) for name in GROUPS if totals[name]}
        cases = {row.case_id for listed in shown.values() for row, place in listed if place in WITH_NAMES}
        names = await forms_of_name(service, conn, cases)
    groups = {name: Group(_item(row, place, names, now) for row, place in some) for name, some in shown.items()}
    for name, group_ in groups.items():
        group_.total = totals[name]
    return {name: group_ for name, group_ in groups.items() if group_}


async def _first(conn: AsyncConnection, query: Select[Any], group: str, upto: int) -> list[Row[Any]]:
    """The longest waiting of each heading, with how many there are. `query` says `heading` and `since` of each row."""
    q = query.subquery()
    place = func.row_number().over(partition_by=q.c.heading, order_by=(q.c.since, q.c.id)).label("place")
    total = func.count().over(partition_by=q.c.heading).label("total")
    counted = select(*q.c, place, total).subquery()
    wanted = select(counted).where(counted.c.place <= upto)
    return list((await conn.execute(wanted.where(counted.c.heading == group) if group else wanted)).all())


def _page(rows: list[tuple[Row[Any], int]], group: str, upto: int, most: int) -> list[tuple[Row[Any], int]]:
    """The last `most` of the first `upto` of a group, over all kinds of what waits."""
    mine = sorted((one for one in rows if one[0].heading == group), key=lambda one: one[0].since)
    return mine[upto - most : upto]


def _item(row: Row[Any], place: int, names: dict[UUID, str], now: datetime) -> Item:
    if place == 0:
        return _message_item(row, names, now)
    if place == 1:
        return _task_item(row, names, now)
    if place == 2:
        return _due_item(row, now)
    if place == 3:
        return _referral_item(row)
    return _recovery_item(row) if place == 4 else _supervision_item(row)


def _queries(actor: Actor) -> tuple[Select[Any] | None, ...]:
    """What waits, of each kind; None for what is not this actor's."""
    return (
        _messages(actor), _tasks(actor), _assessments(actor), _referrals(actor), _recoveries(actor),
        _supervisions(actor),
    )  # fmt: skip


async def waiting_count(service: Service, account_id: UUID) -> int:
    """How many items wait for this account: what the neutral e-mail says."""
    async with reading(service) as conn:
        row = (await conn.execute(select(t.account.c.roles).where(t.account.c.id == account_id))).one()
        actor = _as_actor(account_id, row.roles)
        queries = _queries(actor)
        counts = [select(func.count()).select_from(query.subquery()) for query in queries if query is not None]
        return sum([int((await conn.execute(count)).scalar_one()) for count in counts])


def _as_actor(account_id: UUID, roles: Iterable[str]) -> Actor:
    return Actor(ActorKind.STAFF, account_id, frozenset(Role(r) for r in roles))


def _mine(actor: Actor) -> Any:
    """Whether the actor is assigned to the case; asked for all cases at once, not for each."""
    a = t.assignment
    return t.cases.c.id.in_(select(a.c.case_id).where(a.c.account_id == actor.id, a.c.until.is_(None)))


def _seen_by(actor: Actor, since: Any, *, at_once: Any = None) -> Any:
    """Mine; or it has waited two days and I am the cover or a supervisor; or it is a concern and I supervise."""
    late = since < func.now() - literal(COVER_AFTER)
    supervisor = literal(Role.SUPERVISOR in actor.roles)
    parts = [_mine(actor), and_(late, or_(t.cases.c.cover_id == actor.id, supervisor))]
    if at_once is not None:
        parts.append(and_(at_once, supervisor))
    return and_(or_(*parts), t.cases.c.id.not_in(near.barred_cases(actor.id)))


def _messages(actor: Actor) -> Select[Any]:
    m, c = t.message, t.cases
    heading = case(*[(m.c.state == s, WAITING[s].group) for s in State if WAITING[s].group], else_=ON_YOU)
    return (
        select(
            *t.plain(m), m.c.state_since.label("since"), heading.label("heading"),
            c.c.reference.label("case_reference"), _mine(actor).label("mine"),
        )
        .join(c, c.c.id == m.c.case_id)
        .where(_shows(), _seen_by(actor, m.c.state_since, at_once=m.c.state == State.CONCERN))
    )  # fmt: skip


def _shows() -> ColumnElement[bool]:
    """A state with a heading shows at once; one that waits for somebody else when its clock has run.

    What the workers cannot make safe (no scanner, no sandbox) shows at once too: somebody must mend it. In a closed
    case nobody waits for anybody, so no clock runs there.
    """
    m = t.message
    waits = {s: WAITING[s] for s in State if WAITING[s].owner != "nobody"}
    late = [
        (m.c.state == s) & (m.c.state_since <= func.now() - literal(timedelta(days=wait.days)))
        for s, wait in waits.items()
        if wait.days is not None and not wait.group
    ]
    stuck = (m.c.state == State.QUARANTINED) & m.c.rejected_code.is_not(None)
    at_once = m.c.state.in_([s for s, wait in waits.items() if wait.group])
    return or_(at_once, stuck, and_(t.cases.c.state == CaseState.OPEN, or_(*late)))


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
    heading = case(*[(k.c.kind == kind, group) for kind, group in TASKS.items()], else_=ON_YOU)
    return (
        select(
            *t.plain(k), k.c.at.label("since"), heading.label("heading"), c.c.reference.label("case_reference"),
            _mine(actor).label("mine"), m.c.author_id, m.c.recipient_id,
        )
        .join(c, c.c.id == k.c.case_id)
        .join(m, m.c.id == k.c.message_id, isouter=True)
        .where(
            k.c.done_at.is_(None),
            or_(k.c.due_at.is_(None), k.c.due_at <= func.now()),
            _seen_by(actor, k.c.at, at_once=or_(at_once, k.c.kind.like("decide_%"))),
        )
    )  # fmt: skip


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
    f, c, a = t.fact, t.cases, t.assignment
    own = select(a.c.case_id).where(a.c.account_id == actor.id, a.c.until.is_(None))
    newest = (
        select(f.c.case_id, f.c.value, f.c.until, f.c.at)
        .where(f.c.kind == "assessment", f.c.case_id.in_(own))
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
    since = func.coalesce(ends, c.c.created_at).label("since")
    return (
        select(c.c.id, c.c.reference, since, literal(DATES).label("heading"))
        .join(newest, newest.c.case_id == c.c.id, isouter=True)
        .where(c.c.state == CaseState.OPEN, soon, c.c.id.in_(own))
    )


def _due_item(row: Row[Any], now: datetime) -> Item:
    late = row.since <= now
    return Item(DATES, "assessment_due", row.id, row.reference, None, None, "", "", row.since, late, False)


def _referrals(actor: Actor) -> Select[Any] | None:
    if not access.may(actor, Permission.REFERRALS):
        return None
    r = t.referral
    heading = literal(REFERRALS).label("heading")
    return select(r.c.id, r.c.reference, r.c.created_at.label("since"), heading).where(r.c.state == "new")


def _referral_item(row: Row[Any]) -> Item:
    return Item(REFERRALS, "referral", None, row.reference, None, row.id, "", "", row.since, False, False)


def _recoveries(actor: Actor) -> Select[Any] | None:
    """Accounts but the actor's own of which a recovery code was used and nobody has looked at that yet."""
    if not access.may(actor, Permission.ADMINISTER):
        return None
    r, a, heading = t.recovery_code, t.account, literal(ON_YOU).label("heading")
    query = select(a.c.id, a.c.login, func.max(r.c.used_at).label("since"), heading).join(r, r.c.account_id == a.c.id)
    query = query.where(r.c.used_at.is_not(None), r.c.seen_at.is_(None), a.c.id != actor.id)
    return query.group_by(a.c.id, a.c.login)


def _recovery_item(row: Row[Any]) -> Item:
    return Item(ON_YOU, RECOVERY, None, row.login, None, row.id, "", "", row.since, False, False)


def _supervisions(actor: Actor) -> Select[Any] | None:
    """Cases whose supervision is due within a week, for supervisors (rule 12)."""
    if not access.may(actor, Permission.SUPERVISE):
        return None
    due = supervisions(actor, within=timedelta(days=7)).subquery()
    return select(due.c.id, due.c.reference, due.c.late, due.c.due_at.label("since"), literal(DATES).label("heading"))


def _supervision_item(row: Row[Any]) -> Item:
    return Item(DATES, SUPERVISION, row.id, row.reference, None, None, "", "", row.since, row.late, False)
