"""Supervision: a supervisor goes through a case with its team, and records that (rule 12: at least every 12 weeks).

How often is the case's policy (`supervision_days`, None for never). When it is due stands in `store/read/due.py`.
"""

from uuid import UUID, uuid4

from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import unit_of_work

LONGEST = 10_000


async def hold(service: Service, actor: Actor, case_id: UUID, *, note: str) -> UUID:
    """Record that it was held now, by the actor; its id. The note is for the team and for supervisors."""
    if not note.strip():
        raise BadInput("Write what you talked about and what was agreed.", field="note")
    row = uuid4()
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.FACT_SUPERVISED, case_id)
        opener = await opener_of(service, unit.conn, case_id)
        sealed = opener.seal(note.strip()[:LONGEST], "supervision.note", row)
        await unit.add(t.supervision, id=row, case_id=case_id, account_id=actor.id, note_sealed=sealed)
        unit.leaf("supervision.held", case=case_id, supervisor=actor.id)
    return row
