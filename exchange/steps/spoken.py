"""The reason for sending something back, in the facilitator's own voice: put in beside the written words.

It goes the way of everything else: sealed under a data key of its own, scanned and re-made in the sandbox by a worker
(`spoken_safe.py`), and only that product is kept and heard (`hearing.py`). The author's link for changing carries the
key (`again.py`). The written reason stays its text version.
"""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, select

from exchange.core import gate, keys
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, NotFound, TooLarge
from exchange.core.gate import Act
from exchange.core.model import Actor, State
from exchange.store import facts, near, parts
from exchange.store import tables as t
from exchange.store.parts import part_context, part_key
from exchange.store.reaper import to_reap
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

MOST_BYTES = 16 * 1024 * 1024
"""Of a recording: about ten minutes as a browser makes them."""


class RecordingTooLong(TooLarge):
    """This recording is too long. About ten minutes fit. Please make it shorter."""


RAW, SOUND = "raw", "sound"


async def put_in(service: Service, actor: Actor, message_id: UUID, untrusted: bytes) -> UUID:
    """Seal a recording for the newest return of this message, in place of an earlier one; its id. A worker is asked.

    Raises TooLarge, BadInput for an empty one, `Conflict` for a message that was not sent back.
    """
    row, key = uuid4(), keys.new_data_key()
    async with reading(service) as conn:
        case_id = await near.case_of_message(conn, message_id)
        await near.require(conn, actor, Permission.REVIEW, case_id)
    if not untrusted:
        raise BadInput("There is nothing in this recording. Please record or choose it again.", field="file")
    if len(untrusted) > MOST_BYTES:
        raise RecordingTooLong
    named = part_key(row, RAW)
    await parts.announce(service, [named])
    bound = part_context(case_id, message_id, row, RAW)
    size, _ = await parts.put_bytes(service.objects, named, key, bound, untrusted)
    async with unit_of_work(service, actor) as unit:
        message = await _for_reason(unit, message_id)
        review = await returned(unit, message_id)
        await parts.own(unit.conn, [named])
        await _drop(unit, t.spoken.c.review_id == review.id)
        opener = await opener_of(service, unit.conn, message.case_id)
        await unit.add(
            t.spoken,
            id=row,
            message_id=message_id,
            review_id=review.id,
            account_id=actor.id,
            name=RAW,
            media_type="application/octet-stream",
            size=size,
            object_key=named,
            key_sealed=opener.seal_key(key, "spoken.key", row),
        )
        unit.leaf("reason.spoken", case=message.case_id, message=message_id, review=review.id, size=size)
        await unit.defer("make_reason_safe", spoken_id=row)
    return row


async def take_back(service: Service, actor: Actor, message_id: UUID) -> None:
    """Only the written words are left. An author who has the link already hears nothing any more."""
    async with unit_of_work(service, actor) as unit:
        message = await _for_reason(unit, message_id)
        review = await returned(unit, message_id)
        if not await _drop(unit, t.spoken.c.review_id == review.id):
            raise NotFound
        unit.leaf("reason.dropped", case=message.case_id, message=message_id, review=review.id)


async def newest(service: Service, actor: Actor, message_id: UUID) -> Row[Any] | None:
    """The recording of the newest return, without its key; None where there is none."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CONTENT, message.case_id)
        review = await _newest_return(unit, message_id)
        if review is None:
            return None
        s = t.spoken
        return await unit.maybe(select(*t.plain(s)).where(s.c.review_id == review.id).order_by(s.c.at.desc()).limit(1))


async def returned(unit: Unit, message_id: UUID) -> Row[Any]:
    """The newest decision that sent this message back; `NotFound` where it never was."""
    found = await _newest_return(unit, message_id)
    if found is None:
        raise NotFound
    return found


async def ready(unit: Unit, review_id: UUID) -> Row[Any] | None:
    """The safe recording that goes with a decision, with its key; None where there is none (yet)."""
    s = t.spoken
    safe = select(s, s.c.id.label("sealed_in")).where(s.c.review_id == review_id, s.c.state == "ready")
    return await unit.maybe(safe.where(s.c.key_sealed.isnot(None)).order_by(s.c.at.desc()).limit(1))


async def _newest_return(unit: Unit, message_id: UUID) -> Row[Any] | None:
    r = t.review
    mine = select(r).where(r.c.message_id == message_id, r.c.decision == "return")
    return await unit.maybe(mine.order_by(r.c.at.desc()).limit(1))


async def _for_reason(unit: Unit, message_id: UUID) -> Row[Any]:
    message = await unit.message(message_id)
    await near.require(unit.conn, unit.actor, Permission.REVIEW, message.case_id)
    known = await facts.load(unit.conn, message, asker=unit.actor.id)
    gate.explain(Act.REVIEW, known, unit.now).require()
    if message.state != State.RETURNED:
        raise Conflict("This message was not sent back, so there is nothing to say about it here.")
    return message


async def _drop(unit: Unit, which: Any) -> int:
    gone = await unit.all(delete(t.spoken).where(which).returning(t.spoken.c.object_key))
    for row in gone:
        await to_reap(unit, row.object_key)
    return len(gone)
