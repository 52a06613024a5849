"""The exchange of a case as one thread: every message in its order, with when what became of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import thread
from exchange.core.access import Permission, Relation
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.names import forms_of_name
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class Line:
    """One message: its row, and when it was approved, agreed to, offered and handed over last, None for never."""

    message: Row[Any]
    approved_at: datetime | None
    shared_at: datetime | None
    offered_at: datetime | None
    released_at: datetime | None


@dataclass(frozen=True)
class ThreadView:
    """The thread of a case, or of one person in it (`person`), the oldest first."""

    case: Row[Any]
    relation: Relation
    person: UUID | None
    forms: dict[UUID, str]
    lines: list[Line]
    answers: dict[UUID, list[Row[Any]]]
    questions: list[Row[Any]]


async def thread_view(service: Service, actor: Actor, case_id: UUID, person: UUID | None = None) -> ThreadView:
    """The thread for whoever may see the case; `NotFound` for a person of another one."""
    m = t.message
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
        forms = await forms_of_name(service, conn, [case_id])
        if person is not None and await near.case_of_participant(conn, person) != case_id:
            raise NotFound
        mine = select(*t.plain(m)).where(m.c.case_id == case_id).order_by(m.c.created_at, m.c.id)
        messages = list((await conn.execute(mine)).all())
        released = await _last(conn, t.release, case_id)
        approved = await _last(
            conn, t.review, case_id, (t.review.c.decision == "approve") & t.review.c.void_at.is_(None)
        )
        offered, shared = await _last(conn, t.offer, case_id), await _shared(conn, case_id)
        shown = messages if person is None else thread.of_person(messages, person, released)
        return ThreadView(
            case=(await conn.execute(select(*t.plain(t.cases)).where(t.cases.c.id == case_id))).one(),
            relation=await near.relation(conn, case_id, actor.id),
            person=person,
            forms=forms,
            lines=[
                Line(one, approved.get(one.id), shared.get(one.id), offered.get(one.id), released.get(one.id))
                for one in shown
            ],
            answers=thread.answers_to(messages),
            questions=thread.open_questions(messages),
        )


async def _last(
    conn: AsyncConnection, table: Any, case_id: UUID, which: ColumnElement[bool] | None = None
) -> dict[UUID, datetime]:
    """When the newest row about each message of the case was written."""
    query = select(table.c.message_id, func.max(table.c.at).label("at")).join(t.message)
    query = query.where(t.message.c.case_id == case_id).group_by(table.c.message_id)
    rows = await conn.execute(query if which is None else query.where(which))
    return {row.message_id: row.at for row in rows}


async def _shared(conn: AsyncConnection, case_id: UUID) -> dict[UUID, datetime]:
    """When the author agreed to what is in force."""
    s, c = t.share_current, t.consent
    query = (
        select(s.c.message_id, c.c.at)
        .join(c, c.c.id == s.c.consent_id)
        .join(t.message, t.message.c.id == s.c.message_id)
    )
    rows = await conn.execute(query.where(t.message.c.case_id == case_id))
    return {row.message_id: row.at for row in rows}
