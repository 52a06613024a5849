"""Time passes: sessions end, links nobody opened or came back to run out. Run every few minutes by a worker."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update

from exchange.core.model import WORKER, Event, Purpose
from exchange.steps.revoke import LIVE, kill_links, locked_link, move_if
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work


async def run_out(service: Service) -> int:
    """End what has run out; how many links. A `view` link nobody read through makes its message `lapsed`."""
    await _end_sessions(service)
    async with reading(service) as conn:
        due = list((await conn.execute(_due())).scalars())
    ended = 0
    for link_id in due:
        async with unit_of_work(service, WORKER) as unit:
            ended += await _run_out(unit, link_id)
    return ended


def _due() -> Select[Any]:
    """Links past their date through which nobody has a session under way."""
    k, s = t.link, t.portal_session
    in_use = select(s.c.id).where(s.c.link_id == k.c.id, s.c.state != "ended").exists()
    return select(k.c.id).where(k.c.state.in_(LIVE), k.c.expires_at <= func.now(), ~in_use)


async def _run_out(unit: Unit, link_id: UUID) -> bool:
    link = await locked_link(unit, t.link.c.id == link_id)
    if link is None or await unit.maybe(_due().where(t.link.c.id == link_id)) is None:
        return False
    await kill_links(unit, [link_id], "expired")
    if link.message_id is not None and link.purpose == Purpose.VIEW:
        message = await unit.message(link.message_id)
        moved = await move_if(unit, message, Event.LAPSE)
        unit.leaf("link.expired", case=message.case_id, message=message.id, link=link_id, **moved)
    return True


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
