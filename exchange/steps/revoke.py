"""Taking access away: links die, sessions end, grants go. Used by every step that stops sharing."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, delete, func, select, update

from exchange.core.gate import TRANSITIONS
from exchange.core.model import Event, Purpose, State
from exchange.store import tables as t
from exchange.store.unit import Unit

READING = (Purpose.VIEW, Purpose.PREVIEW)
LIVE = ("live", "claimed")


async def void_decisions(unit: Unit, message: Row[Any]) -> None:
    """A new revision, a return or a retraction voids approval and consents, and so every grant (rule 8)."""
    for table in (t.approval_current, t.share_current, t.receive_current):
        await unit.change(delete(table).where(table.c.message_id == message.id))
    given = t.review.c.decision.in_(("approve", "after"))
    approvals = (t.review.c.message_id == message.id, t.review.c.void_at.is_(None), given)
    await unit.change(update(t.review).where(*approvals).values(void_at=func.now()))
    await end_links(unit, message.id, (*READING, Purpose.DECIDE))


async def end_links(
    unit: Unit, message_id: UUID, purposes: tuple[Purpose, ...], *, participant: UUID | None = None
) -> list[UUID]:
    """Revoke every live link of these purposes for the message, its session and its grants. Their ids.

    Where reading ends, what is under way on the facilitator's own screen or printer ends too.
    """
    mine = [t.link.c.message_id == message_id, t.link.c.purpose.in_(purposes), t.link.c.state.in_(LIVE)]
    if participant is not None:
        mine.append(t.link.c.participant_id == participant)
    found = [row.id for row in await unit.all(select(t.link.c.id).where(*mine).with_for_update())]
    await unit.change(delete(t.grant).where(t.grant.c.message_id == message_id, t.grant.c.link_id.in_(found)))
    await kill_links(unit, found, "revoked")
    if Purpose.VIEW in purposes:
        # also where it is read beside something else: a question, by whoever is writing the answer to it
        g = t.grant
        await unit.change(delete(g).where(g.c.message_id == message_id, g.c.purpose == Purpose.VIEW))
        r = t.release
        under_way = update(r).where(r.c.message_id == message_id, r.c.ended_at.is_(None))
        await unit.change(under_way.values(ended_at=func.now()))
    return found


async def kill_links(unit: Unit, link_ids: list[UUID], state: str) -> None:
    """What a dead link keeps: nothing that could open anything. One that ended before keeps how it ended."""
    if not link_ids:
        return
    k = t.link
    ends = {
        "state": case((k.c.state.in_(LIVE), state), else_=k.c.state),
        "payload": None,
        "secret_sealed": None,
        "ended_at": func.coalesce(k.c.ended_at, func.now()),
    }
    ending = update(k).where(k.c.id.in_(link_ids)).values(**ends)
    for row in await unit.all(ending.returning(k.c.id, k.c.case_id, k.c.message_id)):
        unit.leaf("link.revoked", case=row.case_id, message=row.message_id, link=row.id, reason=state)
    await unit.change(delete(t.grant).where(t.grant.c.link_id.in_(link_ids)))
    ended = {"state": "ended", "payload": None, "private_wrapped": None, "ended_at": func.now()}
    await unit.change(
        update(t.portal_session)
        .where(t.portal_session.c.link_id.in_(link_ids), t.portal_session.c.state != "ended")
        .values(**ended)
    )


async def locked_link(unit: Unit, which: ColumnElement[bool]) -> Row[Any] | None:
    """The link without what is sealed, locked; its case and message before it, in the one order of `store/unit.py`."""
    found = await unit.maybe(select(t.link.c.id, t.link.c.message_id).where(which))
    if found is None:
        return None
    if found.message_id is not None:
        await unit.message(found.message_id)
    return await unit.one(select(*t.plain(t.link)).where(t.link.c.id == found.id).with_for_update())


async def end_link(unit: Unit, link: Row[Any], state: str) -> None:
    """End one locked link. What could be read through it goes back to where a new link can be made.

    A question that was lent to a link for writing is not what that link is about: it moves nothing.
    """
    g = t.grant
    own = g.c.link_id == link.id, g.c.message_id == link.message_id, g.c.purpose == Purpose.VIEW
    read = await unit.maybe(select(g.c.id).where(*own))
    await kill_links(unit, [link.id], state)
    if read is None or link.message_id is None:
        return
    message = await unit.message(link.message_id)
    moved = await move_if(unit, message, Event.LINK_GONE)
    if moved:
        unit.leaf("message.link_gone", case=message.case_id, message=message.id, **moved)
        await old_yes_ends(unit, message.id)


async def old_yes_ends(unit: Unit, message_id: UUID) -> None:
    """After its reading has ended: a yes that its author said before they were named or signed otherwise is over.

    What would be shown next is not what they agreed to (rule 16), so both are asked anew.
    """
    s, c, m, p = t.share_current, t.consent, t.message, t.participant
    said = select(m.c.id).join(s, s.c.message_id == m.c.id).join(c, c.c.id == s.c.consent_id)
    said = said.join(p, p.c.id == m.c.author_id).where(m.c.id == message_id, c.c.at < p.c.named_at)
    if await unit.maybe(said) is None:
        return
    for table in (t.share_current, t.receive_current):
        await unit.change(delete(table).where(table.c.message_id == message_id))
    message = await unit.message(message_id)
    moved = await move_if(unit, message, Event.UNSHARE)
    if moved:
        unit.leaf("message.stopped", case=message.case_id, message=message.id, **moved)


async def move_if(unit: Unit, message: Row[Any], event: Event) -> dict[str, str]:
    """Apply the event where the table has it for this state; otherwise leave the message where it is."""
    if (State(message.state), event) in TRANSITIONS:
        return await unit.move(message, event)
    return {}
