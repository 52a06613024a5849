"""What a facilitator takes out before anything is shared: a list of edits, and asking for the version without them.

The places are of the round's first clean revision (`Workshop.clean`); a worker makes the next version from that and the
whole list (`redacting.py`). Taking an edit back and making again restores it. Nothing is shared by any of this: every
new version is reviewed, approved and agreed to anew. And as soon as something is to be taken out, what has it is not
shared any more: approval and consents end with the first edit that is put on the list, and no version is approved that
is not made of the list.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, select

from exchange.core import gate
from exchange.core.edits import MACHINE, Edit, Why, check, to_json
from exchange.core.errors import BadInput, Conflict, NotFound
from exchange.core.model import Actor, Event, Kind, State
from exchange.steps.reviewer import for_review
from exchange.steps.revoke import void_decisions
from exchange.store import edits
from exchange.store import tables as t
from exchange.store.edits import Wanted
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work
from media import speech

MOST_WORDS = 500


@dataclass(frozen=True)
class Workshop:
    """All that the pages of taking something out need. `current`: whether the newest version is made of this list.

    All of it is read under one lock: a worker may finish the version while a page is put together.
    """

    message: Row[Any]
    clean: Row[Any]
    newest: Row[Any] | None
    parts: list[Row[Any]]
    wanted: list[Wanted]
    making: Row[Any] | None
    current: bool


async def workshop(service: Service, actor: Actor, message_id: UUID) -> Workshop:
    """The list of a message, and how far the making of a new version is. For the team."""
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        opener = await opener_of(service, unit.conn, message.case_id)
        clean = await edits.clean_revision(unit.conn, message)
        parts = await edits.parts_of(unit.conn, clean.id)
        wanted = await edits.wanted(unit.conn, opener, message)
        newest = await edits.newest_revision(unit.conn, message_id)
        applied = opener.open(newest.edits_sealed, "revision.edits", newest.id) if newest else ""
        making = await edits.last_making(unit.conn, message_id)
        return Workshop(message, clean, newest, parts, wanted, making, (applied or "[]") == as_told(wanted))


async def want(service: Service, actor: Actor, message_id: UUID, edit: Edit, *, why: str, words: str = "") -> UUID:
    """Put one edit on the list; its id. Raises BadInput with the field, `Conflict` while a version is being made."""
    if why not in set(Why):
        raise BadInput("Choose why this is taken out.", field="why")
    if why == Why.OTHER and not words.strip():
        raise BadInput("Write in a few words why this is taken out. The author reads them.", field="words")
    if len(words) > MOST_WORDS:
        raise BadInput("Write the reason in fewer words.", field="words")
    row = uuid4()
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        await _not_making(unit, message_id)
        opener = await opener_of(service, unit.conn, message.case_id)
        clean = await edits.clean_revision(unit.conn, message)
        parts = {part.name: part.facts for part in await edits.parts_of(unit.conn, clean.id)}
        there = await edits.wanted(unit.conn, opener, message)
        if edit.how == MACHINE:
            await _can_be_read(unit, message_id)
        check(edit, Kind(message.kind), parts, [other.edit for other in there])
        await unit.add(
            t.edit,
            id=row,
            message_id=message_id,
            round=message.round,
            account_id=actor.id,
            place_sealed=opener.seal(to_json(edit), "edit.place", row),
            reason=why,
            words_sealed=opener.seal(words.strip(), "edit.words", row) if words.strip() else None,
        )
        moved = await _stop_sharing(unit, message)
        unit.leaf("redaction.wanted", case=message.case_id, message=message_id, kind=edit.doing, reason=why, **moved)
    return row


async def drop(service: Service, actor: Actor, message_id: UUID, edit_id: UUID) -> None:
    """Take one edit off the list; the next version that is made has the place again."""
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        await _not_making(unit, message_id)
        mine = delete(t.edit).where(t.edit.c.id == edit_id, t.edit.c.message_id == message_id)
        if not await unit.change(mine.where(t.edit.c.round == message.round)):
            raise NotFound
        unit.leaf("redaction.dropped", case=message.case_id, message=message_id)


async def make(service: Service, actor: Actor, message_id: UUID) -> UUID:
    """Ask for a new version made of the list; a worker makes it. The id of the making.

    Raises `Conflict` if one is being made already or the newest version is made of this very list.
    """
    found = await workshop(service, actor, message_id)
    if found.current:
        raise Conflict("The newest version is made of these changes already.")
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        await _not_making(unit, message_id)
        gate.move(State(message.state), Event.REVISE, never_sent=message.never_sent)
        newest = await edits.newest_revision(unit.conn, message_id)
        if newest is None:
            raise NotFound
        values = {"message_id": message_id, "account_id": actor.id, "base_digest": newest.digest}
        row = await unit.add(t.making, **values)
        unit.leaf("redaction.asked", case=message.case_id, message=message_id, count=len(found.wanted))
        await unit.defer("redact_message", making=row)
    return row


async def require_applied(unit: Unit, opener: Opener, message: Row[Any], newest: Row[Any]) -> None:
    """Raise `Conflict` unless this newest version is made of the list."""
    applied = opener.open(newest.edits_sealed, "revision.edits", newest.id)
    if (applied or "[]") != as_told(await edits.wanted(unit.conn, opener, message)):
        raise Conflict(
            "The list of what is to be taken out is not what this version is made of. Make the new version first."
        )


def as_told(wanted: list[Wanted]) -> str:
    """The list as a revision keeps it and its author is told: what, where and why, never what stood there."""
    told = [{**json.loads(to_json(one.edit)), "why": one.why.value, "words": one.words} for one in wanted]
    return json.dumps(told, separators=(",", ":"))


async def _can_be_read(unit: Unit, message_id: UUID) -> None:
    """Raise BadInput unless there are captions and a machine's voice for their language."""
    newest = await edits.newest_revision(unit.conn, message_id)
    there = {part.name: part for part in await edits.parts_of(unit.conn, newest.id)} if newest is not None else {}
    if "captions" not in there:
        raise BadInput("Write the captions first: they are what a machine reads aloud.", field="how")
    if there["captions"].facts.get("language") not in speech.voices():
        raise BadInput("No machine here can speak the language of the captions.", field="how")


async def _stop_sharing(unit: Unit, message: Row[Any]) -> dict[str, str]:
    if message.state not in gate.SHAREABLE:
        return {}
    await void_decisions(unit, message)
    return await unit.move(message, Event.REVISE)


async def _not_making(unit: Unit, message_id: UUID) -> None:
    waiting = select(t.making.c.id).where(t.making.c.message_id == message_id, t.making.c.state == "waiting")
    if await unit.maybe(waiting):
        raise Conflict("A new version is being made. Please wait until it is there.")
