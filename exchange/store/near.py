"""How near somebody is to a case, and the question of `core/access.py` asked with it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Uuid, any_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission, Relation
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import tables as t


async def relation(conn: AsyncConnection, case_id: UUID, account_id: UUID | None) -> Relation:
    """What the account is to the case now. A bar counts before everything else."""
    return _said((await conn.execute(_RELATION, {"case": case_id, "account": account_id})).one())


def _said(row: Row[Any]) -> Relation:
    if row.barred:
        return Relation.BARRED
    if row.part is not None:
        return Relation(row.part)
    if row.covers:
        return Relation.COVER
    return Relation.EMERGENCY if row.emergency else Relation.NONE


async def relations(conn: AsyncConnection, cases: Collection[UUID], account_id: UUID | None) -> dict[UUID, Relation]:
    """As `relation`, for several cases at once."""
    rows = await conn.execute(_RELATIONS, {"cases": list(cases), "account": account_id})
    return {row.id: _said(row) for row in rows}


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


def in_emergency(case_id: Any, account_id: Any) -> ColumnElement[bool]:
    """SQL: whether the account has the case open in an emergency, by the database's clock."""
    e = t.emergency
    live = (e.c.opened_at.is_not(None), e.c.ended_at.is_(None), e.c.until > func.now())
    return select(e.c.id).where(e.c.case_id == case_id, e.c.account_id == account_id, *live).exists()


def _relation(case: Any) -> list[Any]:
    """What `_said` reads, of a case's id or column: statements are made once, so that no text or key is made again."""
    account = bindparam("account", type_=Uuid)
    a, c = t.assignment, t.cases.alias()
    part = select(a.c.part).where(a.c.case_id == case, a.c.account_id == account, a.c.until.is_(None))
    return [
        barred(case, account).label("barred"),
        part.scalar_subquery().label("part"),
        select(c.c.id).where(c.c.id == case, c.c.cover_id == account).exists().label("covers"),
        in_emergency(case, account).label("emergency"),
    ]


_RELATION = select(*_relation(bindparam("case", type_=Uuid)))
_RELATIONS = select(t.cases.c.id, *_relation(t.cases.c.id)).where(
    t.cases.c.id == any_(bindparam("cases", type_=ARRAY(Uuid)))
)


async def require(conn: AsyncConnection, actor: Actor, permission: Permission, case_id: UUID) -> Relation:
    """Raise unless the actor may; else how near they are. Who may not even see the case learns nothing: `NotFound`."""
    near = await relation(conn, case_id, actor.id)
    if not access.may(actor, Permission.CASE_SEE, near):
        raise NotFound
    access.require(actor, permission, near)
    return near


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
