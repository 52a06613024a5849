"""A threat, a new crime, a safeguarding matter: freeze, tell a supervisor, decide on record.

Raising it stops everything about this message at once and tells no participant. Nothing is erased. Only a
supervisor's recorded decision ends it.
"""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict
from exchange.core.model import Actor, Event
from exchange.steps.appeals import must_be_told
from exchange.steps.revoke import void_decisions
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work


async def raise_concern(service: Service, actor: Actor, message_id: UUID, *, kind: str, note: str) -> UUID:
    """Freeze the message and its original. `kind`: threat, new_crime, safeguarding, other."""
    if not note.strip():
        raise BadInput("Say what you saw or heard, so that a supervisor can act.", field="note")
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CONCERN_RAISE, message.case_id)
        return await freeze(unit, message, kind, note)


async def freeze(unit: Unit, message: Row[Any], kind: str, note: str) -> UUID:
    """Stop everything about a locked message, within the caller's unit that has asked for the right; the concern."""
    row = uuid4()
    moved = await unit.move(message, Event.RAISE_CONCERN, state_before=message.state)
    await void_decisions(unit, message)
    opener = await opener_of(unit.service, unit.conn, message.case_id)
    await unit.add(
        t.concern,
        id=row,
        case_id=message.case_id,
        message_id=message.id,
        raised_by=unit.actor.id,
        kind=kind,
        note_sealed=opener.seal(note, "concern.note", row),
    )
    unit.leaf("concern.raised", case=message.case_id, message=message.id, concern=row, reason=kind, **moved)
    await unit.defer("notify_concern", concern=row)
    return row


async def add_note(service: Service, actor: Actor, concern_id: UUID, *, text: str) -> None:
    """A line of the decision log."""
    if not text.strip():
        raise BadInput("Write the note first.", field="text")
    async with unit_of_work(service, actor) as unit:
        concern = await unit.one(select(t.concern).where(t.concern.c.id == concern_id))
        await near.require(unit.conn, actor, Permission.CONCERN_RAISE, concern.case_id)
        await log(unit, concern.case_id, concern_id, text)
        unit.leaf("concern.noted", case=concern.case_id, concern=concern_id)


async def end_concern(service: Service, actor: Actor, concern_id: UUID, *, outcome: str, note: str) -> None:
    """A supervisor's decision: `continue` (back to review) or `withhold`. A withdrawal made meanwhile counts.

    Withheld, its author is told and may appeal like after a review (rule 21); who took it back waits for nothing.
    """
    if outcome not in ("continue", "withhold") or not note.strip():
        raise BadInput("Choose what happens now, and write down why.", field="note")
    async with unit_of_work(service, actor) as unit:
        concern = await unit.one(select(t.concern).where(t.concern.c.id == concern_id))
        message = await unit.message(concern.message_id)
        await near.require(unit.conn, actor, Permission.CONCERN_END, message.case_id)
        if (await unit.one(select(t.concern.c.ended_at).where(t.concern.c.id == concern_id))).ended_at is not None:
            raise Conflict("This was decided already. Nothing was changed.")
        await not_on_its_way(unit, concern_id)
        event = Event.END_CONCERN if outcome == "continue" else Event.END_CONCERN_WITHHELD
        moved = await unit.move(message, event)
        ended = {"ended_at": func.now(), "ended_by": actor.id, "outcome": outcome}
        await unit.change(update(t.concern).where(t.concern.c.id == concern_id).values(**ended))
        await log(unit, message.case_id, concern_id, note)
        unit.leaf(
            "concern.ended", case=message.case_id, message=message.id, concern=concern_id, outcome=outcome, **moved
        )
        if message.withdrawn_at is None and outcome == "withhold":
            await must_be_told(unit, message)
        if message.withdrawn_at is not None:
            moved = await unit.move(await unit.message(message.id), Event.WITHDRAW)
            unit.leaf("message.withdrawn", case=message.case_id, message=message.id, **moved)


async def not_on_its_way(unit: Unit, concern_id: UUID) -> None:
    """`Conflict` while what it is about is being moved to where it belongs."""
    r = t.refiling
    if await unit.maybe(select(r.c.id).where(r.c.concern_id == concern_id, r.c.ended_at.is_(None))) is not None:
        raise Conflict("It is being moved to the right place this moment. Look again in a few minutes.")


async def log(unit: Unit, case_id: UUID, concern_id: UUID, text: str) -> None:
    """A line of the decision log, within the caller's unit."""
    opener = await opener_of(unit.service, unit.conn, case_id)
    row = uuid4()
    await unit.add(
        t.concern_note,
        id=row,
        concern_id=concern_id,
        account_id=unit.actor.id,
        text_sealed=opener.seal(text, "concern_note.text", row),
    )
