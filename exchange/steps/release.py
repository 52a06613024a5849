"""Release: by link, with me, or printed (DESIGN section 5.5). The gate is asked at the act.

Every way makes a `release` row and a leaf. By link, the data key is wrapped for a fresh link. While consents
hold, a new link is one step. "Sent to the wrong person" revokes at once and says what was seen.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core import gate, keys
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, Refused
from exchange.core.gate import Act, Facts
from exchange.core.model import WORKER, Actor, Channel, Event, Purpose, ReleaseWay, State
from exchange.steps import links
from exchange.steps.offer import note_of, told
from exchange.steps.paper import code_of
from exchange.steps.revoke import end_links, move_if, old_yes_ends
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.sealing import opener_of, seal_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

FOLLOW_UP_DAYS = 2
COPY = ("kept", "returned", "destroyed")


@dataclass(frozen=True)
class Seen:
    """One part that was opened before a revocation, and when last."""

    part: str
    at: Any


async def release_by_link(service: Service, actor: Actor, message_id: UUID, *, channel: Channel) -> links.NewLink:
    """A fresh `view` link. Also "new link": an earlier one that was lost or ran out ends first."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.RELEASE, message.case_id)
        if message.state in (State.RELEASED, State.OPENED, State.LAPSED):
            await _link_gone(unit, message)
            await old_yes_ends(unit, message.id)
            message = await unit.message(message_id)
        known, release = await _release(unit, message, Act.RELEASE, ReleaseWay.LINK)
        opener = await opener_of(service, unit.conn, message.case_id)
        person = await unit.one(select(t.participant).where(t.participant.c.id == message.recipient_id))
        case = await unit.one(select(t.cases).where(t.cases.c.id == message.case_id))
        payload = await told(unit, opener, message, str(known.digest), await note_of(unit, opener, message.id))
        payload |= {"you": links.form_of_name(opener, person)}
        link = await links.make(
            unit,
            opener,
            person,
            Purpose.VIEW,
            payload,
            message=message,
            channel=channel,
            days=facts.policy_of(case).link_days,
        )
        await unit.change(update(t.release).where(t.release.c.id == release).values(link_id=link.id))
        await links.grant_to_link(unit, opener, message, str(known.digest), link, purpose="view", release=release)
        return link


async def present(service: Service, actor: Actor, message_id: UUID, *, who_is_there: str) -> UUID:
    """With me: the facilitator opens it on their own device with the recipient. The release's id."""
    if not who_is_there.strip():
        raise BadInput("Write down who is there.", field="who_is_there")
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.RELEASE, message.case_id)
        _, release = await _release(unit, message, Act.PRESENT, ReleaseWay.WITH_ME, present=who_is_there)
        return release


async def end_presentation(service: Service, actor: Actor, release_id: UUID, *, copy: str) -> None:
    """After `with_me` or `printed`: what happens to the copy (rule 16), one of COPY. `Conflict` once it has ended."""
    if copy not in COPY:
        raise BadInput("Choose what happens to it now.", field="copy")
    async with unit_of_work(service, actor) as unit:
        row = await unit.one(select(t.release).where(t.release.c.id == release_id))
        message = await unit.message(row.message_id)
        await near.require(unit.conn, actor, Permission.CONTENT, message.case_id)
        await end(unit, row, copy)


async def end(unit: Unit, row: Row[Any], copy: str) -> None:
    """The end itself, inside the caller's unit that has locked its message and asked who may. `Conflict` as above."""
    r, message = t.release, await unit.message(row.message_id)
    mine = update(r).where(r.c.id == row.id, r.c.ended_at.is_(None), r.c.way != ReleaseWay.LINK)
    if await unit.change(mine.values(ended_at=func.now(), copy=copy)) != 1:
        raise Conflict("This has ended already. Nothing was changed.")
    moved = await opened(unit, message)
    unit.leaf("release.ended", case=message.case_id, message=message.id, release=row.id, outcome=copy, **moved)


async def print_pack(service: Service, actor: Actor, message_id: UUID) -> UUID:
    """Printed: for custody, or whoever wants paper (rule 20). The release's id; the pages open by it."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.RELEASE, message.case_id)
        _, release = await _release(unit, message, Act.PRINT, ReleaseWay.PRINTED)
        await code_of(unit, await unit.one(select(t.release).where(t.release.c.id == release)))
        return release


async def revoke(service: Service, actor: Actor, message_id: UUID, *, wrong_person: bool = False) -> list[Seen]:
    """Take the reading away now. For a wrong person: what was seen, and a supervisor is told."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.REVOKE, message.case_id)
        seen = await what_was_seen(unit, message.id)
        moved = await _link_gone(unit, message)
        reason = "wrong_person" if wrong_person else "revoked"
        unit.leaf("release.revoked", case=message.case_id, message=message.id, reason=reason, **moved)
        await old_yes_ends(unit, message.id)
        if wrong_person:
            await unit.add(t.task, case_id=message.case_id, message_id=message.id, kind="wrong_person", due_at=unit.now)
        return seen


async def what_was_seen(unit: Unit, message_id: UUID) -> list[Seen]:
    """The parts of this message that visitors opened, newest first, through whatever link they read them."""
    a, p, r, s, k = t.access_leaf, t.part, t.revision, t.portal_session, t.link
    rows = await unit.all(
        select(p.c.name, func.max(a.c.at).label("at"))
        .join(p, p.c.id == a.c.part_id)
        .join(r, r.c.id == p.c.revision_id)
        .join(s, s.c.id == a.c.session_id)
        .join(k, k.c.id == s.c.link_id)
        .where(r.c.message_id == message_id, k.c.purpose != Purpose.PREVIEW)
        .group_by(p.c.name)
        .order_by(func.max(a.c.at).desc())
    )
    return [Seen(row.name, row.at) for row in rows]


async def grant_on_acceptance(service: Service, session_id: UUID, message_id: UUID) -> bool:
    """Worker: the recipient accepted in a `decide` session and may read on at once; the key for that session.

    Asks the gate again; where something is missing nothing is released and the facilitator hands it over.
    """
    async with unit_of_work(service, WORKER) as unit:
        message = await unit.message(message_id)
        s = t.portal_session
        session = await unit.maybe(select(s).where(s.c.id == session_id, s.c.state != "ended").with_for_update())
        if session is None or message.state != State.ACCEPTED:
            return False
        link = await unit.one(select(t.link).where(t.link.c.id == session.link_id))
        if link.message_id != message.id or link.purpose != Purpose.DECIDE:
            return False
        return await _grant_session(unit, service, message, session, link)


async def _grant_session(unit: Unit, service: Service, message: Row[Any], session: Row[Any], link: Row[Any]) -> bool:
    known = await facts.load(unit.conn, message)
    offers = select(t.offer).where(t.offer.c.message_id == message.id).order_by(t.offer.c.at.desc())
    offer = await unit.one(offers.limit(1))
    if not offer.on_acceptance or offer.digest != known.digest:
        return False
    if not gate.explain(Act.RELEASE, known, unit.now).allowed:
        return False
    _, release = await _release(unit, message, Act.RELEASE, ReleaseWay.LINK)
    opener = await opener_of(service, unit.conn, message.case_id)
    key = await links.revision_key(unit, opener, message.id, str(known.digest))
    case = await unit.one(select(t.cases).where(t.cases.c.id == message.case_id))
    grant_id = uuid4()
    await unit.add(
        t.grant,
        id=grant_id,
        purpose="view",
        message_id=message.id,
        digest=known.digest,
        share_message_id=message.id,
        share_digest=known.digest,
        receive_message_id=message.id,
        link_id=link.id,
        session_id=session.id,
        release_id=release,
        form="sealed",
        key_wrapped=keys.seal_to(session.public, key, links.about(grant_id, links.GRANT)),
        until=unit.now + timedelta(days=facts.policy_of(case).window_days),
    )
    unit.leaf("grant.created", message=message.id, digest=known.digest, grant=grant_id, session=session.id)
    return True


async def opened(unit: Unit, message: Row[Any]) -> dict[str, str]:
    """The first opening: state and the follow-up two working days later (DESIGN section 5.5)."""
    first = message.state == State.RELEASED
    moved = await move_if(unit, message, Event.OPEN) if first else {}
    if first:
        due = _working_days_later(unit.now, FOLLOW_UP_DAYS)
        await unit.add(t.task, case_id=message.case_id, message_id=message.id, kind="follow_up", due_at=due)
    return moved


async def _release(
    unit: Unit, message: Row[Any], act: Act, way: ReleaseWay, *, present: str = ""
) -> tuple[Facts, UUID]:
    asker = unit.actor.id
    known = await facts.load(unit.conn, message, asker=asker)
    gate.explain(act, known, unit.now).require()
    moved = await unit.move(message, Event.RELEASE)
    seal = await seal_of(unit.conn, message.case_id)
    release = uuid4()
    await unit.add(
        t.release,
        id=release,
        message_id=message.id,
        digest=known.digest,
        way=way,
        present_sealed=seal.seal(present, "release.present", release) if present else None,
        made_by=asker,
    )
    acts = {
        ReleaseWay.LINK: "release.created",
        ReleaseWay.WITH_ME: "release.presented",
        ReleaseWay.PRINTED: "release.printed",
    }
    unit.leaf(
        acts[way],
        case=message.case_id,
        message=message.id,
        digest=known.digest,
        release=release,
        way=way,
        **await decisions(unit, message.id, str(known.digest)),
        **moved,
    )
    return known, release


async def decisions(unit: Unit, message_id: UUID, digest: str) -> dict[str, Any]:
    """The ids of the approval and the consents in force, for leaves of release and access (DESIGN section 9)."""
    a, s, r = t.approval_current, t.share_current, t.receive_current
    approval = await unit.maybe(select(a.c.review_id).where(a.c.message_id == message_id, a.c.digest == digest))
    share = await unit.maybe(select(s.c.consent_id).where(s.c.message_id == message_id, s.c.digest == digest))
    receive = await unit.maybe(select(r.c.consent_id).where(r.c.message_id == message_id))
    return {
        "approval": approval.review_id if approval else None,
        "consent_share": share.consent_id if share else None,
        "consent_receive": receive.consent_id if receive else None,
    }


async def _link_gone(unit: Unit, message: Row[Any]) -> dict[str, str]:
    if message.state not in (State.RELEASED, State.OPENED, State.LAPSED):
        raise Refused("Nobody can read this message at the moment, so there is nothing to take back.")
    await end_links(unit, message.id, (Purpose.VIEW, Purpose.DECIDE))
    return await unit.move(message, Event.LINK_GONE)


def _working_days_later(start: Any, days: int) -> Any:
    """The same time, that many working days (Monday to Friday) later."""
    day = start
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day
