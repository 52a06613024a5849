"""How near somebody is to a case, and the question of `core/access.py` asked with it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission, Relation
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import tables as t


async def relation(conn: AsyncConnection, case_id: UUID, account_id: UUID | None) -> Relation:
    """What the account is to the case now."""
    a = t.assignment
    part = select(a.c.part).where(a.c.case_id == case_id, a.c.account_id == account_id, a.c.until.is_(None))
    found = (await conn.execute(part)).scalar_one_or_none()
    if found is not None:
        return Relation(found)
    cover = select(t.cases.c.id).where(t.cases.c.id == case_id, t.cases.c.cover_id == account_id)
    return Relation.COVER if (await conn.execute(cover)).first() else Relation.NONE


async def require(conn: AsyncConnection, actor: Actor, permission: Permission, case_id: UUID) -> None:
    """Raise unless the actor may. Whoever may not even see the case learns nothing: `NotFound`."""
    near = await relation(conn, case_id, actor.id)
    if not access.may(actor, Permission.CASE_SEE, near):
        raise NotFound
    access.require(actor, permission, near)


async def case_of_message(conn: AsyncConnection, message_id: UUID) -> UUID:
    """The case of a message, or `NotFound`."""
    found = (await conn.execute(select(t.message.c.case_id).where(t.message.c.id == message_id))).scalar_one_or_none()
    if found is None:
        raise NotFound
    return UUID(str(found))


async def case_of_participant(conn: AsyncConnection, participant_id: UUID) -> UUID:
    """The case of a participant, or `NotFound`."""
    query = select(t.participant.c.case_id).where(t.participant.c.id == participant_id)
    found = (await conn.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return UUID(str(found))
