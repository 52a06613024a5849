"""The facilitator's judgement on one exact revision: approve, return, withhold, or take an approval back.

Rule 7: every item has a facilitator's decision before release. Rule 14: a contact order blocks approval.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, select

from exchange.core import gate, places
from exchange.core.errors import BadInput, Conflict, Refused
from exchange.core.gate import Act
from exchange.core.model import TICKS, UNDERSTOOD, Actor, Event, State
from exchange.steps import appeals, view
from exchange.steps.redact import require_applied
from exchange.steps.reviewer import for_review
from exchange.steps.revoke import void_decisions
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work


async def approve(
    service: Service,
    actor: Actor,
    message_id: UUID,
    digest: str,
    *,
    ticks: Collection[str],
    understood: str,
) -> bool:
    """Approve exactly this digest. True if it is now approved, False if a second approval is still needed."""
    if set(ticks) != set(TICKS) or understood not in UNDERSTOOD:
        raise BadInput(
            "Tick all five points, and say how you understood every word, before you approve.", field="ticks"
        )
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        await appeals.require_somebody_else(unit, message)
        await _require_fit(unit, service, message, await _newest(unit, message, digest))
        known = await facts.load(unit.conn, message, digest=digest, asker=actor.id)
        if known.contact_order and not known.carve_out:
            raise Refused(reasons=(gate.Reason("1", "contact_order"),))
        if any(a.account == actor.id and a.digest == digest for a in known.approvals):
            raise Conflict("You have approved this version already. Another facilitator must look at it too.")
        late = message.state == State.APPROVED and bool(list(gate.approved(known, Act.OFFER, unit.now)))
        if not late:
            gate.move(State(message.state), Event.APPROVE, never_sent=message.never_sent)
        review = await _decide(unit, service, message, "approve", digest, ticks=ticks, understood=understood)
        known = await facts.load(unit.conn, message, digest=digest, asker=actor.id)
        if list(gate.approved(known, Act.OFFER, unit.now)):
            unit.leaf("review.approved_first", case=message.case_id, message=message.id, digest=digest, review=review)
            return False
        if late:  # four eyes were asked for after the first approval; what is in force stays in force
            unit.leaf("review.approved", case=message.case_id, message=message.id, digest=digest, approval=review)
            return True
        await unit.conn.execute(
            insert(t.approval_current).values(message_id=message.id, digest=digest, review_id=review)
        )
        moved = await unit.move(message, Event.APPROVE, expires_at=await _expiry(unit, message))
        unit.leaf("review.approved", case=message.case_id, message=message.id, digest=digest, approval=review, **moved)
        return True


async def keep(service: Service, actor: Actor, message_id: UUID, digest: str) -> None:
    """A letter never to be sent was read, and is kept: for its author, never for anybody else (rule 13)."""
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        await _newest(unit, message, digest)
        moved = await unit.move(message, Event.KEEP)
        unit.leaf("review.kept", case=message.case_id, message=message.id, digest=digest, **moved)


async def return_to_author(service: Service, actor: Actor, message_id: UUID, digest: str, *, reason: str) -> None:
    """Send it back with a reason the author will be told (rule 7)."""
    await _refuse(service, actor, message_id, digest, Event.RETURN, "return", reason, "review.returned")


async def withhold(service: Service, actor: Actor, message_id: UUID, digest: str, *, reason: str) -> None:
    """Not to be shared; the author is told and may appeal (rule 21)."""
    await _refuse(service, actor, message_id, digest, Event.WITHHOLD, "withhold", reason, "review.withheld")


async def retract(service: Service, actor: Actor, message_id: UUID, digest: str, *, reason: str) -> None:
    """Take an approval back at any time; every grant dies with it."""
    await _refuse(service, actor, message_id, digest, Event.RETRACT, "retract", reason, "review.retracted")


async def add_note(
    service: Service, actor: Actor, message_id: UUID, digest: str, *, text: str, place: dict[str, Any]
) -> None:
    """A note at a place (core/places.py) of the version `digest`, private to the case team."""
    if not text.strip():
        raise BadInput("Write the note first.", field="text")
    place, row = places.checked(place), uuid4()
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        r, p = t.revision, t.part
        revision = await unit.one(select(r.c.id).where(r.c.message_id == message.id, r.c.digest == digest))
        parts = await unit.all(select(p.c.name, p.c.size).where(p.c.revision_id == revision.id))
        if not places.fits(place, {part.name: part.size for part in parts}):
            raise BadInput("This version has no such place.", field="place")
        opener = await opener_of(service, unit.conn, message.case_id)
        await unit.add(
            t.review_note,
            id=row,
            message_id=message.id,
            digest=digest,
            account_id=actor.id,
            place=place,
            text_sealed=opener.seal(text, "review_note.text", row),
        )
        unit.leaf("review.noted", case=message.case_id, message=message.id, digest=digest)


async def _expiry(unit: Unit, message: Row[Any]) -> datetime | None:
    """Rule 2: how long an approved message may be held, where the case's policy sets an end."""
    case = await unit.one(select(t.cases).where(t.cases.c.id == message.case_id))
    days = facts.policy_of(case).expire_days
    return unit.now + timedelta(days=days) if days else None


async def _newest(unit: Unit, message: Row[Any], digest: str) -> Row[Any]:
    query = select(t.revision).where(t.revision.c.message_id == message.id).order_by(t.revision.c.number.desc())
    newest = await unit.maybe(query.limit(1))
    if newest is None or newest.digest != digest or not newest.clean:
        raise Conflict("There is a newer version of this message. Please look at that one.")
    return newest


async def _require_fit(unit: Unit, service: Service, message: Row[Any], revision: Row[Any]) -> None:
    """Made of what is on the list, and there is something in it to hand over.

    A translation that is not shown after something was taken out leaves nothing where the original is left out.
    """
    await require_applied(unit, await opener_of(service, unit.conn, message.case_id), message, revision)
    parts = await unit.all(select(t.part).where(t.part.c.revision_id == revision.id))
    if not any(map(view.is_shown, parts)):
        raise Refused("Nothing of this version would be handed over. Show the translation, or the original beside it.")


async def _refuse(
    service: Service, actor: Actor, message_id: UUID, digest: str, event: Event, decision: str, reason: str, act: str
) -> None:
    if not reason.strip():
        raise BadInput("Write the reason in words the author will understand.", field="reason")
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        await appeals.require_somebody_else(unit, message)
        await _newest(unit, message, digest)
        moved = await unit.move(message, event)
        await void_decisions(unit, message)
        if decision in appeals.NOT_TO_BE_SHARED:
            await appeals.must_be_told(unit, message)
        review = await _decide(unit, service, message, decision, digest, reason=reason)
        unit.leaf(act, case=message.case_id, message=message.id, digest=digest, review=review, **moved)


async def _decide(
    unit: Unit,
    service: Service,
    message: Row[Any],
    decision: str,
    digest: str,
    *,
    reason: str = "",
    ticks: Collection[str] = (),
    understood: str | None = None,
) -> UUID:
    opener = await opener_of(service, unit.conn, message.case_id)
    row = uuid4()
    return await unit.add(
        t.review,
        id=row,
        message_id=message.id,
        digest=digest,
        account_id=unit.actor.id,
        decision=decision,
        reason_sealed=opener.seal(reason, "review.reason", row) if reason else None,
        ticks=sorted(ticks),
        understood=understood,
        assigned=True,
    )
