"""Recording how somebody is named to the other person and how they sign what they write (rule 16).

What they agreed to share was agreed to as it was named and signed then. Where that changes they are asked anew
before anything that is not handed over yet is, and no link goes on showing what was taken back.
"""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import naming
from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import Actor, Event, Purpose, State
from exchange.steps.revoke import LIVE, end_links, kill_links, move_if, old_yes_ends
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

HANDED = (State.RELEASED, State.OPENED, State.LAPSED)


async def agree(
    service: Service, actor: Actor, participant_id: UUID, *, form_of_name: str, signature: str, knowing: bool = False
) -> None:
    """What was agreed with them. `signature`: "" for not signed.

    BadInput naming the field `knowing` where it holds part of a name, an address or a number and nobody said that
    the person knows that and wants it so.
    """
    async with unit_of_work(service, actor) as unit:
        case_id = await near.case_of_participant(unit.conn, participant_id)
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, case_id)
        opener = await opener_of(service, unit.conn, case_id)
        await put(unit, opener, participant_id, form_of_name, signature, knowing=knowing)


async def put(
    unit: Unit, opener: Opener, participant_id: UUID, form_of_name: str, signature: str | None, *, knowing: bool
) -> None:
    """The same inside the caller's unit, which has locked the case and asked who may. `signature`: None to keep it."""
    person = await unit.one(select(t.participant).where(t.participant.c.id == participant_id))
    before = (
        opener.open(person.form_of_name_sealed, "participant.form_of_name", participant_id),
        opener.open(person.signature_sealed, "participant.signature", participant_id),
    )
    named, signed = _fitting(form_of_name, before[1] if signature is None else signature)
    if signature is None and named == before[0]:
        return
    if naming.tells(named, signed, await _own(unit.conn, opener, person.case_id)) and not knowing:
        raise BadInput("It tells more than it may mean to. Say that they know this and want it so.", field="knowing")
    sealed: dict[str, Any] = {
        "form_of_name_sealed": opener.seal(named, "participant.form_of_name", participant_id),
        "signature_sealed": opener.seal(signed, "participant.signature", participant_id) if signed else None,
    }
    if (named, signed) != before:
        sealed["named_at"] = unit.now
    await unit.change(update(t.participant).where(t.participant.c.id == participant_id).values(**sealed))
    said = "signed" if signed else "not_signed"
    unit.leaf("participant.named", case=person.case_id, participant=participant_id, value=said)
    if (named, signed) != before:
        await ask_anew(unit, participant_id)
    if named != before[0]:
        await _end_invitations(unit, person)


def _fitting(form_of_name: str, signature: str) -> tuple[str, str]:
    named, signed = " ".join(form_of_name.split()), " ".join(signature.split())
    if not named or len(named) > naming.LONGEST:
        raise BadInput(
            "Enter how they want to be named: a first name, an initial, or what they are.", field="form_of_name"
        )
    if len(signed) > naming.LONGEST:
        raise BadInput("This is longer than a signature.", field="signature")
    return named, signed


async def ask_anew(unit: Unit, author: UUID) -> None:
    """What is not handed over goes back to before they agreed; what is handed over is shown by no link any more."""
    theirs = select(t.message.c.id).where(t.message.c.author_id == author, t.message.c.never_sent.is_(False))
    for row in await unit.all(theirs.order_by(t.message.c.id)):
        message = await unit.message(row.id)
        handed = message.state in HANDED
        if not handed:
            for table in (t.share_current, t.receive_current):
                await unit.change(delete(table).where(table.c.message_id == message.id))
        showing = (Purpose.PREVIEW, Purpose.DECIDE)
        if message.state in (State.RELEASED, State.OPENED) and not await _is_shown(unit, message.id):
            # it was read and that has ended: a question that is being answered stays above its answer. Shown again it
            # is only with a new yes (`revoke.old_yes_ends`)
            await end_links(unit, message.id, showing)
            continue
        await end_links(unit, message.id, (*showing, Purpose.VIEW))
        moved = await move_if(unit, message, Event.LINK_GONE if handed else Event.UNSHARE)
        if moved:
            about = {"case": message.case_id, "message": message.id}
            unit.leaf("message.link_gone" if handed else "message.stopped", **about, **moved)
        if handed:
            await old_yes_ends(unit, message.id)


async def _is_shown(unit: Unit, message_id: UUID) -> bool:
    """Whether it can be read at this moment, by a link or on our own screen or paper; what was read and ended stays."""
    r = t.release
    under_way = select(r.c.id).where(r.c.message_id == message_id, r.c.ended_at.is_(None)).limit(1)
    return await unit.maybe(under_way) is not None


async def _end_invitations(unit: Unit, person: Row[Any]) -> None:
    """Other people's links for writing to them, which say to whom: as long as it is not known, that may be them."""
    k, m = t.link, t.message
    to_them = or_(k.c.message_id.is_(None), k.c.message_id.in_(select(m.c.id).where(m.c.recipient_id == person.id)))
    others = k.c.case_id == person.case_id, k.c.participant_id != person.id, k.c.purpose == Purpose.SUBMIT
    found = await unit.all(select(k.c.id).where(*others, k.c.state.in_(LIVE), to_them))
    await kill_links(unit, [row.id for row in found], "revoked")


async def tells(service: Service, actor: Actor, participant_id: UUID) -> list[tuple[str, str]]:
    """(kind, words) of what the form of name and the signature tell as they are recorded, for the team."""
    async with reading(service) as conn:
        case_id = await near.case_of_participant(conn, participant_id)
        await near.require(conn, actor, Permission.PERSON_SEE, case_id)
        row = (await conn.execute(select(t.participant).where(t.participant.c.id == participant_id))).one()
        if not row.form_of_name_sealed:
            return []
        opener = await opener_of(service, conn, case_id)
        named = opener.open(row.form_of_name_sealed, "participant.form_of_name", participant_id)
        signed = opener.open(row.signature_sealed, "participant.signature", participant_id)
        return naming.tells(named, signed, await _own(conn, opener, case_id))


async def _own(conn: AsyncConnection, opener: Opener, case_id: UUID) -> list[str]:
    """Full names and addresses of everybody in the case."""
    p, s = t.participant, t.safe_contact
    people = (await conn.execute(select(p.c.id, p.c.name_sealed).where(p.c.case_id == case_id))).all()
    names = [opener.open(row.name_sealed, "participant.name", row.id) for row in people]
    contacts = select(s.c.id, s.c.detail_sealed).join(p, p.c.id == s.c.participant_id).where(p.c.case_id == case_id)
    rows = (await conn.execute(contacts)).all()
    told = [json.loads(opener.open(row.detail_sealed, "safe_contact.detail", row.id) or "{}") for row in rows]
    return [*names, *(str(one.get("address", "")) for one in told)]
