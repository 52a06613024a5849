"""Check and send, for the author on a `submit` link; the receipt with its stop link.

The receipt is made in the transaction that sends. Its stop link is kept in the visitor's own session, under
their cookie, so that the page can be shown again while the session lasts; the portal cannot read it there.
"""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update

from exchange.core import keys
from exchange.core.errors import BadInput
from exchange.core.model import Kind, Purpose, State
from exchange.steps import draft, intake, links
from exchange.steps.links import PAYLOAD, about
from exchange.steps.visit import Visit
from exchange.store import tables as t
from exchange.store.sealing import seal_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading

STOP_NEEDS = ("you", "easy_read")


async def begin(service: Service, visit: Visit) -> UUID:
    """The message of this visit's link, begun where it was not, put in again where it came back."""
    message_id: UUID | None = visit.link.message_id
    if message_id is not None:
        async with reading(service) as conn:
            state = (await conn.execute(select(t.message.c.state).where(t.message.c.id == message_id))).scalar_one()
        if state in (State.RETURNED, State.REJECTED):
            await intake.put_in_again(service, visit.actor, message_id)
        return message_id
    return await intake.begin_message(
        service,
        visit.actor,
        visit.link.case_id,
        author=visit.link.participant_id,
        recipient=UUID(visit.payload["recipient"]),
        kind=Kind(visit.payload.get("kind", Kind.LETTER)),
        replaces=UUID(visit.payload["replaces"]) if "replaces" in visit.payload else None,
        answers=UUID(visit.payload["answers"]) if "answers" in visit.payload else None,
        never_sent=bool(visit.payload.get("never_sent")),
        asks=bool(visit.payload.get("asks")),
    )


async def write(service: Service, visit: Visit, untrusted_text: str) -> None:
    """Put the typed letter in, in place of what was typed before. BadInput where it is empty."""
    if not untrusted_text.strip():
        raise BadInput("The letter is empty. Please write something first.", field="text")
    message = await begin(service, visit)
    await intake.write_letter(service, visit.actor, message, untrusted_text, visitor=draft.visitor(visit))


async def send(service: Service, visit: Visit) -> None:
    """Send it: quarantined for the worker, the draft gone, the receipt in the visitor's session."""
    if visit.link.message_id is None:
        raise BadInput("Nothing has been put in yet. Please write something, or choose a file.")
    await _as_kept_last(service, visit)

    async def receipt(unit: Unit, message: Row[Any]) -> None:
        await unit.change(delete(t.draft).where(t.draft.c.link_id == visit.link.id))
        person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == message.author_id))
        seal = await seal_of(unit.conn, message.case_id)
        carried = {name: visit.payload[name] for name in STOP_NEEDS if name in visit.payload}
        made = await links.make(unit, seal, person, Purpose.STOP, carried, message=message, days=None)
        told = {"reference": message.reference, "stop": made.url_part}
        kept = {"you": visit.payload["you"], "kind": message.kind, "receipt": told}
        kept |= {"never_sent": True} if message.never_sent else {}
        kept |= {"asks": True} if message.asks else {}
        wrapped = keys.wrap(visit.key, json.dumps(kept).encode(), about(visit.id, PAYLOAD))
        mine = t.portal_session.c.id == visit.id
        await unit.change(update(t.portal_session).where(mine).values(payload=wrapped))

    await intake.finish(service, visit.actor, visit.link.message_id, also=receipt)


async def _as_kept_last(service: Service, visit: Visit) -> None:
    """The check page shows the letter as it was kept last: so that is what goes, if it was changed since."""
    kept, u = await draft.load(service, visit), t.upload
    mine = (u.c.link_id == visit.link.id) & (u.c.message_id == visit.link.message_id) & (u.c.state != "gone")
    this_round = u.c.round == t.message.c.round
    typed = select(u.c.created_at, u.c.state).join(t.message, t.message.c.id == u.c.message_id)
    async with reading(service) as conn:
        query = typed.where(mine, this_round, u.c.typed).order_by(u.c.created_at.desc())
        put_in = (await conn.execute(query)).first()
    if kept is not None and put_in is not None and (put_in.state == "open" or kept.at > put_in.created_at):
        await write(service, visit, kept.text)
