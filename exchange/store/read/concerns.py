"""One concern: what froze, who knows, and the log of decisions. Open to the team and to supervisors."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import Actor, Role
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.names import forms_of_name, staff_names
from exchange.store.sealing import reader_of
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class ConcernView:
    """What a supervisor decides on. `who_knows` are names of staff; `log` is oldest first."""

    concern: Row[Any]
    note: str
    message: Row[Any]
    case: Row[Any]
    author: str
    recipient: str
    who_knows: list[str]
    log: list[tuple[Row[Any], str]]
    staff: dict[UUID, str]


async def concern_view(service: Service, actor: Actor, concern_id: UUID) -> ConcernView:
    """The concern page. What was noted was written for the supervisor, so a supervisor reads it too."""
    async with reading(service) as conn:
        concern = (await conn.execute(select(t.concern).where(t.concern.c.id == concern_id))).one_or_none()
        if concern is None:
            raise NotFound
        await near.require(conn, actor, Permission.CONCERN_RAISE, concern.case_id)
        message = (await conn.execute(select(t.message).where(t.message.c.id == concern.message_id))).one()
        opener = await reader_of(service, conn, concern.case_id)
        names = await forms_of_name(service, conn, [concern.case_id])
        n = t.concern_note
        rows = (await conn.execute(select(n).where(n.c.concern_id == concern_id).order_by(n.c.at))).all()
        return ConcernView(
            concern=concern,
            note=opener.open(concern.note_sealed, "concern.note", concern.id),
            message=message,
            case=(await conn.execute(select(t.cases).where(t.cases.c.id == concern.case_id))).one(),
            author=names[message.author_id],
            recipient=names[message.recipient_id],
            who_knows=await _who_knows(conn, concern),
            log=[(row, opener.open(row.text_sealed, "concern_note.text", row.id)) for row in rows],
            staff=await staff_names(conn),
        )


async def _who_knows(conn: AsyncConnection, concern: Row[Any]) -> list[str]:
    """Whoever raised it, the team, and every supervisor: those to whom the alert goes."""
    a, s = t.account, t.assignment
    team = select(s.c.account_id).where(s.c.case_id == concern.case_id, s.c.until.is_(None))
    told = (a.c.id == concern.raised_by) | a.c.id.in_(team) | a.c.roles.contains([Role.SUPERVISOR.value])
    names = await conn.execute(select(a.c.display_name).where(told, a.c.active).order_by(a.c.display_name))
    return list(names.scalars())
