"""Cases opened in an emergency: the list for supervisors and auditors, and one of them with its reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission, Relation
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import reader_of
from exchange.store.service import Service
from exchange.store.unit import reading

MOST = 200


@dataclass(frozen=True)
class EmergencyRow:
    """One line. `state`: asked, open, over (ended or run out), declined. No reason in words."""

    id: UUID
    case_id: UUID
    reference: str
    account_id: UUID
    name: str
    kind: str
    state: str
    asked_at: datetime
    opened_at: datetime | None
    until: datetime | None
    ended_at: datetime | None
    second: str


@dataclass(frozen=True)
class EmergencyView:
    """One of them, with what was written, and what the reader may do about it."""

    row: EmergencyRow
    reason: str
    own: bool
    may_decide: bool
    may_end: bool


async def emergencies(service: Service, actor: Actor) -> list[EmergencyRow]:
    """The newest 200, newest first, but those of cases that one is barred from."""
    access.require(actor, Permission.EMERGENCY_LIST)
    e = t.emergency
    query = _query().where(~near.barred(e.c.case_id, actor.id)).order_by(e.c.asked_at.desc()).limit(MOST)
    async with reading(service) as conn:
        return [_row(row) for row in await conn.execute(query)]


async def own_emergencies(service: Service, actor: Actor) -> list[EmergencyRow]:
    """What the actor has open or has asked for, newest first."""
    e = t.emergency
    mine = (e.c.account_id == actor.id, e.c.ended_at.is_(None), ~near.barred(e.c.case_id, actor.id))
    async with reading(service) as conn:
        rows = await conn.execute(_query().where(*mine).order_by(e.c.asked_at.desc()))
        return [found for row in rows if (found := _row(row)).state in ("asked", "open")]


async def emergency_view(service: Service, actor: Actor, emergency_id: UUID) -> EmergencyView:
    """For whoever asked for it, the case's team and supervisors; NotFound for everybody else."""
    e = t.emergency
    async with reading(service) as conn:
        row = (await conn.execute(_query().where(e.c.id == emergency_id))).one_or_none()
        if row is None:
            raise NotFound
        near_to = await near.relation(conn, row.case_id, actor.id)
        own = row.account_id == actor.id and near_to is not Relation.BARRED
        if not own:
            await near.require(conn, actor, Permission.CASE_SEE, row.case_id)
        opener = await reader_of(service, conn, row.case_id)
        shown = _row(row)
        return EmergencyView(
            row=shown,
            reason=opener.open(row.reason_sealed, "emergency.reason", row.id),
            own=own,
            may_decide=shown.state == "asked" and access.may_second_emergency(actor, near_to, row.account_id),
            may_end=shown.state in ("asked", "open")
            and (own or access.may_judge_emergency(actor, near_to, row.account_id)),
        )


async def open_now(conn: AsyncConnection, case_id: UUID) -> list[EmergencyRow]:
    """Who has the case open in an emergency at this moment."""
    e = t.emergency
    rows = await conn.execute(_query().where(e.c.case_id == case_id, e.c.ended_at.is_(None)).order_by(e.c.asked_at))
    return [found for row in rows if (found := _row(row)).state == "open"]


def _query() -> Select[Any]:
    e, who, second = t.emergency, t.account.alias(), t.account.alias()
    columns = (t.cases.c.reference, who.c.display_name, second.c.display_name.label("second"))
    return (
        select(e, *columns, func.now().label("read_at"))
        .join(t.cases, t.cases.c.id == e.c.case_id)
        .join(who, who.c.id == e.c.account_id)
        .join(second, second.c.id == e.c.second_by, isouter=True)
    )


def _row(row: Row[Any]) -> EmergencyRow:
    return EmergencyRow(
        id=row.id,
        case_id=row.case_id,
        reference=row.reference,
        account_id=row.account_id,
        name=row.display_name,
        kind=row.kind,
        state=_state(row),
        asked_at=row.asked_at,
        opened_at=row.opened_at,
        until=row.until,
        ended_at=row.ended_at,
        second=row.second or "",
    )


def _state(row: Row[Any]) -> str:
    if row.opened_at is None:
        return "asked" if row.ended_at is None else "declined"
    return "open" if row.ended_at is None and row.until > row.read_at else "over"
