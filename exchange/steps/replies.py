"""A reply on paper finds its case by the code on its sheet (rule 20).

For whoever may put in for that case the answer is begun: from the one who was handed the pack to the one who wrote
it, and then it goes the way of every letter. Of another team's case nothing is told but that its team now knows.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from exchange.core import access, packs
from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import Actor, Kind, State
from exchange.steps import intake
from exchange.store import near
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

TASK = "reply_came"
NOT_OURS = "No sheet with this code went out from here. Look at the sheet again."


async def begin_reply(service: Service, actor: Actor, untrusted_code: str) -> UUID | None:
    """Begin the answer to what was printed with this code; the message's id, the same while it is being put in.

    None for a case whose pages the actor may not put in: its team has a task now. Raises BadInput for what is no
    code of ours, `Refused` with the reasons of the gate.
    """
    access.require(actor, Permission.CASE_OPEN)
    code = packs.checked(untrusted_code)
    async with unit_of_work(service, actor) as unit:
        printed = await _printed(unit, code)
        relation = await near.relation(unit.conn, printed.case_id, actor.id)
        if not access.may(actor, Permission.PUT_IN, relation):
            await tell_the_team(unit, printed, TASK)
            return None
        begun = await _under_way(unit, printed)
    if begun is not None:
        return begun
    return await intake.begin_message(
        service, actor, printed.case_id, author=printed.recipient_id, recipient=printed.author_id, kind=Kind.LETTER,
        answers=printed.id,
    )  # fmt: skip


async def went_out(unit: Unit, code: str) -> Row[Any] | None:
    """The message that went out under this code, with the state of its case; None where none did."""
    m, p, c = t.message, t.printed_pack, t.cases
    query = select(m.c.id, m.c.case_id, m.c.author_id, m.c.recipient_id, c.c.state.label("case_state"))
    query = query.join(p, p.c.message_id == m.c.id).join(c, c.c.id == m.c.case_id)
    return await unit.maybe(query.where(p.c.code == code))


async def _printed(unit: Unit, code: str) -> Row[Any]:
    row = await went_out(unit, code)
    if row is None:
        raise BadInput(NOT_OURS, field="code")
    return row


async def _under_way(unit: Unit, printed: Row[Any]) -> UUID | None:
    """What the same person has begun to put in as an answer and not sent yet."""
    m = t.message
    mine = (m.c.answers_id == printed.id) & (m.c.put_in_by == unit.actor.id) & (m.c.state == State.RECEIVING)
    row = await unit.maybe(select(m.c.id).where(mine).order_by(m.c.created_at).limit(1))
    return UUID(str(row.id)) if row else None


async def tell_the_team(unit: Unit, printed: Row[Any], kind: str, **told: Any) -> None:
    """One open task of its kind however often the code is tried or scanned; `told`: ids for the record."""
    k = t.task
    waits = select(k.c.id).where(k.c.message_id == printed.id, k.c.kind == kind, k.c.done_at.is_(None)).limit(1)
    if await unit.maybe(waits) is None:
        await unit.add(k, case_id=printed.case_id, message_id=printed.id, kind=kind, due_at=unit.now)
        unit.leaf("reply.handed_on", case=printed.case_id, message=printed.id, **told)
