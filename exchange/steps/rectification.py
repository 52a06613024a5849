"""Somebody says that something held about them is wrong (GDPR Art. 16): asked, answered within a month, kept beside it.

It ends corrected, or with a note of the disagreement that stays with the case. The words of the record itself are
never changed: what was written then stays, what is right is written beside it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict
from exchange.core.model import Actor
from exchange.core.rectification import ABOUT, OUTCOMES
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.names import staff_names
from exchange.store.sealing import opener_of, reader_of
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work

MONTH = timedelta(days=30)
TASK = "rectification"


@dataclass(frozen=True)
class Wrong:
    """One request: what they said, and what came of it ("" while it is open)."""

    row: Row[Any]
    said: str
    answer: str
    by: str


async def ask(service: Service, actor: Actor, participant_id: UUID, about: str, said: str) -> UUID:
    """Write down what the person says is wrong; a task with its date for the team."""
    if about not in ABOUT:
        raise BadInput("Choose what it is about.", field="about")
    if not said.strip():
        raise BadInput("Write down what they say is wrong, and what is right.", field="said")
    row = uuid4()
    async with unit_of_work(service, actor) as unit:
        case_id = await near.case_of_participant(unit.conn, participant_id)
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, case_id)
        opener = await opener_of(service, unit.conn, case_id)
        whose = {"case_id": case_id, "participant_id": participant_id, "due_at": unit.now + MONTH}
        sealed = opener.seal(said.strip(), "rectification.said", row)
        await unit.add(t.rectification, id=row, about=about, said_sealed=sealed, recorded_by=actor.id, **whose)
        await unit.add(t.task, kind=TASK, **whose)
        unit.leaf("rectification.asked", case=case_id, participant=participant_id, request=row, aim=about)
    return row


async def answer(service: Service, actor: Actor, request_id: UUID, outcome: str, words: str) -> UUID:
    """End it: `corrected` with the value that stands now, `note` with the disagreement; the participant's id."""
    if outcome not in OUTCOMES:
        raise BadInput("Choose what comes of it.", field="outcome")
    if not words.strip():
        raise BadInput("Write down what stands now, or on what you do not agree.", field="words")
    r, k = t.rectification, t.task
    async with unit_of_work(service, actor) as unit:
        row = await unit.one(select(r.c.case_id, r.c.participant_id).where(r.c.id == request_id))
        await unit.case(row.case_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, row.case_id)
        opener = await opener_of(service, unit.conn, row.case_id)
        sealed = opener.seal(words.strip(), "rectification.answer", request_id)
        done = {"outcome": outcome, "answer_sealed": sealed, "decided_by": actor.id, "decided_at": func.now()}
        still_open = update(r).where(r.c.id == request_id, r.c.outcome.is_(None))
        if not await unit.change(still_open.values(**done)):
            raise Conflict("This was answered already.")
        left = select(r.c.id).where(r.c.participant_id == row.participant_id, r.c.outcome.is_(None))
        if await unit.maybe(left) is None:
            mine = (k.c.participant_id == row.participant_id, k.c.kind == TASK, k.c.done_at.is_(None))
            await unit.change(update(k).where(*mine).values(done_at=func.now(), done_by=actor.id))
        about = {"case": row.case_id, "participant": row.participant_id, "request": request_id}
        unit.leaf("rectification.answered", outcome=outcome, **about)
    return UUID(str(row.participant_id))


async def of_person(service: Service, actor: Actor, participant_id: UUID) -> list[Wrong]:
    """Everything that this person said is wrong, newest first, for the team."""
    r = t.rectification
    async with reading(service) as conn:
        case_id = await near.case_of_participant(conn, participant_id)
        await near.require(conn, actor, Permission.PERSON_SEE, case_id)
        opener, staff = await reader_of(service, conn, case_id), await staff_names(conn)
        rows = (await conn.execute(select(r).where(r.c.participant_id == participant_id).order_by(r.c.at.desc()))).all()
    return [
        Wrong(
            row,
            opener.open(row.said_sealed, "rectification.said", row.id),
            opener.open(row.answer_sealed, "rectification.answer", row.id),
            staff.get(row.decided_by or row.recorded_by, ""),
        )
        for row in rows
    ]
