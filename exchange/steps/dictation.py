"""A letter that its author said and staff wrote down: how it was given, and that it was read back (DESIGN section 5.5).

What the author wrote with their own hand, or sees through a link or on paper, speaks for itself. What was dictated
is shared only once it was read back to them, word for word; that stands in their consent to share, which the gate
asks for before anything is offered.
"""

from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from exchange.core.errors import BadInput
from exchange.core.model import ActorKind, Given, Method
from exchange.store import tables as t
from exchange.store.unit import Unit

READ_BACK = "read_back"


async def note(unit: Unit, message: Row[Any], given: Given) -> None:
    """Keep how staff were given the words; copied from paper is nothing to keep. A later text takes its place."""
    d = t.dictation
    before = await unit.maybe(select(d.c.given).where(d.c.message_id == message.id))
    if given is Given.PAPER and before is None:
        return
    unit.leaf("message.dictated", case=message.case_id, message=message.id, method=given)
    if given is Given.PAPER:
        await unit.change(delete(d).where(d.c.message_id == message.id))
        return
    values = {"given": given, "account_id": unit.actor.id, "round": message.round}
    kept = insert(d).values(message_id=message.id, **values)
    await unit.change(kept.on_conflict_do_update(index_elements=[d.c.message_id], set_=values))


async def require_read_back(unit: Unit, message: Row[Any], method: Method, *, read_back: bool) -> None:
    """BadInput where staff record an agreement to share what was dictated and not read back."""
    if unit.actor.kind is not ActorKind.STAFF or method is Method.PAPER or read_back:
        return
    d = t.dictation
    dictated = select(d.c.given).where(d.c.message_id == message.id, d.c.round == message.round)
    if await unit.maybe(dictated) is not None:
        raise BadInput("They said it and you wrote it down: read it back to them, word for word.", field=READ_BACK)
