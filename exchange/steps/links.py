"""Links made by staff: for writing, previewing, deciding, reading, stopping (DESIGN sections 7 and 8).

The secret is in the URL's fragment only; the database keeps its hash, and what the link opens wrapped under
it. Until it is claimed the secret also lies sealed to the case, so that the facilitator can show it again.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select

from exchange.core import gate, keys, links
from exchange.core.access import Permission
from exchange.core.errors import BadInput, NotFound, Refused
from exchange.core.gate import Act
from exchange.core.model import Actor, ActorKind, CaseState, Channel, Kind, Purpose, State
from exchange.core.needs import names_easy_read
from exchange.steps import dialogue, gone, notices
from exchange.steps.revoke import end_link, end_links, locked_link
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.sealing import SERVICE, Opener, Seal, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

GRANT = f"{SERVICE}/grant".encode()
PAYLOAD = f"{SERVICE}/payload".encode()


@dataclass(frozen=True)
class NewLink:
    """A link just made. `url_part` goes behind the portal's address: `/l#secret`."""

    id: UUID
    secret: str = field(repr=False)

    @property
    def url_part(self) -> str:
        """Path and fragment."""
        return f"/l#{self.secret}"


def about(row_id: UUID, what: bytes) -> bytes:
    """The context under which a link's or session's payload, or a grant's key, is wrapped."""
    return what + b"/" + row_id.bytes


async def make(
    unit: Unit,
    seal: Seal,
    person: Row[Any],
    purpose: Purpose,
    payload: dict[str, Any],
    *,
    message: Row[Any] | None = None,
    channel: Channel | None = None,
    days: int | None = 14,
) -> NewLink:
    """Make a link inside the caller's unit. The person's code must have been agreed before.

    `payload` is what the person will see without opening anything: at least `you`, how they are addressed.
    """
    agreed = await unit.maybe(select(t.code.c.agreed_how).where(t.code.c.participant_id == person.id))
    if agreed is None:
        raise BadInput("Agree a code with this person first: face to face or by phone.", field="code")
    await gone.require_reachable(unit, person, purpose)
    secret, link_id = links.new_secret(), uuid4()
    carried = {"language": person.language, **_easy_read(seal, person), **payload}
    about_message = message.id if message is not None else None
    await unit.add(
        t.link,
        id=link_id,
        case_id=person.case_id,
        participant_id=person.id,
        message_id=about_message,
        purpose=purpose,
        lookup_hash=links.lookup_hash(secret),
        payload=keys.wrap(links.wrap_key(secret), json.dumps(carried).encode(), about(link_id, PAYLOAD)),
        secret_sealed=seal.seal(secret, "link.secret", link_id),
        channel=channel,
        code_channel=agreed.agreed_how,
        **({"made_by": unit.actor.id} if unit.actor.kind is ActorKind.STAFF else {}),
        expires_at=unit.now + timedelta(days=days) if days else None,
    )
    about_whom = {"case": person.case_id, "participant": person.id, "message": about_message}
    unit.leaf("link.created", link=link_id, purpose=purpose, channel=channel, **about_whom)
    await notices.by_itself(unit, person, purpose, link_id, about_message)
    return NewLink(link_id, secret)


def _easy_read(seal: Seal, person: Row[Any]) -> dict[str, bool]:
    """Whether their pages begin in Easy Read; the portal, which opens no needs, passes it on from link to link."""
    needs = seal.open(person.needs_sealed, "participant.needs", person.id) if isinstance(seal, Opener) else ""
    return {"easy_read": True} if names_easy_read(needs) else {}


async def invite(
    service: Service,
    actor: Actor,
    author: UUID,
    recipient: UUID,
    *,
    channel: Channel,
    kind: str = "letter",
    never_sent: bool = False,
    asks: bool = False,
    answers: UUID | None = None,
) -> NewLink:
    """A `submit` link: the author writes, records or uploads by themselves (rules 9, 10).

    `never_sent`: what comes of it is a letter never to be sent (rule 13), and the link says so. `asks`: one question.
    `answers`: a message that they have; if it is a question, they see it while they write.
    """
    if asks and (kind != Kind.LETTER or never_sent):
        raise BadInput("A question is put in writing, and it is there to be sent.", field="kind")
    async with unit_of_work(service, actor) as unit:
        await _inviting(unit, await near.case_of_participant(unit.conn, author))
        person = await _person(unit, author, Permission.PUT_IN)
        other = await _person(unit, recipient, Permission.PUT_IN)
        if other.case_id != person.case_id or other.id == person.id:
            raise BadInput("Choose the other person of this case.", field="recipient")
        opener = await opener_of(service, unit.conn, person.case_id)
        payload: dict[str, Any] = {
            "you": form_of_name(opener, person),
            "to": form_of_name(opener, other),
            "recipient": str(other.id),
            "kind": kind,
            "draft_key": keys.new_data_key().hex(),
        }
        payload |= {name: True for name, said in (("never_sent", never_sent), ("asks", asks)) if said}
        payload |= await dialogue.carried(unit, opener, person)
        asked = await _answered(unit, person, other, answers) if answers else None
        payload |= {"answers": str(asked.id), "question": asked.asks} if asked else {}
        link = await make(unit, opener, person, Purpose.SUBMIT, payload, channel=channel)
        if asked:
            await lend_question(unit, opener, asked, link)
        return link


async def _inviting(unit: Unit, case_id: UUID) -> None:
    """Lock the case before anything of it is read: nobody is invited while it is closed or stopped for safety."""
    case = await unit.case(case_id)
    await near.require(unit.conn, unit.actor, Permission.PUT_IN, case_id)
    if case.state != CaseState.OPEN:
        raise Refused("The case is closed.")
    if await facts.stopped_for_safety(unit.conn, case_id):
        raise Refused("Everything in this case is stopped for safety. Nobody is invited to write meanwhile.")


async def lend_question(unit: Unit, opener: Opener, question: Row[Any], link: NewLink) -> None:
    """The key of a question for the link through which it is answered; the gate is asked now and at every look.

    What takes the question back takes this away too, and where it may not be read now the link goes without it.
    """
    known = await facts.load(unit.conn, question)
    if question.asks and gate.explain(Act.RELEASE, known, unit.now).allowed:
        await grant_to_link(unit, opener, question, str(known.digest), link, purpose="view", again=True)


async def _answered(unit: Unit, person: Row[Any], other: Row[Any], message_id: UUID) -> Row[Any]:
    """What is answered: something from the other person that they have been handed."""
    m = t.message
    theirs = (m.c.recipient_id == person.id, m.c.author_id == other.id, m.c.state.in_((State.RELEASED, State.OPENED)))
    found = await unit.maybe(select(*t.plain(m)).where(m.c.id == message_id, *theirs))
    if found is None:
        raise BadInput("They can answer what the other person sent them and they have.", field="answers")
    return found


async def preview_link(service: Service, actor: Actor, message_id: UUID, *, channel: Channel) -> NewLink:
    """The author's preview of exactly the newest approved version, with the key that opens it."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CONSENT, message.case_id)
        known = await facts.load(unit.conn, message, asker=actor.id)
        gate.explain(Act.PREVIEW, known, unit.now).require()
        await end_links(unit, message.id, (Purpose.PREVIEW,))
        person = await _person(unit, message.author_id, Permission.CONSENT)
        opener = await opener_of(service, unit.conn, message.case_id)
        payload = {
            "you": form_of_name(opener, person),
            "signed": opener.open(person.signature_sealed, "participant.signature", person.id),
            "kind": message.kind,
            "digest": known.digest,
            "changes": await _changes(unit, opener, message.id),
            "edits": await _edits(unit, opener, message.id, str(known.digest)),
        }
        link = await make(unit, opener, person, Purpose.PREVIEW, payload, message=message, channel=channel)
        await grant_to_link(unit, opener, message, str(known.digest), link, purpose="preview")
        return link


async def grant_to_link(
    unit: Unit,
    opener: Opener,
    message: Row[Any],
    digest: str,
    link: NewLink,
    *,
    purpose: str,
    release: UUID | None = None,
    again: bool = False,
) -> UUID:
    """Wrap the revision's data key for a link. A `view` grant needs all three decisions in force (DESIGN 6).

    `again`: the link can be opened once more in another browser, and the key with it.
    """
    key = await revision_key(unit, opener, message.id, digest)
    grant_id = uuid4()
    values: dict[str, Any] = {
        "id": grant_id,
        "purpose": purpose,
        "message_id": message.id,
        "digest": digest,
        "link_id": link.id,
        "release_id": release,
        "form": "link",
        "key_wrapped": keys.wrap(links.wrap_key(link.secret), key, about(grant_id, GRANT)),
    }
    if again:
        values["key_again"] = values["key_wrapped"]
    if purpose == "view":
        values |= {"share_message_id": message.id, "share_digest": digest, "receive_message_id": message.id}
    await unit.add(t.grant, **values)
    unit.leaf("grant.created", message=message.id, digest=digest, grant=grant_id, link=link.id, purpose=purpose)
    return grant_id


def form_of_name(opener: Opener, person: Row[Any]) -> str:
    """The agreed form of a person's name (rule 16)."""
    return opener.open(person.form_of_name_sealed, "participant.form_of_name", person.id)


async def revision_key(unit: Unit, opener: Opener, message_id: UUID, digest: str) -> bytes:
    """The data key of one revision."""
    r = t.revision
    row = await unit.one(select(r).where(r.c.message_id == message_id, r.c.digest == digest))
    return opener.open_key(row.key_sealed, "revision.key", row.id)


async def _changes(unit: Unit, opener: Opener, message_id: UUID) -> str:
    """What was changed in each version and why, for the author to see before agreeing."""
    rows = await unit.all(select(t.revision).where(t.revision.c.message_id == message_id).order_by(t.revision.c.number))
    told = (opener.open(row.change_sealed, "revision.change", row.id) for row in rows)
    return "\n".join(text for text in told if text)


async def _edits(unit: Unit, opener: Opener, message_id: UUID, digest: str) -> list[dict[str, Any]]:
    """What was taken out to make this version, and why; never what stood there (`redact.as_told`)."""
    r = t.revision
    row = await unit.one(select(r).where(r.c.message_id == message_id, r.c.digest == digest))
    return list(json.loads(opener.open(row.edits_sealed, "revision.edits", row.id) or "[]"))


async def show_secret(service: Service, actor: Actor, link_id: UUID) -> str:
    """The secret of a link that nobody has claimed yet, to hand it over; showing it is recorded."""
    async with unit_of_work(service, actor) as unit:
        row = await unit.one(select(t.link).where(t.link.c.id == link_id))
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, row.case_id)
        if row.secret_sealed is None or row.state != "live":
            raise NotFound("This link was opened or has ended, so it cannot be shown again. Make a new one.")
        opener = await opener_of(service, unit.conn, row.case_id)
        unit.leaf("link.shown", case=row.case_id, link=link_id)
        return opener.open(row.secret_sealed, "link.secret", link_id)


async def revoke(service: Service, actor: Actor, link_id: UUID) -> None:
    """End one link, of whatever purpose. (`steps/release.py` takes reading back and says what was seen.)"""
    async with unit_of_work(service, actor) as unit:
        row = await locked_link(unit, t.link.c.id == link_id)
        if row is None:
            raise NotFound
        await near.require(unit.conn, actor, Permission.REVOKE, row.case_id)
        await end_link(unit, row, "revoked")


async def _person(unit: Unit, participant_id: UUID, permission: Permission) -> Row[Any]:
    person = await unit.one(select(t.participant).where(t.participant.c.id == participant_id))
    await near.require(unit.conn, unit.actor, permission, person.case_id)
    return person
