"""Reads what is open in a case (`core/closing.py`), and what was decided about it since it was opened."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.closing import SHARED, Made, Open, What, Word
from exchange.core.diary import Diary
from exchange.core.gate import FINAL
from exchange.core.model import ConsentKind, FactKind, ReleaseWay, State
from exchange.store import facts
from exchange.store import tables as t

LISTED_OTHERWISE = ("own_copy", "decide_own_copy", "copy_ready", "rectification", "decide_appeal", "follow_up_case")
"""Tasks of things that are listed themselves."""


async def still_open(conn: AsyncConnection, case_id: UUID) -> list[Open]:
    """Everything that is open in the case, in the order of `What`."""
    found = [one async for one in _found(conn, case_id)]
    order = list(What)
    return sorted(found, key=lambda one: order.index(one.what))


async def made(conn: AsyncConnection, case_id: UUID) -> dict[tuple[What, UUID], Made]:
    """The newest decision about each thing that no closing has carried out yet."""
    rows = (await conn.execute(newest(case_id))).all()
    return {(What(row.what), row.about): Made(Word(row.word), row.state) for row in rows if row.applied_at is None}


def newest(case_id: UUID) -> Select[Any]:
    """SQL: the newest decision about each thing, whether it was carried out or not; earlier ones never were."""
    d = t.closing_decision
    query: Select[Any] = select(d).where(d.c.case_id == case_id).ext(distinct_on(d.c.what, d.c.about))
    return query.order_by(d.c.what, d.c.about, d.c.number.desc())


async def _found(conn: AsyncConnection, case_id: UUID) -> AsyncIterator[Open]:
    papers = await _papers(conn, case_id)
    for paper in papers:
        yield Open(What.PAPER, paper.id)
    m = t.message
    on_paper = {paper.message_id for paper in papers}
    rows = await conn.execute(select(m.c.id, m.c.state, m.c.never_sent).where(m.c.case_id == case_id))
    for message in rows.all():
        if message.state == State.CONCERN:
            yield Open(What.CONCERN, message.id)
        elif message.state not in FINAL | SHARED and message.id not in on_paper:
            yield Open(What.MESSAGE, message.id, message.state, message.never_sent)
    k = t.task
    waiting = (k.c.case_id == case_id, k.c.done_at.is_(None), k.c.kind.not_in(LISTED_OTHERWISE))
    for task in (await conn.execute(select(k.c.id, k.c.kind).where(*waiting).order_by(k.c.at))).all():
        yield Open(What.TASK, task.id, task.kind)
    for what, table, condition in _RIGHTS:
        about = table.c.message_id if what is What.APPEAL else table.c.id
        for one in (await conn.execute(select(about).where(table.c.case_id == case_id, condition))).scalars().all():
            yield Open(what, one)
    async for one in _of_people(conn, case_id):
        yield one


async def _papers(conn: AsyncConnection, case_id: UUID) -> list[Row[Any]]:
    """What was shown or printed, and nobody said yet what became of it."""
    r, m = t.release, t.message
    query: Select[Any] = select(r.c.id, r.c.message_id).join(m, m.c.id == r.c.message_id).where(m.c.case_id == case_id)
    query = query.where(m.c.state == State.RELEASED, r.c.way != ReleaseWay.LINK, r.c.ended_at.is_(None))
    return list((await conn.execute(query)).all())


_RIGHTS: tuple[tuple[What, Any, Any], ...] = (
    (What.APPEAL, t.appeal, t.appeal.c.decided_at.is_(None)),
    (What.COPY, t.own_copy, t.own_copy.c.ended_at.is_(None)),
    (What.CORRECTION, t.rectification, t.rectification.c.outcome.is_(None)),
    (What.LEGAL_HOLD, t.legal_hold, t.legal_hold.c.lifted_at.is_(None)),
)


async def _of_people(conn: AsyncConnection, case_id: UUID) -> AsyncIterator[Open]:
    """Facts in force, consents in force, and conversations that nobody wrote down."""
    known = await facts.newest_facts(conn, case_id)
    in_force = ((FactKind.HOLD, What.HOLD, "on"), (FactKind.PAUSE, What.PAUSE, "on"),
                (FactKind.CONTACT_ORDER, What.ORDER, "in_force"))  # fmt: skip
    for kind, what, value in in_force:
        row = known.get((None, kind))
        if row is not None and row.value == value:
            yield Open(what, case_id)
    d, p = t.diary, t.participant
    written = (await conn.execute(select(d.c.participant_id, d.c.kind).where(d.c.case_id == case_id).distinct())).all()
    diary = {(row.participant_id, row.kind) for row in written}
    people = (await conn.execute(select(p.c.id).where(p.c.case_id == case_id).order_by(p.c.created_at))).scalars().all()
    for person, decided in (await facts.consents_now(conn, people)).items():
        given = {kind for kind, row in decided.items() if row.given}
        if ConsentKind.TAKE_PART in given and (person, Diary.CLOSING_TALK) not in diary:
            yield Open(What.TALK, person)
        if given & {ConsentKind.TAKE_PART, ConsentKind.BE_ASKED}:
            yield Open(What.CONSENT, person)
    if (None, Diary.OUTCOME) not in diary:
        yield Open(What.OUTCOME, case_id)
