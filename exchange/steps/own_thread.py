"""The thread as a participant may see it: what they sent, and what they were handed and have read (rules 1, 4, 8).

Of their own it says when they sent it and nothing of what became of it. Of the other person's only what is open to
them at this moment: for each the gate is asked as if it were read.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from exchange.core import gate
from exchange.core.gate import Act
from exchange.core.model import Kind, State
from exchange.steps.visit import Visit
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading

UNSENT = (State.RECEIVING, State.ERASED)


@dataclass(frozen=True)
class Entry:
    """One thing: what it is, whether they wrote it, whether it answers something that stands here, and when."""

    kind: Kind
    asks: bool
    never_sent: bool
    mine: bool
    answers: bool
    at: datetime


async def own_thread(service: Service, visit: Visit) -> list[Entry]:
    """Of the visit's person in their case, the oldest first."""
    m, me = t.message, visit.link.participant_id
    mine = (m.c.author_id == me) & m.c.state.not_in(UNSENT)
    theirs = (m.c.recipient_id == me) & (m.c.state == State.OPENED)
    async with reading(service) as conn:
        query = select(*t.plain(m)).where(m.c.case_id == visit.link.case_id, or_(mine, theirs))
        rows = (await conn.execute(query.order_by(m.c.created_at, m.c.id))).all()
        now = (await conn.execute(select(func.now()))).scalar_one()
        open_to_me = {
            row.id
            for row in rows
            if row.author_id != me and gate.explain(Act.RELEASE, await facts.load(conn, row), now).allowed
        }
    shown = [row for row in rows if row.author_id == me or row.id in open_to_me]
    return [
        Entry(
            Kind(row.kind), row.asks, row.never_sent, row.author_id == me, row.answers_id in open_to_me,
            row.created_at if row.author_id == me else row.state_since,
        )
        for row in shown
    ]  # fmt: skip
