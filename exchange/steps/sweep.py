"""Time passes: links nobody opened run out, sessions end. Run every few minutes by a worker."""

from sqlalchemy import func, select, update

from exchange.core.model import WORKER, Event, Purpose
from exchange.steps.revoke import kill_links, move_if
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work


async def run_out(service: Service) -> int:
    """End what has run out; how many links. A `view` link nobody opened makes its message `lapsed`."""
    ended = 0
    k = t.link
    async with reading(service) as conn:
        due = (
            await conn.execute(
                select(k.c.id, k.c.message_id, k.c.purpose).where(
                    k.c.state.in_(("live", "claimed")), k.c.claimed_at.is_(None), k.c.expires_at <= func.now()
                )
            )
        ).all()
    for row in due:
        async with unit_of_work(service, WORKER) as unit:
            still = select(k.c.id).where(k.c.id == row.id, k.c.state == "live").with_for_update()
            if await unit.maybe(still) is None:
                continue
            await kill_links(unit, [row.id], "expired")
            if row.message_id is not None and row.purpose == Purpose.VIEW:
                message = await unit.message(row.message_id)
                moved = await move_if(unit, message, Event.LAPSE)
                unit.leaf("link.expired", case=message.case_id, message=message.id, link=row.id, **moved)
            ended += 1
    await _end_sessions(service)
    return ended


async def _end_sessions(service: Service) -> None:
    """A session whose window has closed keeps nothing that opens anything."""
    s = t.portal_session
    over = {"state": "ended", "payload": None, "private_wrapped": None, "ended_at": func.now()}
    async with unit_of_work(service, WORKER) as unit:
        due = [r.id for r in await unit.all(select(s.c.id).where(s.c.state != "ended", s.c.until <= func.now()))]
        if not due:
            return
        await unit.change(t.grant.delete().where(t.grant.c.session_id.in_(due)))
        await unit.change(update(s).where(s.c.id.in_(due)).values(**over))
        unit.leaf("session.ended", count=len(due))
