"""Listening to a video whose picture is still being made: the worker keeps its sound, the team hears it and notes.

It is no version: it has no digest, nobody can approve, agree to or release it, and it goes with the statement in which
the message leaves quarantine. Notes that were made meanwhile move on to the version that comes. Each opening leaves a
leaf in the record before the first byte.
"""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, select, update

import media
from exchange.core import gate, keys, places
from exchange.core.access import Permission
from exchange.core.errors import BadInput, ExchangeError, NotFound
from exchange.core.gate import Act
from exchange.core.model import WORKER, Actor, State
from exchange.steps.freshness import require_fresh
from exchange.steps.view import NO_GRANT, RENEW, Opened, last_leaf, moved_at, note_leaf
from exchange.store import facts, near, parts
from exchange.store import tables as t
from exchange.store.parts import PartReader, part_context, part_key
from exchange.store.reaper import to_reap
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work
from exchange.store.watch import Stream


def noted_under(round_: int) -> str:
    """What a note names instead of a digest until there is one."""
    return f"early-{round_}"


async def keep(service: Service, opener: Opener, message: Row[Any], sound: media.Part) -> None:
    """Worker: seal the sound and offer it, in place of one that an earlier run made. Nothing where it is too late."""
    row, key = uuid4(), keys.new_data_key()
    named = part_key(row, sound.name)
    await parts.announce(service, [named])
    bound = part_context(message.case_id, message.id, row, sound.name)
    size, _ = await parts.put_file(service.objects, named, key, bound, sound.path)
    async with unit_of_work(service, WORKER) as unit:
        now = await unit.message(message.id)
        if now.state != State.QUARANTINED or now.round != message.round:
            return
        await parts.own(unit.conn, [named])
        for gone in await unit.all(
            delete(t.early).where(t.early.c.message_id == message.id).returning(t.early.c.object_key)
        ):
            await to_reap(unit, gone.object_key)
        await unit.add(
            t.early,
            id=row,
            message_id=message.id,
            round=message.round,
            name=sound.name,
            media_type=sound.media_type,
            size=size,
            object_key=named,
            key_sealed=opener.seal_key(key, "early.key", row),
        )
        unit.leaf("early.made", case=message.case_id, message=message.id, size=size)


async def open_for_staff(service: Service, actor: Actor, message_id: UUID) -> Opened:
    """The sound, for the case team. `NotFound` where there is none (any more); asked again at every range."""
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        message = await unit.message(message_id)
        row = await _may_hear(unit, message)
        await _leaf(unit, message, row)
        at, opener = await moved_at(unit, message), await opener_of(service, unit.conn, message.case_id)
        key = opener.open_key(row.key_sealed, "early.key", row.id)

    async def ask() -> bool:
        try:
            async with unit_of_work(service, actor) as again:
                now = await again.one(select(*t.plain(t.message)).where(t.message.c.id == message_id))
                return bool((await _may_hear(again, now)).id == row.id)
        except ExchangeError:
            return False

    reader = PartReader(service, row, message.case_id, message.id, key)
    return Opened(row, reader, Stream(message.case_id, None, None, ask, at))


async def note(service: Service, actor: Actor, message_id: UUID, *, text: str, place: dict[str, Any]) -> None:
    """A note of the team at a time of the sound."""
    if not text.strip():
        raise BadInput("Write the note first.", field="text")
    place, row = places.checked(place), uuid4()
    if set(place) - {"seconds"}:
        raise BadInput("This version has no such place.", field="place")
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.REVIEW, message.case_id)
        await _may_hear(unit, message)
        opener = await opener_of(service, unit.conn, message.case_id)
        await unit.add(
            t.review_note,
            id=row,
            message_id=message.id,
            digest=noted_under(message.round),
            account_id=actor.id,
            place=place,
            text_sealed=opener.seal(text, "review_note.text", row),
        )
        unit.leaf("review.noted", case=message.case_id, message=message.id)


async def move_notes(unit: Unit, message: Row[Any], digest: str) -> None:
    """What was noted meanwhile is about the first version of this round."""
    n = t.review_note
    mine = (n.c.message_id == message.id) & (n.c.digest == noted_under(message.round))
    await unit.change(update(n).where(mine).values(digest=digest))


async def _may_hear(unit: Unit, message: Row[Any]) -> Row[Any]:
    await near.require(unit.conn, unit.actor, Permission.CONTENT, message.case_id)
    known = await facts.load(unit.conn, message, asker=unit.actor.id)
    gate.explain(Act.REVIEW, known, unit.now).require()
    e = t.early
    mine = (e.c.message_id == message.id) & (e.c.round == message.round)
    row = await unit.maybe(select(e, e.c.id.label("sealed_in")).where(mine))
    if row is None or message.state != State.QUARANTINED:
        raise NotFound
    return row


async def _leaf(unit: Unit, message: Row[Any], row: Row[Any]) -> None:
    """Before the first byte, and again after ten minutes of use, as for every part."""
    session = unit.actor.session or unit.actor.id or NO_GRANT
    fresh = await last_leaf(unit, session, row.id, NO_GRANT)
    if fresh is not None and fresh + RENEW > unit.now:
        return
    await note_leaf(unit, session, row.id, NO_GRANT)
    act = "early.opened" if fresh is None else "early.renewed"
    unit.leaf(act, case=message.case_id, message=message.id, session=session, part=row.name)
