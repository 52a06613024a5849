"""Put in anew by the author: what came back is changed, what was sent is replaced (rules 7 and 8).

Both are a `submit` link. The one for changing carries what the facilitator asks, written and perhaps spoken, and
the words of a typed letter, so that nobody has to write it all again. The one for replacing begins a new message
that needs review, approval and consents of its own; sending it takes the old one back (`steps/intake.py`).
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from exchange.core import gate, keys
from exchange.core.access import Permission
from exchange.core.errors import Conflict
from exchange.core.gate import Act
from exchange.core.model import Actor, Channel, Purpose, State
from exchange.steps import dialogue, draft, links, spoken, texts
from exchange.steps.links import NewLink, form_of_name
from exchange.steps.revoke import end_links
from exchange.steps.visit import Visit
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

CAME_BACK = (State.RETURNED, State.REJECTED)
NOT_REPLACED = (State.RECEIVING, State.SUPERSEDED, State.ERASED)


async def revise_link(service: Service, actor: Actor, message_id: UUID, *, channel: Channel) -> NewLink:
    """A link with which the author sees why it came back, changes it and sends it again. Ends earlier ones.

    `Conflict` for a message that did not come back; `Refused` where the author may not put in now.
    """
    words = await _typed_words(service, actor, message_id)
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.PUT_IN, message.case_id)
        if message.state not in CAME_BACK:
            raise Conflict("This message did not come back, so there is nothing to change.")
        await _ask_gate(unit, message)
        await end_links(unit, message.id, (Purpose.SUBMIT,))
        opener = await opener_of(service, unit.conn, message.case_id)
        payload = await _payload(unit, opener, message)
        payload |= await _why(unit, opener, message)
        person = await unit.one(select(t.participant).where(t.participant.c.id == message.author_id))
        made = await links.make(unit, opener, person, Purpose.SUBMIT, payload, message=message, channel=channel)
        if words:
            key = bytes.fromhex(payload["draft_key"])
            await draft.prefill(unit, opener, message.case_id, made.id, key, words)
        await _lend(unit, opener, message, made)
        return made


async def replace_link(service: Service, actor: Actor, message_id: UUID, *, channel: Channel) -> NewLink:
    """A link with which the author puts in a new message in the place of this one, whatever became of it."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.PUT_IN, message.case_id)
        if message.state in NOT_REPLACED:
            raise Conflict("This message cannot be replaced as it stands.")
        opener = await opener_of(service, unit.conn, message.case_id)
        payload = await _payload(unit, opener, message) | {"replaces": str(message.id)}
        person = await unit.one(select(t.participant).where(t.participant.c.id == message.author_id))
        made = await links.make(unit, opener, person, Purpose.SUBMIT, payload, channel=channel)
        await _lend(unit, opener, message, made)
        return made


async def require_standing(service: Service, visit: Visit) -> None:
    """What an author is asked to change is shown while they may change it: `Refused` during a hold or a pause."""
    async with reading(service) as conn:
        message = (await conn.execute(select(*t.plain(t.message)).where(t.message.c.id == visit.link.message_id))).one()
        known = await facts.load(conn, message)
        now = (await conn.execute(select(func.now()))).scalar_one()
    gate.explain(Act.SUBMIT, known, now).require()


async def _ask_gate(unit: Unit, message: Row[Any]) -> None:
    gate.explain(Act.SUBMIT, await facts.load(unit.conn, message), unit.now).require()


async def _payload(unit: Unit, opener: Opener, message: Row[Any]) -> dict[str, Any]:
    """As an invitation carries it (`links.invite`)."""
    p = t.participant
    both = select(p).where(p.c.id.in_((message.author_id, message.recipient_id)))
    people = {row.id: row for row in await unit.all(both)}
    return {
        "you": form_of_name(opener, people[message.author_id]),
        "to": form_of_name(opener, people[message.recipient_id]),
        "recipient": str(message.recipient_id),
        "kind": message.kind,
        "draft_key": keys.new_data_key().hex(),
        **({"never_sent": True} if message.never_sent else {}),
        **({"asks": True} if message.asks else {}),
        **({"answers": str(message.answers_id)} if message.answers_id else {}),
        **await dialogue.carried(unit, opener, people[message.author_id]),
    }


async def _lend(unit: Unit, opener: Opener, message: Row[Any], link: NewLink) -> None:
    """The question that it answers goes along again, as far as the gate lets it."""
    if message.answers_id is not None:
        question = await unit.one(select(*t.plain(t.message)).where(t.message.c.id == message.answers_id))
        await links.lend_question(unit, opener, question, link)


async def _why(unit: Unit, opener: Opener, message: Row[Any]) -> dict[str, Any]:
    """The facilitator's words, and the key of the spoken ones; for what could not be used, the code of why."""
    if message.state == State.REJECTED:
        return {"rejected": str(message.rejected_code or "")}
    row = await spoken.returned(unit, message.id)
    heard = await spoken.ready(unit, row.id)
    told: dict[str, Any] = {"reason": opener.open(row.reason_sealed, "review.reason", row.id)}
    if heard is not None:
        key = opener.open_key(heard.key_sealed, "spoken.key", heard.id)
        told["spoken"] = {"id": str(heard.id), "key": key.hex()}
    return told


async def _typed_words(service: Service, actor: Actor, message_id: UUID) -> str:
    """The words of a letter that was typed here; "" for anything that came as a file. The reading is recorded."""
    r, p = t.revision, t.part
    newest = select(r.c.id, r.c.digest).where(r.c.message_id == message_id).order_by(r.c.number.desc()).limit(1)
    async with reading(service) as conn:
        revision = (await conn.execute(newest)).one_or_none()
        if revision is None:
            return ""
        found = select(p.c.facts).where(p.c.revision_id == revision.id, p.c.name == "text")
        known = (await conn.execute(found)).scalar_one_or_none()
    if known is None or known.get("source") != "typed":
        return ""
    return await texts.read_text(service, actor, message_id, revision.digest, "text")
