"""Who may review a message and change it, asked before every act of that kind."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from exchange.core import gate
from exchange.core.access import Permission
from exchange.store import facts, near
from exchange.store.unit import Unit


async def for_review(unit: Unit, message_id: UUID) -> Row[Any]:
    """The message, locked, for whoever may review and change it now. Raises NotAllowed, NotFound, Refused."""
    message = await unit.message(message_id)
    await near.require(unit.conn, unit.actor, Permission.REVIEW, message.case_id)
    known = await facts.load(unit.conn, message, asker=unit.actor.id)
    gate.explain(gate.Act.REVIEW, known, unit.now).require()
    return message
