"""Telling the recipient that something is there for them: kind, rough length, a content note, no content.

Rule 1: only after they agreed to be asked, and only what a facilitator wrote. Everything of the gate but the
recipient's own answer must hold.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core import alone, gate
from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.gate import Act, Facts
from exchange.core.model import Actor, Channel, Event, Kind, Purpose
from exchange.steps import links
from exchange.steps.revoke import end_links
from exchange.steps.visit import Visit
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.parts import facts_of_parts
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work


@dataclass(frozen=True)
class Terms:
    """What the recipient is told and how. `on_acceptance`: read in the same sitting when they accept."""

    content_note: str
    told_by: Channel
    length: str = ""
    on_acceptance: bool = False
    by_link: bool = True


async def make_offer(service: Service, actor: Actor, message_id: UUID, terms: Terms) -> links.NewLink | None:
    """Offer the newest approved version. A `decide` link, unless the facilitator asks in person."""
    if not terms.content_note.strip():
        raise BadInput("Write the content note: what it is about, and what may be hard to read.", field="content_note")
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.OFFER, message.case_id)
        known = await facts.load(unit.conn, message, asker=actor.id)
        gate.explain(Act.OFFER, known, unit.now).require()
        recipient = await unit.one(select(t.participant).where(t.participant.c.id == message.recipient_id))
        if terms.on_acceptance and not may_read_at_once(recipient, known):
            raise BadInput("Reading in the same sitting is not possible: support conditions, or time to think again.")
        moved = await unit.move(message, Event.OFFER)
        await _settle(unit, message)
        opener = await opener_of(service, unit.conn, message.case_id)
        offer_id = await _record(unit, opener, message, str(known.digest), terms)
        unit.leaf("offer.made", case=message.case_id, message=message.id, digest=known.digest, offer=offer_id, **moved)
        if not terms.by_link:
            return None
        return await _decide_link(unit, opener, message, recipient, terms, str(known.digest))


async def require_standing(service: Service, visit: Visit) -> None:
    """What could not be offered at this moment is not shown or accepted either; raises `Refused`.

    A hold, a pause or an order stops an offer that was already made (rules 12, 14); it stands again afterwards.
    """
    async with reading(service) as conn:
        message = (await conn.execute(select(*t.plain(t.message)).where(t.message.c.id == visit.link.message_id))).one()
        known = await facts.load(conn, message)
        now = (await conn.execute(select(func.now()))).scalar_one()
    gate.explain(Act.OFFER, known, now).require()


def may_read_at_once(recipient: Row[Any], known: Facts) -> bool:
    """Release on acceptance is for adults outside custody without support conditions (DESIGN section 7)."""
    support = known.recipient.missing_support
    return not recipient.under_18 and not recipient.custody and not support and not known.cooling_days


async def _settle(unit: Unit, message: Row[Any]) -> None:
    """That the author agreed waits for nobody any more: this is what it was waiting for."""
    k = t.task
    agreed = update(k).where(k.c.message_id == message.id, k.c.kind == "share_agreed", k.c.done_at.is_(None))
    await unit.change(agreed.values(done_at=func.now(), done_by=unit.actor.id))


async def _record(unit: Unit, opener: Opener, message: Row[Any], digest: str, terms: Terms) -> UUID:
    row = uuid4()
    return await unit.add(
        t.offer,
        id=row,
        message_id=message.id,
        digest=digest,
        content_note_sealed=opener.seal(terms.content_note, "offer.content_note", row),
        on_acceptance=terms.on_acceptance,
        told_by=terms.told_by,
        made_by=unit.actor.id,
    )


async def _decide_link(
    unit: Unit, opener: Opener, message: Row[Any], recipient: Row[Any], terms: Terms, digest: str
) -> links.NewLink:
    await end_links(unit, message.id, (Purpose.DECIDE,))
    payload = await told(unit, opener, message, digest, terms.content_note, terms.length)
    payload |= {"you": links.form_of_name(opener, recipient), "on_acceptance": terms.on_acceptance}
    return await links.make(unit, opener, recipient, Purpose.DECIDE, payload, message=message, channel=terms.told_by)


async def told(
    unit: Unit, opener: Opener, message: Row[Any], digest: str, content_note: str, length: str = ""
) -> dict[str, Any]:
    """What the recipient's link carries about a version: agreed form of name, kind, note, rough length, its digest."""
    author = await unit.one(select(t.participant).where(t.participant.c.id == message.author_id))
    parts = await facts_of_parts(unit.conn, [digest])
    return {
        "from": links.form_of_name(opener, author),
        "signed": opener.open(author.signature_sealed, "participant.signature", author.id),
        "kind": alone.kind_told(Kind(message.kind), alone=alone.is_alone(parts[digest])),
        "asks": message.asks,
        "content_note": content_note,
        "length": length,
        "digest": digest,
    }


async def note_of(unit: Unit, opener: Opener, message_id: UUID) -> str:
    """The content note of the newest offer, "" where there is none."""
    query = select(t.offer).where(t.offer.c.message_id == message_id).order_by(t.offer.c.at.desc()).limit(1)
    row = await unit.maybe(query)
    return opener.open(row.content_note_sealed, "offer.content_note", row.id) if row else ""
