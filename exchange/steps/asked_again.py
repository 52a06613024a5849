"""After a restore: what people asked for, and what was stopped or written down, since the backup.

Its words are in no leaf, so each becomes a task of the case's team: ask them again. What the backup knows nothing of
at all (a case, a self-referral, an account) is counted for whoever restores.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from exchange.core.model import OPERATOR, CaseState
from exchange.core.since import Ask, Since
from exchange.core.since_acts import MESSAGE, PERSON
from exchange.steps.restored import is_there
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work


@dataclass(frozen=True)
class Asked:
    """How many tasks there are now; by the references of cases, how many people must be looked at."""

    tasks: int
    people: dict[str, int] = field(default_factory=dict)


async def tasks(service: Service, since: Since) -> Asked:
    """One task for each thing; an open one of the same kind about the same is not made twice."""
    made, people = 0, Counter[UUID]()
    async with unit_of_work(service, OPERATOR) as unit:
        for ask in since.asks.values():
            found = await _known(unit, ask)
            if found is None:
                continue
            new = await _put(unit, ask.kind, found)
            made += new
            people[found["case_id"]] += new and ask.kind == PERSON
        unit.leaf("service.done_again", count=made)
    return Asked(made, await _references(service, people))


async def _known(unit: Unit, ask: Ask) -> dict[str, Any] | None:
    """What the task is about, as far as the backup knows it; None where it knows not even the case."""
    known: dict[str, Any] = {}
    for name, table, row in (
        ("message_id", t.message, ask.message),
        ("participant_id", t.participant, ask.participant),
        ("account_id", t.account, ask.account),
    ):
        known[name] = row if row is not None and await is_there(unit, table, row) else None
    m = t.message
    about = await unit.maybe(select(m.c.case_id, m.c.author_id).where(m.c.id == known["message_id"]))
    known["case_id"] = about.case_id if about is not None else ask.case
    if ask.kind == MESSAGE and about is not None:
        known["participant_id"] = about.author_id
    elif ask.kind == MESSAGE and known["participant_id"] is None:
        return None  # what was sent of a message that the backup does not know was said when it was begun
    open_ = (t.cases.c.id == known["case_id"], t.cases.c.state != CaseState.ERASED)
    return known if await unit.maybe(select(t.cases.c.id).where(*open_)) is not None else None


async def _put(unit: Unit, kind: str, about: dict[str, Any]) -> bool:
    k = t.task
    same = (k.c[name].is_not_distinct_from(value) for name, value in about.items())
    if await unit.maybe(select(k.c.id).where(k.c.kind == kind, k.c.done_at.is_(None), *same)) is not None:
        return False
    task = await unit.add(k, kind=kind, due_at=unit.now, **about)
    named = {name: about[f"{name}_id"] for name in ("case", "message", "participant")}
    unit.leaf("task.added", task=task, kind=kind, **named)
    return True


async def _references(service: Service, people: Counter[UUID]) -> dict[str, int]:
    c = t.cases
    async with reading(service) as conn:
        rows = (await conn.execute(select(c.c.id, c.c.reference).where(c.c.id.in_(+people)))).all()
    return {row.reference: people[row.id] for row in rows}
