"""The thread as a participant may see it: what they sent, and what they were handed and have read (rules 1, 4, 8).

Of their own it says when they sent it and nothing of what became of it. Of the other person's only what is open to
them at this moment: for each the gate is asked as if it were read.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from exchange.core import alone, gate
from exchange.core.gate import Act, Facts
from exchange.core.model import Kind, State
from exchange.steps.visit import Visit
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.parts import facts_of_parts
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
        known = {row.id: await facts.load(conn, row) for row in rows if row.author_id != me}
        open_to_me = {one: str(found.digest) for one, found in known.items() if _may_read(found, now)}
        parts = await facts_of_parts(conn, open_to_me.values())
    translations = {digest for digest, told in parts.items() if alone.is_alone(told)}
    return [
        Entry(
            alone.kind_told(Kind(row.kind), alone=open_to_me.get(row.id) in translations), row.asks, row.never_sent,
            row.author_id == me, row.answers_id in open_to_me,
            row.created_at if row.author_id == me else row.state_since,
        )
        for row in rows
        if row.author_id == me or row.id in open_to_me
    ]  # fmt: skip


def _may_read(known: Facts, now: datetime) -> bool:
    return gate.explain(Act.RELEASE, known, now).allowed
