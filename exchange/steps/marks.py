"""What a facilitator says about a mark (core/leaks.py): left as it is, or to be shown again.

A mark only advises: neither answer approves anything, and no approval waits for one. Which words were left is kept
per message as a hash under the case's key, so that they are known again and cannot be read.
"""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from exchange.core.leaks import LeakKind
from exchange.core.model import Actor
from exchange.steps.reviewer import for_review
from exchange.store import tables as t
from exchange.store.read.marks import keyed
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import unit_of_work


async def leave(service: Service, actor: Actor, message_id: UUID, kind: LeakKind, words: str) -> None:
    """The mark on these words is no more shown for this message."""
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        opener = await opener_of(service, unit.conn, message.case_id)
        row = {"message_id": message.id, "keyed": keyed(opener, message.id, kind, words), "account_id": actor.id}
        await unit.change(insert(t.mark_left).values(**row).on_conflict_do_nothing())
        unit.leaf("mark.left", case=message.case_id, message=message.id, kind=kind)


async def show_again(service: Service, actor: Actor, message_id: UUID, kind: LeakKind, words: str) -> None:
    """The mark on these words is shown again."""
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        opener = await opener_of(service, unit.conn, message.case_id)
        mine = t.mark_left.c.keyed == keyed(opener, message.id, kind, words)
        await unit.change(delete(t.mark_left).where(t.mark_left.c.message_id == message.id, mine))
        unit.leaf("mark.shown_again", case=message.case_id, message=message.id, kind=kind)
