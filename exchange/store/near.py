"""How near somebody is to a case, and the question of `core/access.py` asked with it."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission, Relation
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import tables as t


async def relation(conn: AsyncConnection, case_id: UUID, account_id: UUID | None) -> Relation:
    """What the account is to the case now. A bar counts before everything else."""
    if (await conn.execute(select(barred(case_id, account_id)))).scalar_one():
        return Relation.BARRED
    a = t.assignment
    part = select(a.c.part).where(a.c.case_id == case_id, a.c.account_id == account_id, a.c.until.is_(None))
    found = (await conn.execute(part)).scalar_one_or_none()
    if found is not None:
        return Relation(found)
    cover = select(t.cases.c.id).where(t.cases.c.id == case_id, t.cases.c.cover_id == account_id)
    if (await conn.execute(cover)).first():
        return Relation.COVER
    emergency = (await conn.execute(select(in_emergency(case_id, account_id)))).scalar_one()
    return Relation.EMERGENCY if emergency else Relation.NONE


async def leads_or_covers(conn: AsyncConnection, account_id: UUID) -> bool:
    """Whether some case would be without a lead or its cover if the account were closed now."""
    a, c = t.assignment, t.cases
    leads = select(a.c.id).where(a.c.account_id == account_id, a.c.until.is_(None), a.c.part == "lead").exists()
    covers = select(c.c.id).where(c.c.cover_id == account_id).exists()
    return bool((await conn.execute(select(or_(leads, covers)))).scalar_one())


def barred(case_id: Any, account_id: Any) -> ColumnElement[bool]:
    """SQL: whether a conflict of interest keeps the account from the case (an id or a column)."""
    b = t.bar
    return select(b.c.id).where(b.c.case_id == case_id, b.c.account_id == account_id, b.c.until.is_(None)).exists()


def barred_cases(account_id: UUID | None) -> Select[tuple[UUID]]:
    """SQL: the cases that a conflict of interest keeps from the account."""
    return select(t.bar.c.case_id).where(t.bar.c.account_id == account_id, t.bar.c.until.is_(None))


def in_emergency(case_id: Any, account_id: UUID | None) -> ColumnElement[bool]:
    """SQL: whether the account has the case open in an emergency, by the database's clock."""
    e = t.emergency
    live = (e.c.opened_at.is_not(None), e.c.ended_at.is_(None), e.c.until > func.now())
    return select(e.c.id).where(e.c.case_id == case_id, e.c.account_id == account_id, *live).exists()


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
