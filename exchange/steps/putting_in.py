"""Who may put something in: staff of the case, or the author through an open visit on a `submit` link."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.access import Permission
from exchange.core.errors import LinkDead, NotAllowed, NotFound, Refused, SessionLocked
from exchange.core.model import Actor, ActorKind, Purpose, State
from exchange.store import near
from exchange.store import tables as t


@dataclass(frozen=True)
class Visitor:
    """The author at work through a link: the link, and the 32-byte key that their uploads' keys lie under.

    The key is derived from the link's or the visit's secret by the caller, never stored, and only has to be
    the same at each visit that goes on with an upload.
    """

    link: UUID
    key: bytes = field(repr=False)


async def submit_link(conn: AsyncConnection, actor: Actor) -> Row[Any]:
    """The `submit` link of a participant's session. `LinkDead` without one, `SessionLocked` if locked."""
    s, link = t.portal_session, t.link
    query: Select[Any] = (
        select(*t.plain(link), s.c.state.label("session_state"))
        .join(s, s.c.link_id == link.c.id)
        .where(s.c.id == actor.session, link.c.participant_id == actor.id, s.c.state != "ended")
        .where(link.c.purpose == Purpose.SUBMIT, link.c.state.in_(("live", "claimed")))
        .where((s.c.until.is_(None)) | (s.c.until > func.now()))
    )
    row: Row[Any] | None = (await conn.execute(query)).one_or_none()
    if actor.kind is not ActorKind.PARTICIPANT or row is None:
        raise LinkDead
    if row.session_state != "open":
        raise SessionLocked
    return row


async def require_in_case(conn: AsyncConnection, actor: Actor, case_id: UUID, author: UUID) -> UUID | None:
    """May the actor put in for this author? The link's id for a visitor, None for staff."""
    if actor.kind is ActorKind.STAFF:
        await near.require(conn, actor, Permission.PUT_IN, case_id)
        return None
    if actor.kind is not ActorKind.PARTICIPANT:
        raise NotAllowed
    link = await submit_link(conn, actor)
    if link.case_id != case_id or actor.id != author:
        raise NotFound
    return UUID(str(link.id))


async def require_message(conn: AsyncConnection, actor: Actor, message: Row[Any]) -> UUID | None:
    """As `require_in_case`, for a message that is being put in; a visitor only for what their link began."""
    link = await require_in_case(conn, actor, message.case_id, message.author_id)
    if link is not None:
        mine = select(t.link.c.id).where(t.link.c.id == link, t.link.c.message_id == message.id)
        if (await conn.execute(mine)).first() is None:
            raise NotFound
    if message.state != State.RECEIVING:
        raise Refused("This has been sent already. Nothing was changed.")
    if link is None and await _comes_from_elsewhere(conn, message.id):
        raise Refused("This comes from where it was put in by mistake. It is here in a few minutes.")
    return link


async def _comes_from_elsewhere(conn: AsyncConnection, message_id: UUID) -> bool:
    """Whether a worker is putting it in (`steps/refiling.py`)."""
    r = t.refiling
    coming = select(r.c.id).where(r.c.to_message == message_id, r.c.ended_at.is_(None))
    return (await conn.execute(coming)).first() is not None
