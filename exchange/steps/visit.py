"""A visitor with a link: code, claim, session, lock (DESIGN section 8). Needs no key but the visitor's own.

- A link opens with its secret and the participant's code, by POST. The claim is one atomic UPDATE; the same
  cookie may repeat it (a lost answer burns nothing).
- On the claim, what lay wrapped under the link's secret is wrapped anew under the session's cookie, and the
  link's wrap is destroyed: one-time in the cryptographic sense. `submit`, `decide` and `stop` links keep
  theirs until they are done: each visit asks for secret and code again.
- Wrong codes are counted, and the facilitator hears of them and of dead links that are tried (`steps/alerts.py`).
- Whoever hammers on one link waits for their turn, and takes one connection to the database, not all of them.
- Exit or idleness locks the session; the code opens it again.
"""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

from sqlalchemy import Row, Select, func, select, update

from exchange.core import keys, links
from exchange.core.errors import LinkDead, SessionLocked, SignInNeeded, WaitAWhile
from exchange.core.model import VISITOR, Actor, ActorKind, Purpose
from exchange.steps import alerts
from exchange.steps.links import GRANT, PAYLOAD, about
from exchange.steps.revoke import end_link, locked_link
from exchange.store import tables as t
from exchange.store.facts import policy_of
from exchange.store.failpoints import failpoint
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

PRIVATE = b"exchange/session-private"
ONE_SESSION = (Purpose.VIEW, Purpose.PREVIEW)
_turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()


@dataclass(frozen=True)
class Visit:
    """An open session of a participant. `payload` is what their link carried (names, note, keys)."""

    id: UUID
    link: Row[Any] = field(repr=False)
    payload: dict[str, Any] = field(repr=False)
    key: bytes = field(repr=False)
    is_me: bool | None
    until: datetime | None
    public: bytes | None = field(repr=False, default=None)
    private_wrapped: bytes | None = field(repr=False, default=None)

    @property
    def actor(self) -> Actor:
        """The participant, through this session."""
        return Actor(ActorKind.PARTICIPANT, self.link.participant_id, session=self.id)

    @property
    def purpose(self) -> Purpose:
        """What the link is for."""
        return Purpose(self.link.purpose)

    def private(self) -> bytes:
        """The session's own HPKE private key."""
        return keys.unwrap(self.key, self.private_wrapped or b"", about(self.id, PRIVATE))


async def claim(service: Service, untrusted_secret: str, cookie: str, untrusted_code: str) -> UUID:
    """Open a link with its code. The session's id.

    `LinkDead` for every link that cannot be opened, whatever the reason; `WaitAWhile` after five wrong codes;
    `BadInput` for a wrong code. `cookie` is the random value this browser was given on landing.
    """
    secret = links.parse_secret(untrusted_secret)
    found = links.lookup_hash(secret)
    async with _turns.setdefault(found, asyncio.Lock()):
        if await _is_known_dead(service, found, cookie):
            raise LinkDead
        return await _claim(service, secret, cookie, untrusted_code)


async def _is_known_dead(service: Service, lookup: bytes, cookie: str) -> bool:
    """One look without a lock: no such link, or one that has ended, is not this browser's and was reported before."""
    mine = _sessions_of(t.link.c.id, cookie).exists().label("mine")
    told = alerts.open_task(t.link.c.participant_id, alerts.TRIED).exists().label("told")
    async with reading(service) as conn:
        query = select(t.link.c.state, t.link.c.purpose, mine, told).where(t.link.c.lookup_hash == lookup)
        link = (await conn.execute(query)).first()
    if link is None:
        return True
    may_open = link.state == "live" or (link.state == "claimed" and link.purpose not in ONE_SESSION)
    return not may_open and not link.mine and bool(link.told)


async def _claim(service: Service, secret: str, cookie: str, untrusted_code: str) -> UUID:
    wrong: Exception
    async with unit_of_work(service, VISITOR) as unit:
        link = await _find(unit, secret)
        if link is None:
            raise LinkDead
        again = await _resumable(unit, link, cookie)
        if link.state == "locked" or (again is None and not _open_now(link, unit.now)):
            await alerts.tell_team(unit, link, alerts.TRIED)
            wrong = LinkDead()
        elif link.wait_until is not None and link.wait_until > unit.now:
            wrong = WaitAWhile()
        elif not await _code_fits(unit, link.participant_id, untrusted_code):
            wrong = await alerts.count_wrong(unit, link)
        else:
            if again is not None:
                return await _reopen(unit, link, again)
            return await _take(unit, link, secret, cookie)
    raise wrong


async def load(service: Service, cookie: str | None, session_id: UUID) -> Visit:
    """The visitor's session. `SignInNeeded` if it is not theirs or has ended, `SessionLocked` if locked."""
    if not cookie:
        raise SignInNeeded
    async with reading(service) as conn:
        row = await _session(conn, cookie, session_id)
        if row is None:
            raise SignInNeeded
        if row.state == "locked" or row.idle > service.settings.idle_lock_seconds:
            raise SessionLocked
        if row.idle > min(15, service.settings.idle_lock_seconds // 4):
            touch = update(t.portal_session).where(t.portal_session.c.id == session_id)
            await conn.execute(touch.values(last_used_at=func.now()))
        link = (await conn.execute(select(*t.plain(t.link)).where(t.link.c.id == row.link_id))).one()
    key = links.session_key(cookie)
    payload = json.loads(keys.unwrap(key, row.payload, about(session_id, PAYLOAD)))
    return Visit(session_id, link, payload, key, row.is_me, row.until, row.public, row.private_wrapped)


async def lock(service: Service, cookie: str | None, session_id: UUID) -> None:
    """Exit: lock the session without ending it. Silent if there is none."""
    if not cookie:
        return
    async with unit_of_work(service, VISITOR) as unit:
        row = await _session(unit.conn, cookie, session_id)
        if row is None or row.state != "open":
            return
        await unit.change(update(t.portal_session).where(t.portal_session.c.id == session_id).values(state="locked"))
        unit.leaf("session.locked", session=session_id, link=row.link_id)


async def lock_all(service: Service, cookie: str) -> None:
    """Exit: lock every open session of this browser. Silent if there is none."""
    s = t.portal_session
    async with unit_of_work(service, VISITOR) as unit:
        mine = s.c.cookie_hash == links.session_hash(cookie), s.c.state == "open"
        for row in await unit.all(select(s.c.id, s.c.link_id).where(*mine).with_for_update()):
            await unit.change(update(s).where(s.c.id == row.id).values(state="locked"))
            unit.leaf("session.locked", session=row.id, link=row.link_id)


async def unlock(service: Service, cookie: str | None, session_id: UUID, untrusted_code: str) -> None:
    """The code reopens a locked session."""
    wrong: Exception
    async with unit_of_work(service, VISITOR) as unit:
        row = await _session(unit.conn, cookie, session_id) if cookie else None
        if row is None:
            raise SignInNeeded
        link = await locked_link(unit, t.link.c.id == row.link_id)
        # what was taken back while we waited for the lock stays taken back
        if link is None or await _session(unit.conn, str(cookie), session_id) is None:
            raise SignInNeeded
        if link.state == "locked":
            wrong = LinkDead()
        elif link.wait_until is not None and link.wait_until > unit.now:
            wrong = WaitAWhile()
        elif not await _code_fits(unit, link.participant_id, untrusted_code):
            wrong = await alerts.count_wrong(unit, link)
        else:
            await _reopen(unit, link, session_id)
            return
    raise wrong


async def is_for_me(service: Service, visit: Visit, yes: bool) -> None:
    """This is for me, or not: then everything of this link dies at once and a supervisor hears of it."""
    async with unit_of_work(service, visit.actor) as unit:
        if yes:
            mine = update(t.portal_session).where(t.portal_session.c.id == visit.id)
            await unit.change(mine.values(is_me=True))
            unit.leaf("session.confirmed", session=visit.id, link=visit.link.id)
            return
        link = await locked_link(unit, t.link.c.id == visit.link.id)
        if link is not None:
            await end_link(unit, link, "revoked")
        await alerts.tell_team(unit, visit.link, "not_for_me")


async def ask_for_new_link(service: Service, untrusted_secret: str) -> None:
    """The dead-link page's button: a task for the facilitator if the link ever existed; silent otherwise."""
    try:
        secret = links.parse_secret(untrusted_secret)
    except LinkDead:
        return
    async with unit_of_work(service, VISITOR) as unit:
        link = await _find(unit, secret)
        if link is not None:
            await alerts.tell_team(unit, link, alerts.ASKED)


async def _find(unit: Unit, secret: str) -> Row[Any] | None:
    return await locked_link(unit, t.link.c.lookup_hash == links.lookup_hash(secret))


def _open_now(link: Row[Any], now: datetime) -> bool:
    states = ("live",) if link.purpose in ONE_SESSION else ("live", "claimed")
    return link.state in states and link.payload is not None and (link.expires_at is None or link.expires_at > now)


async def _resumable(unit: Unit, link: Row[Any], cookie: str) -> UUID | None:
    """The session this very browser got from this link, if it still runs."""
    row = await unit.maybe(_sessions_of(link.id, cookie))
    return row.id if row else None


def _sessions_of(link_id: Any, cookie: str) -> Select[Any]:
    s = t.portal_session
    return select(s.c.id).where(
        s.c.link_id == link_id,
        s.c.cookie_hash == links.session_hash(cookie),
        s.c.state != "ended",
        (s.c.until.is_(None)) | (s.c.until > func.now()),
    )


async def _reopen(unit: Unit, link: Row[Any], session_id: UUID) -> UUID:
    """The session is open again, unless it has ended; wrong codes start to count anew."""
    s = t.portal_session
    opened = update(s).where(s.c.id == session_id, s.c.state != "ended")
    if await unit.change(opened.values(state="open", last_used_at=func.now())) != 1:
        raise LinkDead
    await unit.change(update(t.link).where(t.link.c.id == link.id).values(wrong_attempts=0))
    unit.leaf("session.unlocked", session=session_id, link=link.id)
    return session_id


async def _code_fits(unit: Unit, participant_id: UUID, untrusted_code: str) -> bool:
    row = await unit.maybe(select(t.code.c.salt, t.code.c.hash).where(t.code.c.participant_id == participant_id))
    if row is None:
        return False
    return await asyncio.to_thread(links.code_matches, untrusted_code, row.salt, row.hash)


async def _take(unit: Unit, link: Row[Any], secret: str, cookie: str) -> UUID:
    """The claim: one winner, everything wrapped anew under the cookie."""
    one_session = link.purpose in ONE_SESSION
    values: dict[str, Any] = {
        "state": "claimed",
        "wrong_attempts": 0,
        "claimed_at": func.coalesce(t.link.c.claimed_at, func.now()),
        "claimed_by_cookie": links.session_hash(cookie),
        "secret_sealed": None,
    }
    if one_session:
        values["payload"] = None
    states = ("live",) if one_session else ("live", "claimed")
    won = await unit.change(update(t.link).where(t.link.c.id == link.id, t.link.c.state.in_(states)).values(**values))
    if won != 1:
        raise LinkDead
    failpoint("link.won")
    await _end_earlier(unit, link.id)
    case = await unit.one(select(t.cases.c.policy).where(t.cases.c.id == link.case_id))
    until = unit.now + timedelta(days=policy_of(case).window_days)
    session = await _new_session(unit, link, secret, cookie, until)
    await _rewrap(unit, link, secret, cookie, session, until)
    failpoint("link.rewrapped")
    unit.leaf("link.claimed", case=link.case_id, link=link.id, session=session, purpose=link.purpose)
    return session


async def _end_earlier(unit: Unit, link_id: UUID) -> None:
    s = t.portal_session
    ended = {"state": "ended", "payload": None, "private_wrapped": None, "ended_at": func.now()}
    await unit.change(update(s).where(s.c.link_id == link_id, s.c.state != "ended").values(**ended))


async def _new_session(unit: Unit, link: Row[Any], secret: str, cookie: str, until: datetime) -> UUID:
    session, key, pair = uuid4(), links.session_key(cookie), keys.new_case_key()
    carried = keys.unwrap(links.wrap_key(secret), link.payload, about(link.id, PAYLOAD))
    return await unit.add(
        t.portal_session,
        id=session,
        link_id=link.id,
        cookie_hash=links.session_hash(cookie),
        payload=keys.wrap(key, carried, about(session, PAYLOAD)),
        public=pair.public,
        private_wrapped=keys.wrap(key, pair.private, about(session, PRIVATE)),
        until=until,
    )


async def _rewrap(unit: Unit, link: Row[Any], secret: str, cookie: str, session: UUID, until: datetime) -> None:
    """The link's grants become the session's; the wrap under its secret is gone, or stays for the next browser."""
    for grant in await unit.all(select(t.grant).where(t.grant.c.link_id == link.id).with_for_update()):
        under_secret = grant.key_wrapped if grant.form == "link" else grant.key_again
        if under_secret is None:
            continue
        key = keys.unwrap(links.wrap_key(secret), under_secret, about(grant.id, GRANT))
        wrapped = keys.wrap(links.session_key(cookie), key, about(grant.id, GRANT))
        mine = update(t.grant).where(t.grant.c.id == grant.id)
        await unit.change(mine.values(form="session", session_id=session, key_wrapped=wrapped, until=until))


async def _session(conn: Any, cookie: str, session_id: UUID) -> Row[Any] | None:
    s = t.portal_session
    idle = func.extract("epoch", func.now() - s.c.last_used_at).label("idle")
    query = select(s, idle).where(
        s.c.id == session_id,
        s.c.cookie_hash == links.session_hash(cookie),
        s.c.state != "ended",
        (s.c.until.is_(None)) | (s.c.until > func.now()),
    )
    found: Row[Any] | None = (await conn.execute(query)).first()
    return found
