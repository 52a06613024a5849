"""Taking access away: links die, sessions end, grants go. Used by every step that stops sharing."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, update

from exchange.core.gate import TRANSITIONS
from exchange.core.model import Event, Purpose, State
from exchange.store import tables as t
from exchange.store.unit import Unit

READING = (Purpose.VIEW, Purpose.PREVIEW)


async def void_decisions(unit: Unit, message: Row[Any]) -> None:
    """A new revision, a return or a retraction voids approval and consents, and so every grant (rule 8)."""
    for table in (t.approval_current, t.share_current, t.receive_current):
        await unit.change(delete(table).where(table.c.message_id == message.id))
    approvals = (t.review.c.message_id == message.id, t.review.c.void_at.is_(None), t.review.c.decision == "approve")
    await unit.change(update(t.review).where(*approvals).values(void_at=func.now()))
    await end_links(unit, message.id, (*READING, Purpose.DECIDE))


async def end_links(
    unit: Unit, message_id: UUID, purposes: tuple[Purpose, ...], *, participant: UUID | None = None
) -> list[UUID]:
    """Revoke every live link of these purposes for the message, its session and its grants. Their ids."""
    mine = [t.link.c.message_id == message_id, t.link.c.purpose.in_(purposes), t.link.c.state.in_(("live", "claimed"))]
    if participant is not None:
        mine.append(t.link.c.participant_id == participant)
    found = [row.id for row in await unit.all(select(t.link.c.id).where(*mine).with_for_update())]
    await unit.change(delete(t.grant).where(t.grant.c.message_id == message_id, t.grant.c.link_id.in_(found)))
    await kill_links(unit, found, "revoked")
    return found


async def kill_links(unit: Unit, link_ids: list[UUID], state: str) -> None:
    """What a dead link keeps: nothing that could open anything."""
    if not link_ids:
        return
    ends = {"state": state, "payload": None, "secret_sealed": None, "ended_at": func.now()}
    await unit.change(update(t.link).where(t.link.c.id.in_(link_ids)).values(**ends))
    await unit.change(delete(t.grant).where(t.grant.c.link_id.in_(link_ids)))
    ended = {"state": "ended", "payload": None, "private_wrapped": None, "ended_at": func.now()}
    await unit.change(
        update(t.portal_session)
        .where(t.portal_session.c.link_id.in_(link_ids), t.portal_session.c.state != "ended")
        .values(**ended)
    )
    for link_id in link_ids:
        unit.leaf("link.revoked", link=link_id, reason=state)


async def move_if(unit: Unit, message: Row[Any], event: Event) -> dict[str, str]:
    """Apply the event where the table has it for this state; otherwise leave the message where it is."""
    if (State(message.state), event) in TRANSITIONS:
        return await unit.move(message, event)
    return {}
