"""A case's diary (`core/diary.py`): what counts now, and what was written before."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.access import READS_INSIDE, Permission
from exchange.core.diary import Diary
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.names import staff_names
from exchange.store.sealing import reader_of
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class Entry:
    """One entry. `words` are opened for the team only."""

    id: UUID
    participant_id: UUID | None
    kind: Diary
    value: str
    words: str
    who: str
    at: Any


async def diary_of(
    service: Service, actor: Actor, case_id: UUID, *, kinds: frozenset[Diary] = frozenset(Diary)
) -> list[Entry]:
    """The entries of these kinds, newest first, for whoever may see the case."""
    async with reading(service) as conn:
        inside = await near.require(conn, actor, Permission.CASE_SEE, case_id) in READS_INSIDE
        opener = await reader_of(service, conn, case_id)
        rows = await _rows(conn, case_id, kinds)
        staff = await staff_names(conn)
    return [
        Entry(
            row.id, row.participant_id, Diary(row.kind), row.value,
            opener.open(row.words_sealed, "diary.words", row.id) if inside else "",
            staff.get(row.recorded_by, ""), row.at,
        )
        for row in rows
    ]  # fmt: skip


def newest(entries: list[Entry]) -> dict[tuple[UUID | None, Diary], Entry]:
    """What counts: the newest entry per (person or None, kind)."""
    return {(one.participant_id, one.kind): one for one in reversed(entries)}


async def _rows(conn: AsyncConnection, case_id: UUID, kinds: frozenset[Diary]) -> list[Row[Any]]:
    d = t.diary
    query = select(d).where(d.c.case_id == case_id, d.c.kind.in_(kinds)).order_by(d.c.number.desc())
    return list((await conn.execute(query)).all())
