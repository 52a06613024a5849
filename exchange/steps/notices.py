"""Notices to participants: what each said is safe, asking for one, stopping one. `steps/notifying.py` sends them.

Asking is a deliberate act of the team, or follows from making a link where policy and the person's recorded wish
both allow that. The rule stands in `core/notices.py`; it is asked here and again at the moment of sending.
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import notices as rule
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, NotFound
from exchange.core.model import Actor, Channel, Policy, Purpose, State
from exchange.core.notices import Facts, Verdict
from exchange.steps import mail, wording
from exchange.steps import settings as service_settings
from exchange.store import near, notices, queue
from exchange.store import tables as t
from exchange.store.facts import policy_of
from exchange.store.notices import About, Wish
from exchange.store.sealing import Opener, opener_of, reader_of
from exchange.store.service import Service
from exchange.store.unit import Unit, now_of, reading, unit_of_work

TASK = "send_notice"
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_NUMBER = re.compile(r"\+?[0-9]{7,15}")


@dataclass(frozen=True)
class Words:
    """A notice exactly as it would be sent."""

    wording: str
    subject: str
    text: str


@dataclass(frozen=True)
class Preview:
    """What would be sent, whether it may be, and from when (in the service's zone)."""

    person: Row[Any]
    means: Channel | None
    words: Words | None
    verdict: Verdict


@dataclass(frozen=True)
class Standing:
    """A person's notices: the verdict about them whatever it is about, their wish, and the history, newest first."""

    wish: Wish | None
    verdict: Verdict
    texts: list[Words]
    policy: Policy
    history: list[Row[Any]] = field(default_factory=list)


async def record_wish(service: Service, actor: Actor, participant_id: UUID, wish: Wish) -> None:
    """Record what the person says is safe. `wish.means` None: no notices. Raises `BadInput` with the field."""
    found = checked(wish)
    row = uuid4()
    async with unit_of_work(service, actor) as unit:
        person = await _person(unit.conn, participant_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, person.case_id)
        opener = await opener_of(service, unit.conn, person.case_id)
        await unit.add(
            t.notice_wish,
            id=row,
            participant_id=person.id,
            means=found.means,
            by_itself=found.by_itself,
            detail_sealed=opener.seal(notices.detail_of(found), notices.COLUMN, row),
            recorded_by=actor.id,
        )
        about = {"case": person.case_id, "participant": person.id}
        if found.means:
            unit.leaf("notice.agreed", channel=found.means, wording=found.words, **about)
        else:
            unit.leaf("notice.declined", **about)


def checked(wish: Wish) -> Wish:
    """The wish, trimmed and whole. Raises `BadInput` with the field."""
    if wish.means is None:
        return Wish(None)
    if wish.means not in rule.MEANS:
        raise BadInput("Choose e-mail, text message or no notices.", field="means")
    address = wish.address.strip() if wish.means is Channel.EMAIL else re.sub(r"[\s()-]", "", wish.address)
    pattern = _EMAIL if wish.means is Channel.EMAIL else _NUMBER
    if not pattern.fullmatch(address) or len(address) > 254:
        raise BadInput("Enter a whole e-mail address or mobile number.", field="address")
    if wish.hours is None or not wish.hours.days or not wish.hours.days <= set(range(7)):
        raise BadInput("Choose at least one day that is safe.", field="days")
    if wish.hours.end.hour and wish.hours.start >= wish.hours.end:
        raise BadInput("The safe time must end after it begins.", field="end")
    if wish.words not in {text.id for text in wording.notices()}:
        raise BadInput("Choose the words that are safe.", field="words")
    return Wish(wish.means, address, wish.hours, wish.words, wish.by_itself)


async def standing(service: Service, actor: Actor, participant_id: UUID) -> Standing:
    """The state of notices and their history, for whoever may see the person."""
    async with reading(service) as conn:
        person = await _person(conn, participant_id)
        await near.require(conn, actor, Permission.PERSON_SEE, person.case_id)
        opener = await reader_of(service, conn, person.case_id)
        wish = await notices.wish_of(conn, opener, person.id)
        facts = await notices.load(conn, opener, person, wish, set_up=await is_set_up(service, wish))
        now = await now_of(conn)
        n = t.notice
        rows = await conn.execute(select(n).where(n.c.participant_id == person.id).order_by(n.c.asked_at.desc()))
        case = (await conn.execute(select(*t.plain(t.cases)).where(t.cases.c.id == person.case_id))).one()
        history = list(rows.all())
    verdict = rule.explain(facts, now.astimezone(service.settings.zone))
    texts = [await words_of(service, text.id, person.language) for text in wording.notices()]
    return Standing(wish, verdict, texts, policy_of(case), history)


async def preview(service: Service, actor: Actor, *, link: UUID | None = None, message: UUID | None = None) -> Preview:
    """What a notice about this link or message would say, and whether and when it may go."""
    async with reading(service) as conn:
        person, about = await _about(conn, actor, link, message)
        opener = await opener_of(service, conn, person.case_id)
        now = await now_of(conn)
        return await _preview(service, conn, opener, person, about, now)


async def ask(
    service: Service,
    actor: Actor,
    *,
    link: UUID | None = None,
    message: UUID | None = None,
    now: datetime | None = None,
) -> UUID:
    """Send a notice about this link or message, now or at the next safe hour. `Refused` where the rule says no.

    `now`: aware; by default the database's clock.
    """
    async with unit_of_work(service, actor) as unit:
        person, about = await _about(unit.conn, actor, link, message)
        # two presses at once are one after the other, so that the second sees the first
        await unit.case(person.case_id)
        opener = await opener_of(service, unit.conn, person.case_id)
        found = await _preview(service, unit.conn, opener, person, about, now or unit.now)
        return await _queue(unit, person.case_id, about, str(found.means), found.verdict.require())


async def by_itself(unit: Unit, person: Row[Any], purpose: Purpose, link: UUID, message: UUID | None) -> None:
    """A link was made: a notice follows if policy and the person's wish allow it. The worker asks if it may go."""
    if purpose is Purpose.STOP:
        return
    w = t.notice_wish
    newest = select(w.c.means, w.c.by_itself).where(w.c.participant_id == person.id)
    wish = await unit.maybe(newest.order_by(w.c.at.desc()).limit(1))
    if wish is None or not wish.by_itself or wish.means is None:
        return
    policy = policy_of(await unit.one(select(t.cases.c.policy).where(t.cases.c.id == person.case_id)))
    if policy.notices_by_itself and policy.notices:
        about = About(person.id, "link", message=message, link=link)
        await _queue(unit, person.case_id, about, wish.means, unit.now, by_staff=False)


async def stop(service: Service, actor: Actor, notice_id: UUID) -> UUID:
    """Do not send a notice that still waits; the participant's id. `Conflict` where it has gone."""
    n = t.notice
    async with unit_of_work(service, actor) as unit:
        row = await unit.one(select(n).where(n.c.id == notice_id))
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, row.case_id)
        mine = update(n).where(n.c.id == notice_id, n.c.state == "waiting")
        if not await unit.change(mine.values(state="stopped", outcome="by_staff", ended_at=func.now())):
            raise Conflict("This notice does not wait any more.")
        unit.leaf("notice.stopped", case=row.case_id, participant=row.participant_id, notice=row.id, reason="by_staff")
    return UUID(str(row.participant_id))


async def words_of(service: Service, wording_id: str, language: str) -> Words:
    """A text with the service's phone number in it; sender's name as subject, for both say nothing."""
    stored = await service_settings.read(service)
    text = " ".join(wording.wording(wording_id, language).paragraphs)
    return Words(wording_id, stored.sender_name, text.replace("{phone}", stored.phone))


async def is_set_up(service: Service, wish: Wish | None) -> bool:
    """Whether the service can send by the means of this wish. For text messages only the worker needs the key."""
    if wish is None or wish.means is Channel.TEXT:
        return wish is not None and bool(service.settings.notify_template)
    return await mail.server_of(service) is not None


async def facts_of(
    service: Service, conn: AsyncConnection, opener: Opener, person: Row[Any], about: About, **more: Any
) -> tuple[Wish | None, Facts]:
    """The person's wish and what the rule must know about this."""
    wish = await notices.wish_of(conn, opener, person.id)
    set_up = await is_set_up(service, wish)
    return wish, await notices.load(conn, opener, person, wish, set_up=set_up, about=about, **more)


async def _preview(
    service: Service, conn: AsyncConnection, opener: Opener, person: Row[Any], about: About, now: datetime
) -> Preview:
    wish, facts = await facts_of(service, conn, opener, person, about)
    verdict = rule.explain(facts, now.astimezone(service.settings.zone))
    words = await words_of(service, wish.words, person.language) if wish and wish.words else None
    return Preview(person, wish.means if wish else None, words, verdict)


async def _about(
    conn: AsyncConnection, actor: Actor, link: UUID | None, message: UUID | None
) -> tuple[Row[Any], About]:
    """Whom and what a notice is about; only for the team."""
    k, m = t.link, t.message
    if link is not None:
        row = (await conn.execute(select(k.c.participant_id, k.c.message_id).where(k.c.id == link))).one_or_none()
        about = About(row.participant_id, "link", row.message_id, link) if row else None
    else:
        row = (await conn.execute(select(*t.plain(m)).where(m.c.id == message))).one_or_none()
        back = row is not None and row.state == State.RETURNED
        whom = (row.author_id if back else row.recipient_id) if row else None
        about = About(whom, "return" if back else "offer", message) if whom else None
    if about is None:
        raise NotFound
    person = await _person(conn, about.participant)
    await near.require(conn, actor, Permission.CASE_CHANGE, person.case_id)
    return person, about


async def _person(conn: AsyncConnection, participant_id: UUID) -> Row[Any]:
    query = select(*t.plain(t.participant)).where(t.participant.c.id == participant_id)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    return row


async def _queue(unit: Unit, case_id: UUID, about: About, means: str, at: datetime, *, by_staff: bool = True) -> UUID:
    row = await unit.add(
        t.notice,
        case_id=case_id,
        participant_id=about.participant,
        message_id=about.message,
        link_id=about.link,
        event=about.event,
        means=means,
        token=secrets.token_hex(16),
        due_at=at,
        **({"asked_by": unit.actor.id} if by_staff else {}),
    )
    about_what = {"participant": about.participant, "message": about.message, "link": about.link}
    unit.leaf("notice.asked", case=case_id, notice=row, channel=means, **about_what)
    await queue.defer_until(unit.conn, TASK, at, notice=str(row))
    return row
