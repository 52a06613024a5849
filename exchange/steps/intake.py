"""Putting something in: begin a message, write or upload it, send it (DESIGN section 5.1, RULES 1, 2, 9, 10).

A message is begun by staff of the case for a participant, or by the author through a `submit` link. It is
`receiving` until `finish`, then `quarantined`: sealed, unread, waiting for a worker.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, func, select, update

from exchange.core import gate
from exchange.core.errors import BadInput, NotFound, Refused
from exchange.core.model import Actor, Event, Given, Kind, State
from exchange.core.reference import new_reference
from exchange.steps import consent, dictation, upload
from exchange.steps.putting_in import Visitor, require_in_case, require_message, submit_link
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.reaper import discard
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

MOST_CHARACTERS = 200_000
LONGEST_QUESTION = 1_000
Hook = Callable[[Unit, Row[Any]], Awaitable[None]]
"""What else happens in the transaction of `begin_message` or `finish`, such as making the receipt's stop link."""


async def begin_message(  # noqa: PLR0913  # a message is this many things
    service: Service,
    actor: Actor,
    case_id: UUID,
    *,
    author: UUID,
    recipient: UUID,
    kind: Kind,
    answers: UUID | None = None,
    replaces: UUID | None = None,
    never_sent: bool = False,
    asks: bool = False,
    also: Hook | None = None,
) -> UUID:
    """Start a message from `author` to `recipient`, both of this case; its id. `also` runs in the same transaction.

    `answers`: what was for the author. `asks`: one question. `never_sent`: a letter never to be sent (rule 13).
    A visitor whose link has a message under way gets that one again, its kind changed if nothing was put in.
    Raises `Refused` with the reasons of the gate's SUBMIT (rule 10), BadInput for impossible people.
    """
    _possible(author, recipient, kind, asks=asks, never_sent=never_sent)
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        link = await require_in_case(unit.conn, actor, case_id, author)
        await people_of(unit, case_id, author, recipient)
        await _messages_of(unit, case_id, author, answers, replaces)
        if link and (under_way := await _under_way(unit, actor, kind, recipient)):
            return under_way
        message_id = await unit.add(
            t.message,
            id=uuid4(),
            reference=new_reference("M"),
            case_id=case_id,
            author_id=author,
            recipient_id=recipient,
            kind=kind,
            **({} if link else {"put_in_by": actor.id}),
            answers_id=answers,
            replaces_id=replaces,
            never_sent=(never_sent := never_sent or await _replaces_never_sent(unit, replaces)),
            asks=asks,
        )
        await _through(unit, link, message_id, also)
        told = {"kind": kind, "link": link, "form": "never_sent" if never_sent else "question" if asks else None}
        unit.leaf("message.begun", case=case_id, message=message_id, author=author, recipient=recipient, **told)
        return message_id


async def write_letter(
    service: Service,
    actor: Actor,
    message_id: UUID,
    untrusted_text: str,
    *,
    visitor: Visitor | None = None,
    given: Given = Given.PAPER,
) -> UUID:
    """Take a typed letter as one sealed upload, in place of what was typed before; the upload's id.

    `given`: how staff were given the words. What was said is shared only once it was read back (steps/dictation.py).
    """
    text = untrusted_text.replace("\r\n", "\n").replace("\x00", "")
    if not text.strip():
        raise BadInput("The letter is empty. Please write something first.", field="text")
    if len(text) > MOST_CHARACTERS:
        raise BadInput("The letter is longer than this service takes. Please split it in two.", field="text")
    await _one_question(service, message_id, text)
    body = text.encode("utf-8", "replace")
    if visitor is None and given is not Given.PAPER:
        await _note_given(service, actor, message_id, given)
    upload_id = await upload.begin_upload(service, actor, message_id, size=len(body), visitor=visitor, typed=True)
    await upload.append(service, actor, upload_id, 0, _once(body), visitor=visitor)
    await _drop_typed_before(service, actor, message_id, upload_id)
    if visitor is None and given is Given.PAPER:
        await _note_given(service, actor, message_id, given)
    return upload_id


async def _one_question(service: Service, message_id: UUID, text: str) -> None:
    """BadInput for a question that is a letter; each question is put by itself, so that it can be answered."""
    async with reading(service) as conn:
        asks = (await conn.execute(select(t.message.c.asks).where(t.message.c.id == message_id))).scalar_one_or_none()
    if asks and len(text) > LONGEST_QUESTION:
        raise BadInput("Keep to one short question. Put the next one by itself, or write a letter.", field="text")


async def _note_given(service: Service, actor: Actor, message_id: UUID, given: Given) -> None:
    """Said aloud: before the words are there, so that no break lets them be shared without being read back."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await require_message(unit.conn, actor, message)
        await dictation.note(unit, message, given)


async def finish(service: Service, actor: Actor, message_id: UUID, *, also: Hook | None = None) -> str:
    """Send it: everything has arrived, the message is quarantined and a worker is asked; its reference.

    A visitor's link is done with it. `also` runs in the same transaction, before its leaves are written.
    """
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        link = await require_message(unit.conn, actor, message)
        await ask_gate(unit, message)
        await received(unit, message)
        if link:
            await _end_link(unit, message, link)
        if also:
            await also(unit, message)
        return str(message.reference)


async def received(unit: Unit, message: Row[Any]) -> None:
    """All of it has come: quarantined, and a worker is asked. Within the caller's unit; BadInput where it has not."""
    uploads = await _complete_uploads(unit, message)
    await _supersede_replaced(unit, message)
    moved = await unit.move(message, Event.RECEIVE, progress=0, rejected_code=None)
    of_message = t.upload.c.message_id == message.id
    await unit.change(update(t.upload).where(of_message).values(key_wrapped=None, about_wrapped=None, expires_at=None))
    unit.leaf("message.put_in", case=message.case_id, message=message.id, count=len(uploads), **moved)
    for row in uploads:
        about = {"case": message.case_id, "message": message.id, "upload": row.id}
        unit.leaf("original.received", **about, size=row.received)
    await unit.defer("process_message", message=message.id)


async def put_in_again(service: Service, actor: Actor, message_id: UUID) -> None:
    """Begin the next round of a message that came back or could not be used; the original stays, sealed."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        link = await require_in_case(unit.conn, actor, message.case_id, message.author_id)
        if link and (await submit_link(unit.conn, actor)).message_id not in (None, message_id):
            raise NotFound
        moved = await unit.move(message, Event.PUT_IN_AGAIN, round=message.round + 1, progress=0, rejected_code=None)
        await _through(unit, link, message_id)
        unit.leaf("message.put_in_again", case=message.case_id, message=message_id, link=link, **moved)


def _possible(author: UUID, recipient: UUID, kind: Kind, *, asks: bool, never_sent: bool) -> None:
    if author == recipient:
        raise BadInput("A message goes from one person to another. Please choose two different people.")
    if asks and (kind is not Kind.LETTER or never_sent):
        raise BadInput("A question is put in writing, and it is there to be sent.", field="kind")


async def people_of(unit: Unit, case_id: UUID, author: UUID, recipient: UUID) -> None:
    """BadInput unless both are of this case."""
    p = t.participant
    there = select(func.count()).where(p.c.case_id == case_id, p.c.id.in_((author, recipient)))
    if (await unit.one(there))[0] != 2:
        raise BadInput("Both people must be in this case. Please choose them again.")


async def _messages_of(unit: Unit, case_id: UUID, author: UUID, answers: UUID | None, replaces: UUID | None) -> None:
    m = t.message
    theirs = (m.c.id == answers) & (m.c.case_id == case_id) & (m.c.recipient_id == author)
    if answers and await unit.maybe(select(m.c.id).where(theirs)) is None:
        raise NotFound
    mine = (m.c.id == replaces) & (m.c.case_id == case_id) & (m.c.author_id == author)
    if replaces and await unit.maybe(select(m.c.id).where(mine)) is None:
        raise NotFound


async def _through(unit: Unit, link: UUID | None, message_id: UUID, also: Hook | None = None) -> None:
    """The gate is asked, and the visitor's link is about this message from now on."""
    await ask_gate(unit, message := await unit.message(message_id))
    if also:
        await also(unit, message)
    if link:
        await unit.change(update(t.link).where(t.link.c.id == link).values(message_id=message_id))


async def _replaces_never_sent(unit: Unit, replaces: UUID | None) -> bool:
    if replaces is None:
        return False
    return bool((await unit.one(select(t.message.c.never_sent).where(t.message.c.id == replaces)))[0])


async def _under_way(unit: Unit, actor: Actor, kind: Kind, recipient: UUID) -> UUID | None:
    """The message that this visitor's link is already putting in, if there is one."""
    link = await submit_link(unit.conn, actor)
    m, u = t.message, t.upload
    row = await unit.maybe(select(*t.plain(m)).where(m.c.id == link.message_id, m.c.state == State.RECEIVING))
    if row is None:
        return None
    begun = await unit.maybe(select(u.c.id).where(u.c.message_id == row.id, u.c.state != "gone").limit(1)) is not None
    if row.recipient_id != recipient or (row.kind != kind and begun):
        raise Refused("Something was put in already. Take it away first, or send it.")
    if row.kind != kind:
        await unit.change(update(m).where(m.c.id == row.id).values(kind=kind))
        unit.leaf("message.kind_changed", case=row.case_id, message=row.id, kind=kind)
    return UUID(str(row.id))


async def ask_gate(unit: Unit, message: Row[Any]) -> None:
    """`Refused` with every reason why nothing may be put in for these people now (rule 10)."""
    known = await facts.load(unit.conn, message)
    gate.explain(gate.Act.SUBMIT, known, unit.now).require()


async def _complete_uploads(unit: Unit, message: Row[Any]) -> list[Row[Any]]:
    u = t.upload
    mine = (u.c.message_id == message.id) & (u.c.round == message.round) & (u.c.state != "gone")
    found = await unit.all(select(*t.plain(u)).where(mine).order_by(u.c.position, u.c.created_at).with_for_update())
    rows = await _last_typed(unit, message, found)
    if not rows:
        raise BadInput("Nothing has been put in yet. Please write something, or choose a file.")
    if any(row.state != "complete" for row in rows):
        raise BadInput("One file has not arrived completely. Please let it finish, or take it away.")
    if message.kind != Kind.LETTER and len(rows) > 1:
        raise BadInput("A recording is one file. Please take the others away.")
    return rows


async def _last_typed(unit: Unit, message: Row[Any], rows: list[Row[Any]]) -> list[Row[Any]]:
    """Of what was typed only the last: a text that a broken `write_letter` had not yet taken away goes now."""
    typed = sorted((row for row in rows if row.typed), key=lambda row: row.created_at)
    if typed and typed[-1].state != "complete":
        raise BadInput("The letter did not arrive completely. Please put it in once more.")
    for row in typed[:-1]:
        await discard(unit, row.id)
        unit.leaf("upload.dropped", case=message.case_id, message=message.id, upload=row.id)
    return [row for row in rows if row not in typed[:-1]]


async def _supersede_replaced(unit: Unit, message: Row[Any]) -> None:
    """What it replaces is superseded where that fits, and taken back elsewhere: only the new one goes on (rule 8)."""
    if message.replaces_id is None:
        return
    old = await unit.one(select(*t.plain(t.message)).where(t.message.c.id == message.replaces_id).with_for_update())
    if (State(old.state), Event.REPLACE) in gate.TRANSITIONS:
        moved = await unit.move(old, Event.REPLACE)
        unit.leaf("message.replaced", case=old.case_id, message=old.id, **moved)
    elif (State(old.state), Event.WITHDRAW) in gate.TRANSITIONS:
        await consent.withdraw(unit, old)


async def _end_link(unit: Unit, message: Row[Any], link: UUID) -> None:
    mine = (t.link.c.id == link) & t.link.c.state.in_(("live", "claimed"))
    await unit.change(
        update(t.link).where(mine).values(state="done", ended_at=func.now(), payload=None, secret_sealed=None)
    )
    # the question that was lent to it goes back: the session stays open for the receipt
    await unit.change(delete(t.grant).where(t.grant.c.link_id == link))
    unit.leaf("link.done", case=message.case_id, message=message.id, link=link, participant=message.author_id)


async def _drop_typed_before(service: Service, actor: Actor, message_id: UUID, keep: UUID) -> None:
    u = t.upload
    async with reading(service) as conn:
        typed = select(u.c.id).join(t.message, t.message.c.id == u.c.message_id).where(u.c.typed)
        mine = (u.c.message_id == message_id) & (u.c.round == t.message.c.round)
        earlier = typed.where(mine, u.c.state != "gone", u.c.id != keep)
        before = (await conn.execute(earlier)).scalars().all()
    for upload_id in before:
        await upload.drop_upload(service, actor, upload_id)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
