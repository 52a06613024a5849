"""Erasure of a message: keys destroyed, texts emptied, objects handed to the reaper; a trace remains (rule 23).

What stays says that something happened, and when, not what it was: states, decisions without their words,
and the record. Whoever frees a message must be a supervisor of the case; a concern must be ended first.
"""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from exchange.core.access import Permission
from exchange.core.model import Actor, Event, Purpose
from exchange.steps.revoke import end_links, void_decisions
from exchange.store import near
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

# Columns that hold words or keys about one message, emptied by erasure.
EMPTIED = (
    (t.revision, {"key_sealed": None, "change_sealed": None}),
    (t.review, {"reason_sealed": None}),
    (t.offer, {"content_note_sealed": None}),
    (t.release, {"present_sealed": None}),
    (t.upload, {"key_sealed": None, "key_wrapped": None, "name_sealed": None}),
    (t.feedback, {"text_sealed": None}),
    (t.consent, {"note_sealed": None}),
)


async def erase_message(service: Service, actor: Actor, message_id: UUID) -> int:
    """Erase one message; how many objects go."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CASE_CLOSE, message.case_id)
        moved = await unit.move(message, Event.ERASE, title_sealed=None)
        await void_decisions(unit, message)
        await end_links(unit, message.id, (Purpose.SUBMIT, Purpose.STOP))
        objects = await _objects(unit, message.id)
        for key in objects:
            gone = insert(t.reap).values(object_key=key, after=unit.now)
            await unit.change(gone.on_conflict_do_update(index_elements=["object_key"], set_={"after": unit.now}))
        for table, values in EMPTIED:
            await unit.change(update(table).where(table.c.message_id == message.id).values(**values))
        await unit.change(t.review_note.delete().where(t.review_note.c.message_id == message.id))
        through = select(t.link.c.id).where(t.link.c.message_id == message.id)
        await unit.change(t.draft.delete().where(t.draft.c.link_id.in_(through)))
        unit.leaf("message.erased", case=message.case_id, message=message.id, count=len(objects), **moved)
        return len(objects)


async def _objects(unit: Unit, message_id: UUID) -> list[str]:
    """Every object of the message: pieces of originals and parts of revisions."""
    pieces = select(t.piece.c.object_key).join(t.upload).where(t.upload.c.message_id == message_id)
    parts = select(t.part.c.object_key).join(t.revision).where(t.revision.c.message_id == message_id)
    return sorted({row.object_key for row in [*await unit.all(pieces), *await unit.all(parts)]})
