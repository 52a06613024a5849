"""Needs you now: every message and task that waits for somebody, under its heading (PAGES, rule 25)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, bindparam, func, select, true

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor, ActorKind, Role
from exchange.core.referrals import Source
from exchange.core.retention import NOTICE
from exchange.core.waiting import GROUPS
from exchange.store import tables as t
from exchange.store.read.names import forms_of_name
from exchange.store.read.needs import on_the_team, waiting
from exchange.store.service import Service
from exchange.store.together import Together
from exchange.store.unit import reading

MOST, PAGES = 10, 400
SUPERVISION = "supervision_due"
RECOVERY = "recovery_used"
"""A recovery code was used: `reference` is the account's sign-in name, `task_id` its id."""
WEBHOOK = "webhook_stopped"
"""A webhook was stopped: `task_id` is its id."""
PILE = "pile_waits"
"""A scanned pile is there to be put in: `task_id` is its id."""


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
    asks: bool = False


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
        rows = (await conn.execute(_listed(actor, group, upto - most, upto))).all()
        ids = {what: [row.id for row in rows if row.what == what] for what in _ABOUT}
        found = await _DETAILS.read(conn, **ids, who=actor.id)
        told = {(what, one.id): one for what, listed in found.items() for one in listed}
        names = await forms_of_name(service, conn, {one.case_id for what in WITH_NAMES for one in found[what]})
    groups = {name: Group() for name in GROUPS}
    for row in rows:
        groups[row.heading].append(_ABOUT[row.what](row, told[row.what, row.id], names))
        groups[row.heading].total = row.total
    return {name: listed for name, listed in groups.items() if listed}


async def ask_once(service: Service) -> None:
    """Ask for nobody, in each role: the longest statement of the console takes a fifth of a second to compile."""
    for role in Role:
        await needs_you_now(service, Actor(ActorKind.STAFF, uuid4(), frozenset({role})))


def _listed(actor: Actor, group: str, after: int, upto: int) -> Select[Any]:
    """SQL: of each heading the longest waiting but the first `after`, `upto` there, with how many there are in all."""
    all_of_it = waiting(actor).cte("waiting")
    heading = all_of_it.c.heading
    counted = select(heading, func.count().label("total")).group_by(heading)
    totals = (counted.where(heading == group) if group else counted).subquery()
    longest = select(all_of_it).where(heading == totals.c.heading).order_by(all_of_it.c.since, all_of_it.c.id)
    some = longest.offset(after).limit(upto - after).lateral()
    return select(*some.c, totals.c.total).join_from(totals, some, true()).order_by(some.c.since, some.c.id)


async def waiting_count(service: Service, account_id: UUID) -> int:
    """How many items wait for this account: what the neutral e-mail says."""
    async with reading(service) as conn:
        row = (await conn.execute(select(t.account.c.roles).where(t.account.c.id == account_id))).one()
        count = select(func.count()).select_from(waiting(_as_actor(account_id, row.roles)).subquery())
        return int((await conn.execute(count)).scalar_one())


def _as_actor(account_id: UUID, roles: Iterable[str]) -> Actor:
    return Actor(ActorKind.STAFF, account_id, frozenset(Role(r) for r in roles))


def _message(row: Row[Any], about: Row[Any], names: dict[UUID, str]) -> Item:
    people = names.get(about.author_id, ""), names.get(about.recipient_id, "")
    return Item(
        row.heading, about.state, about.case_id, about.case_reference, row.id, None, *people, row.since, row.late,
        not about.mine, about.kind, never_sent=about.never_sent, asks=about.asks,
    )  # fmt: skip


def _task(row: Row[Any], about: Row[Any], names: dict[UUID, str]) -> Item:
    """From and to as its message has them; without a message, the person it is about."""
    person = names.get(about.participant_id, "")
    people = (names.get(about.author_id, ""), names.get(about.recipient_id, "")) if about.message_id else (person, "")
    return Item(
        row.heading, about.kind, about.case_id, about.case_reference, about.message_id, row.id, *people, row.since,
        row.late, not about.mine, participant_id=about.participant_id, person_name=person if about.message_id else "",
    )  # fmt: skip


def _assessment(row: Row[Any], about: Row[Any], _names: dict[UUID, str]) -> Item:
    return _of_case(row, "assessment_due", about)


def _supervision(row: Row[Any], about: Row[Any], _names: dict[UUID, str]) -> Item:
    return _of_case(row, SUPERVISION, about)


def _of_case(row: Row[Any], kind: str, about: Row[Any]) -> Item:
    return Item(row.heading, kind, row.id, about.reference, None, None, "", "", row.since, row.late, False)


def _referral(row: Row[Any], about: Row[Any], _names: dict[UUID, str]) -> Item:
    kind = "referral" if about.source == Source.SELF else "referral_professional"
    return Item(row.heading, kind, None, about.reference, None, row.id, "", "", row.since, row.late, False)


def _referral_due(row: Row[Any], about: Row[Any], _names: dict[UUID, str]) -> Item:
    return Item(row.heading, NOTICE, None, about.reference, None, row.id, "", "", row.since, row.late, False)


def _recovery(row: Row[Any], about: Row[Any], _names: dict[UUID, str]) -> Item:
    return Item(row.heading, RECOVERY, None, about.login, None, row.id, "", "", row.since, row.late, False)


def _webhook(row: Row[Any], _about: Row[Any], _names: dict[UUID, str]) -> Item:
    return Item(row.heading, WEBHOOK, None, "", None, row.id, "", "", row.since, row.late, False)


def _pile(row: Row[Any], _about: Row[Any], _names: dict[UUID, str]) -> Item:
    return Item(row.heading, PILE, None, "", None, row.id, "", "", row.since, row.late, False)


_ABOUT = {
    "message": _message, "task": _task, "assessment": _assessment, "supervision": _supervision,
    "referral": _referral, "referral_due": _referral_due, "recovery": _recovery, "webhook": _webhook,
    "pile": _pile,
}  # fmt: skip
"""How each kind of `needs.waiting` is told."""
WITH_NAMES = ("message", "task")


def _those(table: Any, what: str, *columns: Any) -> Select[Any]:
    """The rows of a table that the page shows."""
    return select(table.c.id, *columns).where(table.c.id == any_(bindparam(what, type_=ARRAY(Uuid))))


def _with_case(query: Select[Any], table: Any) -> Select[Any]:
    mine = on_the_team(bindparam("who", type_=Uuid)).label("mine")
    told = query.add_columns(table.c.case_id, t.cases.c.reference.label("case_reference"), mine)
    return told.join(t.cases, t.cases.c.id == table.c.case_id)


_M, _K = t.message.c, t.task.c
_HOW = (_M.never_sent, _M.asks)
_DETAILS = Together(
    message=_with_case(
        _those(t.message, "message", _M.state, _M.kind, _M.author_id, _M.recipient_id, *_HOW),
        t.message,
    ),
    task=_with_case(
        _those(t.task, "task", _K.kind, _K.message_id, _K.participant_id, _M.author_id, _M.recipient_id), t.task
    ).join(t.message, _M.id == _K.message_id, isouter=True),
    assessment=_those(t.cases, "assessment", t.cases.c.reference),
    supervision=_those(t.cases, "supervision", t.cases.c.reference),
    referral=_those(t.referral, "referral", t.referral.c.reference, t.referral.c.source),
    referral_due=_those(t.referral, "referral_due", t.referral.c.reference),
    recovery=_those(t.account, "recovery", t.account.c.login),
    webhook=_those(t.webhook, "webhook"),
    pile=_those(t.pile, "pile"),
)
