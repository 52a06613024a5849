"""A message lies in the wrong case, or under the wrong person: stop it, see who saw it, move it or take it away.

Whoever sees the case reports it. From then on it is a concern: the message is frozen, every link to it has ended,
approval and consents are void, and no participant is told. A supervisor decides, on record and with a reason. Where a
participant has seen something of it, or put it in themselves, two people decide: not the one who reported it.

Moving is for a worker (`steps/refiling.py`): the copy stands in the right place before the old one goes. The record
of each case tells of its own message and names nobody of the other.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.export import Filter
from exchange.core.model import Actor, Event, Purpose
from exchange.core.reference import new_reference
from exchange.steps import concern, erase, intake
from exchange.steps.revoke import end_links
from exchange.store import ledger_read, near
from exchange.store import tables as t
from exchange.store.ledger_read import Recorded
from exchange.store.read.names import staff_names
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

KIND = "misfiled"
BY_PARTICIPANTS = frozenset(
    {"view.opened", "preview.opened", "presented.opened", "release.presented", "release.printed", "original.replayed"}
)
SEEN = BY_PARTICIPANTS | {"review.opened", "early.opened", "reason.opened", "own_copy.handed_out"}
"""Acts after which somebody has seen, heard or holds something of a message."""


@dataclass(frozen=True)
class SoFar:
    """Who has seen what of a message, newest first, by the record; names of staff by id.

    `participants`: somebody of the case has, or put it in themselves.
    """

    entries: list[Recorded]
    staff: dict[UUID, str]
    participants: bool


@dataclass(frozen=True)
class Right:
    """Where it belongs: a case, and its people as (id, side, agreed form of name)."""

    case: UUID
    reference: str
    people: list[tuple[UUID, str, str]]


async def so_far(service: Service, actor: Actor, message_id: UUID) -> SoFar:
    """Who has seen what of it. That the record was read stands there too."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.one(select(*t.plain(t.message)).where(t.message.c.id == message_id))
        await near.require(unit.conn, actor, Permission.CONCERN_RAISE, message.case_id)
        found = await _entries(unit, message)
        unit.leaf("record.read", scope="filtered", case=message.case_id, message=message_id)
        return SoFar(found, await staff_names(unit.conn), _by_participants(message, found))


async def report(service: Service, actor: Actor, message_id: UUID, *, reason: str) -> UUID:
    """Freeze it and tell a supervisor; the concern's id. Whoever sees the case may, and nobody needs to be sure."""
    if not reason.strip():
        raise BadInput("Write down why it does not belong here.", field="reason")
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CONCERN_RAISE, message.case_id)
        found = await concern.freeze(unit, message, KIND, reason)
        # those through which its author could still change or stop it are the wrong person's too
        await end_links(unit, message.id, (Purpose.SUBMIT, Purpose.STOP))
        return found


async def right_place(service: Service, actor: Actor, concern_id: UUID, untrusted_reference: str) -> Right:
    """The case of that reference with its people, for a supervisor who may see it; BadInput for every other."""
    async with unit_of_work(service, actor) as unit:
        await _concern(unit, concern_id)
        case_id = await _case_named(unit, untrusted_reference)
        opener = await opener_of(service, unit.conn, case_id)
        p = t.participant
        rows = await unit.all(select(p).where(p.c.case_id == case_id).order_by(p.c.created_at))
        names = [
            (row.id, row.side, opener.open(row.form_of_name_sealed, "participant.form_of_name", row.id)) for row in rows
        ]
        reference = (await unit.one(select(t.cases.c.reference).where(t.cases.c.id == case_id)))[0]
        return Right(case_id, reference, names)


async def move(
    service: Service, actor: Actor, concern_id: UUID, *, reference: str, author: UUID, recipient: UUID, reason: str
) -> UUID:
    """Decide that it belongs there, between these two; the new message's id. A worker does it, and erases the old one.

    Raises `Refused` with what is missing before anything may be put in there (rule 10), for a letter on legal hold,
    and where somebody else must decide.
    """
    async with unit_of_work(service, actor) as unit:
        found = await _concern(unit, concern_id)
        target = await _case_named(unit, reference)
        for case_id in sorted({found.case_id, target}):
            await unit.case(case_id)
        message = await _decide(unit, found, reason)
        if (author, recipient) == (message.author_id, message.recipient_id):
            raise BadInput("It lies between these two already.", field="author")
        if author == recipient:
            raise BadInput("A message goes from one person to another. Please choose two different people.")
        await intake.people_of(unit, target, author, recipient)
        made = await _begin(unit, message, target, author, recipient)
        about = {"concern_id": concern_id, "case_id": message.case_id, "message_id": message.id}
        refiling = await unit.add(t.refiling, **about, to_message=made, decided_by=actor.id)
        unit.leaf("misfiled.decided", case=message.case_id, message=message.id, concern=concern_id, outcome="move")
        await unit.defer("refile_message", refiling_id=refiling)
        return made


async def remove(service: Service, actor: Actor, concern_id: UUID, *, reason: str) -> None:
    """Decide that it belongs nowhere here: erased, with a certificate. Raises as `move`, and `OnHold`."""
    async with unit_of_work(service, actor) as unit:
        found = await _concern(unit, concern_id)
        message = await _decide(unit, found, reason)
        unit.leaf("misfiled.decided", case=message.case_id, message=message.id, concern=concern_id, outcome="remove")
        await end_and_erase(unit, concern_id, message, "removed", actor.id)


async def end_and_erase(unit: Unit, concern_id: UUID, message: Row[Any], outcome: str, decided_by: UUID | None) -> None:
    """The concern has its end, and the frozen message goes. Within the caller's unit, which has decided."""
    moved = await unit.move(message, Event.END_CONCERN_WITHHELD)
    ended = update(t.concern).where(t.concern.c.id == concern_id)
    await unit.change(ended.values(ended_at=func.now(), outcome=outcome, ended_by=decided_by))
    unit.leaf("concern.ended", case=message.case_id, message=message.id, concern=concern_id, outcome=outcome, **moved)
    await erase.whole_message(unit, await unit.message(message.id))


async def _concern(unit: Unit, concern_id: UUID) -> Row[Any]:
    """One about a message in the wrong place, for a supervisor of the case; Conflict once it is decided."""
    found = await unit.one(select(t.concern).where(t.concern.c.id == concern_id))
    await near.require(unit.conn, unit.actor, Permission.CONCERN_END, found.case_id)
    if found.kind != KIND:
        raise NotFound
    if found.ended_at is not None:
        raise Conflict("This was decided already. Nothing was changed.")
    return found


async def _decide(unit: Unit, found: Row[Any], reason: str) -> Row[Any]:
    """The frozen message, locked; the reason stands in the log of the concern."""
    if not reason.strip():
        raise BadInput("Write down why.", field="reason")
    message = await unit.message(found.message_id)
    await _concern(unit, found.id)  # as it is now, under the lock
    await concern.not_on_its_way(unit, found.id)
    seen = _by_participants(message, await _entries(unit, message))
    if seen and found.raised_by == unit.actor.id:
        raise Refused("Somebody in the case has seen it. So another supervisor than who reported it decides.")
    await concern.log(unit, message.case_id, found.id, reason)
    return message


async def _entries(unit: Unit, message: Row[Any]) -> list[Recorded]:
    filters = Filter(message=str(message.id))
    found = await ledger_read.leaves(unit.conn, filters=filters, newest_first=True)
    return [entry for entry in found if entry.leaf["act"] in SEEN]


def _by_participants(message: Row[Any], entries: list[Recorded]) -> bool:
    return message.put_in_by is None or any(entry.leaf["act"] in BY_PARTICIPANTS for entry in entries)


async def _case_named(unit: Unit, untrusted_reference: str) -> UUID:
    """A case that the actor oversees too. Every other answers alike, whether it is there or not."""
    c = t.cases
    row = await unit.maybe(select(c.c.id).where(c.c.reference == untrusted_reference.strip().upper()))
    if row is None or not await _oversees(unit, row.id):
        raise BadInput("There is no case of that reference which you may see.", field="reference")
    return UUID(str(row.id))


async def _oversees(unit: Unit, case_id: UUID) -> bool:
    return access.may(unit.actor, Permission.CONCERN_END, await near.relation(unit.conn, case_id, unit.actor.id))


async def _begin(unit: Unit, old: Row[Any], target: UUID, author: UUID, recipient: UUID) -> UUID:
    """The message in the right place, empty so far. What it is stays: a question, never to be sent, dictated."""
    made = uuid4()
    await unit.add(
        t.message,
        id=made,
        reference=new_reference("M"),
        case_id=target,
        author_id=author,
        recipient_id=recipient,
        kind=old.kind,
        put_in_by=unit.actor.id,
        never_sent=old.never_sent,
        asks=old.asks,
    )
    await intake.ask_gate(unit, await unit.message(made))
    unit.leaf("message.begun", case=target, message=made, author=author, recipient=recipient, kind=old.kind, form=KIND)
    await _as_dictated(unit, old, made, target)
    return made


async def _as_dictated(unit: Unit, old: Row[Any], made: UUID, target: UUID) -> None:
    """What was said and written down is read back to its author there as here."""
    d = t.dictation
    row = await unit.maybe(select(d).where(d.c.message_id == old.id, d.c.round == old.round))
    if row is not None:
        await unit.add(t.dictation, message_id=made, given=row.given, account_id=row.account_id, round=1)
        unit.leaf("message.dictated", case=target, message=made, method=row.given)
