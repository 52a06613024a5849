"""Reads what the rule of notices must know (core/notices.py), as it is at this moment, in this transaction."""

import json
from dataclasses import dataclass, field
from datetime import time
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import gate
from exchange.core.gate import Act
from exchange.core.model import CaseState, Channel, ConsentKind, FactKind, Purpose, State, Status
from exchange.core.notices import Facts, SafeHours
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.sealing import Opener
from exchange.store.unit import now_of

COLUMN = "notice_wish.detail"
ACTS = {Purpose.PREVIEW: Act.PREVIEW, Purpose.DECIDE: Act.OFFER, Purpose.VIEW: Act.RELEASE}
NOT_COUNTED = ("stopped", "failed")
"""States of notices that certainly reached nobody."""


@dataclass(frozen=True)
class Wish:
    """What a person said is safe. `means` None: they want no notices. `words` is the id of a text."""

    means: Channel | None
    address: str = field(default="", repr=False)
    hours: SafeHours | None = None
    words: str = ""
    by_itself: bool = False
    at: Any = None


@dataclass(frozen=True)
class About:
    """What a notice is about: one link, or one message that was offered or sent back (`event`)."""

    participant: UUID
    event: str
    message: UUID | None = None
    link: UUID | None = None


async def wish_of(conn: AsyncConnection, opener: Opener, participant_id: UUID) -> Wish | None:
    """The newest wish, opened; None where nothing was recorded, or the case was erased."""
    w = t.notice_wish
    query = select(w).where(w.c.participant_id == participant_id).order_by(w.c.at.desc()).limit(1)
    row = (await conn.execute(query)).first()
    told = opener.open(row.detail_sealed, COLUMN, row.id) if row else ""
    if row is None or not told:
        return None
    found = json.loads(told)
    hours = SafeHours(frozenset(found["days"]), time(found["start"]), time(found["end"])) if found["days"] else None
    means = Channel(row.means) if row.means else None
    return Wish(means, found["address"], hours, found["words"], row.by_itself, row.at)


def detail_of(wish: Wish) -> str:
    """The JSON that is sealed."""
    days = sorted(wish.hours.days) if wish.hours else []
    start, end = (wish.hours.start.hour, wish.hours.end.hour) if wish.hours else (0, 0)
    told = {"address": wish.address, "days": days, "start": start, "end": end, "words": wish.words}
    return json.dumps(told)


async def load(
    conn: AsyncConnection,
    opener: Opener,
    person: Row[Any],
    wish: Wish | None,
    *,
    set_up: bool,
    about: About | None = None,
    notice: Row[Any] | None = None,
    by_staff: bool = True,
) -> Facts:
    """The facts about a participant's row. Without `about` those of the person and the case alone.

    `notice`: the one that is about to go, which does not count against itself. `set_up`: the service can send so.
    """
    case = (await conn.execute(select(*t.plain(t.cases)).where(t.cases.c.id == person.case_id))).one()
    table = await facts.newest_facts(conn, case.id)
    known = {key: row.value for key, row in table.items()}
    taking_part = (await facts.consents_now(conn, [person.id]))[person.id].get(ConsentKind.TAKE_PART)
    stands, missing = await _item(conn, about, person) if about else (True, ())
    return Facts(
        means=wish.means if wish else None,
        address=bool(wish and wish.address),
        hours=wish.hours if wish else None,
        words=bool(wish and wish.words),
        declined=wish is not None and wish.means is None,
        contact_changed=wish is not None and await _contact_changed(conn, opener, person.id, wish),
        came_back=wish is not None and await _came_back(conn, person.id, wish),
        set_up=set_up or wish is None,
        case_open=case.state == CaseState.OPEN,
        paused=known.get((None, FactKind.PAUSE)) == "on",
        hold=known.get((None, FactKind.HOLD)) == "on" or await _concern(conn, case.id),
        emergency=await _emergency(conn, case.id),
        contact_order=known.get((None, FactKind.CONTACT_ORDER)) == "in_force" and not facts.carved_out(table),
        takes_part=bool(taking_part and taking_part.given),
        status=Status(known.get((person.id, FactKind.STATUS), Status.ACTIVE)),
        custody=person.custody,
        stands=stands,
        gate=missing,
        sent=await _sent(conn, about, notice) if about else 0,
        most=facts.policy_of(case).notices,
        asked_by_staff=by_staff,
        by_itself=bool(wish and wish.by_itself and facts.policy_of(case).notices_by_itself),
    )


async def _contact_changed(conn: AsyncConnection, opener: Opener, participant_id: UUID, wish: Wish) -> bool:
    """Whether safe contact was recorded since and says something else than before: then notices are asked anew too."""
    s = t.safe_contact
    newest = select(s).where(s.c.participant_id == participant_id).order_by(s.c.at.desc()).limit(1)
    before, now = [(await conn.execute(one)).first() for one in (newest.where(s.c.at <= wish.at), newest)]
    if now is None or now.at <= wish.at:
        return False
    if before is None:
        return True
    said = [json.loads(opener.open(row.detail_sealed, "safe_contact.detail", row.id)) for row in (before, now)]
    return bool({**said[0], "asked_at": ""} != {**said[1], "asked_at": ""})


async def _came_back(conn: AsyncConnection, participant_id: UUID, wish: Wish) -> bool:
    """Whether something came back, or was refused for good, since this address was recorded."""
    n = t.notice
    bad = or_(n.c.state == "came_back", and_(n.c.state == "failed", n.c.outcome == "refused"))
    query = select(n.c.id).where(n.c.participant_id == participant_id, n.c.asked_at > wish.at, bad).limit(1)
    return (await conn.execute(query)).first() is not None


async def _concern(conn: AsyncConnection, case_id: UUID) -> bool:
    query = select(t.concern.c.id).where(t.concern.c.case_id == case_id, t.concern.c.ended_at.is_(None)).limit(1)
    return (await conn.execute(query)).first() is not None


async def _emergency(conn: AsyncConnection, case_id: UUID) -> bool:
    """Whether anybody has the case open in an emergency, or asks to."""
    e = t.emergency
    live = or_(e.c.until.is_(None), e.c.until > func.now())
    query = select(e.c.id).where(e.c.case_id == case_id, e.c.ended_at.is_(None), live).limit(1)
    return (await conn.execute(query)).first() is not None


async def _sent(conn: AsyncConnection, about: About, notice: Row[Any] | None) -> int:
    """How many notices about the same thing this person was sent, or is about to be."""
    n = t.notice
    same = n.c.message_id == about.message if about.message else n.c.link_id == about.link
    query = select(func.count()).where(n.c.participant_id == about.participant, same, n.c.state.not_in(NOT_COUNTED))
    if notice is not None:
        query = query.where(n.c.id != notice.id)
    return int((await conn.execute(query)).scalar_one())


async def _item(conn: AsyncConnection, about: About, person: Row[Any]) -> tuple[bool, tuple[str, ...]]:
    """Whether what it is about still stands, and what the gate misses."""
    act = Act.OFFER
    if about.event == "link":
        shown = (
            t.link.c.purpose,
            t.link.c.state,
            t.link.c.participant_id,
            t.link.c.expires_at,
            func.now().label("now"),
        )
        link = (await conn.execute(select(*shown).where(t.link.c.id == about.link))).one()
        over = link.expires_at is not None and link.expires_at <= link.now
        if link.state not in ("live", "claimed") or over or link.participant_id != person.id:
            return False, ()
        if link.purpose == Purpose.SUBMIT and about.message is None:
            return True, ()
        act = ACTS.get(Purpose(link.purpose), Act.SUBMIT)
        if link.purpose == Purpose.STOP:
            return False, ()
    if about.message is None:
        return False, ()
    message = (await conn.execute(select(*t.plain(t.message)).where(t.message.c.id == about.message))).one()
    if about.event != "link":
        wanted = {"offer": (State.OFFERED, message.recipient_id), "return": (State.RETURNED, message.author_id)}
        if (State(message.state), person.id) != wanted[about.event]:
            return False, ()
        act = Act.OFFER if about.event == "offer" else Act.SUBMIT
    known = await facts.load(conn, message)
    now = await now_of(conn)
    return True, tuple(reason.code for reason in gate.explain(act, known, now).reasons)
