"""The receipt's `stop` link, and what a participant tells the facilitator.

The stop link shows nothing, does not expire, and can only pause, withdraw, ask to replace or ask for a call. The
answer is always the same, whether or not anything was shared, opened or even there: withdrawing must not
reveal reading (rule 8).
"""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, select

from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.gate import TRANSITIONS
from exchange.core.model import Actor, Channel, ConsentKind, Event, Method, Purpose, State
from exchange.core.waiting import WISHES
from exchange.steps import consent, links
from exchange.steps.consent import Said
from exchange.steps.revoke import end_links
from exchange.steps.visit import Visit
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import opener_of, seal_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

ANSWER = "Done. If it has not been shared, it will not be. If it has, we cannot take it back, and we do not say which."
WORDING = "stop-2026-01"


async def receipt(service: Service, visit: Visit, message_id: UUID) -> tuple[str, links.NewLink]:
    """After sending: the message's reference, and a durable stop link for its author with the same code."""
    async with unit_of_work(service, visit.actor) as unit:
        message = await unit.message(message_id)
        if message.author_id != visit.actor.id:
            raise NotFound
        person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == message.author_id))
        seal = await seal_of(unit.conn, message.case_id)
        payload = {"you": visit.payload["you"]}
        return message.reference, await links.make(
            unit, seal, person, Purpose.STOP, payload, message=message, days=None
        )


async def renew(service: Service, actor: Actor, message_id: UUID, *, channel: Channel) -> links.NewLink:
    """A new stop link for the author, made by the team: theirs was lost, or locked by wrong codes. Ends earlier ones.

    Nobody may be left without a way to stop (rule 5), so this asks for no gate: only an erased message has none.
    """
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CONSENT, message.case_id)
        if message.state == State.ERASED:
            raise Conflict("This message was erased: there is nothing left to stop.")
        await end_links(unit, message.id, (Purpose.STOP,))
        person = await unit.one(select(t.participant).where(t.participant.c.id == message.author_id))
        opener = await opener_of(service, unit.conn, message.case_id)
        payload = {"you": links.form_of_name(opener, person)}
        return await links.make(
            unit, opener, person, Purpose.STOP, payload, message=message, channel=channel, days=None
        )


async def stop(service: Service, visit: Visit, *, wish: str) -> str:
    """Do what the author wishes, one of WISHES. Always the same answer.

    To replace it is to pause it until the new one is sent: the team gives a link for that (`steps/again.py`).
    """
    if wish not in WISHES:
        raise BadInput("Choose what you want to happen.", field="wish")
    if visit.purpose is not Purpose.STOP:
        raise NotFound
    async with unit_of_work(service, visit.actor) as unit:
        message = await unit.message(visit.link.message_id)
        if wish == "withdraw" and (State(message.state), Event.WITHDRAW) in TRANSITIONS:
            await consent.withdraw(unit, message)
        elif wish in ("pause", "replace"):
            await _pause(unit, message)
        await _task(unit, message, WISHES[wish])
        unit.leaf("stop.asked", case=message.case_id, message=message.id, session=visit.id, outcome=wish)
    return ANSWER


async def tell(service: Service, visit: Visit, *, kind: str, text: str = "") -> None:
    """A participant's word to the facilitator, sealed to the case: `feedback`, `talk_first`, `call_me`,
    `only_translation`, `appeal`."""
    row = uuid4()
    async with unit_of_work(service, visit.actor) as unit:
        seal = await seal_of(unit.conn, visit.link.case_id)
        await unit.add(
            t.feedback,
            id=row,
            case_id=visit.link.case_id,
            participant_id=visit.link.participant_id,
            message_id=visit.link.message_id,
            kind=kind,
            text_sealed=seal.seal(text[:5000], "feedback.text", row),
        )
        await unit.add(
            t.task,
            case_id=visit.link.case_id,
            message_id=visit.link.message_id,
            participant_id=visit.link.participant_id,
            kind=kind,
            due_at=unit.now,
        )
        unit.leaf("feedback.given", case=visit.link.case_id, participant=visit.link.participant_id, kind=kind)


async def _pause(unit: Unit, message: Row[Any]) -> None:
    """Pausing takes back the consent to share; the message stays where the facilitator can talk about it."""
    s = t.share_current
    row = await unit.maybe(select(s.c.digest).where(s.c.message_id == message.id))
    if row is None:
        return
    person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == message.author_id))
    said = Said(Method.LINK, WORDING)
    try:
        await consent.apply(unit, person, ConsentKind.SHARE, False, said, message=message, digest=row.digest)
    except Refused:
        await unit.change(delete(s).where(s.c.message_id == message.id))


async def _task(unit: Unit, message: Row[Any], kind: str) -> UUID:
    return await unit.add(
        t.task,
        case_id=message.case_id,
        message_id=message.id,
        participant_id=message.author_id,
        kind=kind,
        due_at=unit.now,
    )
