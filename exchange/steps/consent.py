"""A participant's recorded decisions: to take part, to be asked, to share this version, to receive this message.

Given or withdrawn at any time, by link or recorded by a facilitator (in person, phone, writing, paper); who,
when, how and which wording are kept (rule 5). A withdrawal kills every grant in the same statement.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, insert, or_, select, update

from exchange.core import gate
from exchange.core.access import Permission
from exchange.core.errors import BadInput, NotFound, Refused
from exchange.core.gate import Act
from exchange.core.model import Actor, ActorKind, ConsentKind, Event, Method, Purpose, Receiving, State, Status
from exchange.steps import dictation, gone, wordings
from exchange.steps.revoke import LIVE, end_links, kill_links, move_if
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.sealing import seal_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

ABOUT_A_MESSAGE = (ConsentKind.SHARE, ConsentKind.RECEIVE, ConsentKind.SHARE_AFTER)
MADE_FOR = {
    ConsentKind.SHARE: (Purpose.PREVIEW,),
    ConsentKind.SHARE_AFTER: (Purpose.PREVIEW,),
    ConsentKind.RECEIVE: (Purpose.DECIDE,),
}
"""The link through which a participant can agree. Taking back goes through any link about the message."""


@dataclass(frozen=True)
class Said:
    """How a decision was made. `how_to_receive` and `author_may_learn` belong to receiving (rules 3, 4).

    `wording`, `language`: the version they were shown, and in which language; a yes needs words of that decision.
    `read_back`: what the author had dictated was read to them word for word before they agreed.
    """

    method: Method
    wording: str
    language: str = "en"
    note: str = ""
    how_to_receive: Receiving | None = None
    author_may_learn: tuple[str, ...] = ()
    paper_code: str = ""
    read_back: bool = False
    detail: dict[str, Any] = field(default_factory=dict)


async def record(
    service: Service,
    actor: Actor,
    participant_id: UUID,
    kind: ConsentKind,
    given: bool,
    said: Said,
    *,
    message_id: UUID | None = None,
    digest: str | None = None,
) -> None:
    """Record a decision; a facilitator for a participant, or the participant through a link."""
    require_own_hand(actor, said.method)
    async with unit_of_work(service, actor) as unit:
        person, message = await _who(unit, participant_id, message_id)
        await _may_record(unit, person, message, MADE_FOR.get(kind, ()) if given else None)
        await apply(unit, person, kind, given, said, message=message, digest=digest)


def require_own_hand(actor: Actor, method: Method) -> None:
    """BadInput where somebody else records as given by link what only the person's own visit can say."""
    if method is Method.LINK and actor.kind is not ActorKind.PARTICIPANT:
        raise BadInput("Only the person themselves answers through their link. Say how they told you.", field="method")


async def apply(
    unit: Unit,
    person: Row[Any],
    kind: ConsentKind,
    given: bool,
    said: Said,
    *,
    message: Row[Any] | None = None,
    digest: str | None = None,
) -> UUID:
    """Write the decision and what follows from it, inside the caller's unit. The consent's id."""
    if given:
        await wordings.require(unit, kind, said.wording, said.language)
    if kind in ABOUT_A_MESSAGE and message is None:
        raise BadInput("Say which message this decision is about.")
    about = message if kind in ABOUT_A_MESSAGE else None
    if kind is ConsentKind.SHARE_AFTER and message is not None:
        await _beforehand(unit, person, message, given)
    consent = await _add(unit, person, kind, given, said, about, digest)
    moved: dict[str, str] = {}
    if kind is ConsentKind.SHARE and message is not None:
        moved = await _share(unit, person, message, given, consent, digest, said)
    elif kind is ConsentKind.RECEIVE and message is not None:
        moved = await _receive(unit, person, message, given, consent)
    elif kind is ConsentKind.TAKE_PART and not given:
        await leave(unit, person)
    unit.leaf(
        "consent.given" if given else "consent.withdrawn",
        case=person.case_id,
        participant=person.id,
        scope=kind,
        message=about.id if about is not None else None,
        digest=digest if about is not None else None,
        consent=consent,
        method=said.method,
        wording=said.wording,
        language=said.language,
        **moved,
    )
    return consent


async def postpone(service: Service, actor: Actor, participant_id: UUID, message_id: UUID, said: Said) -> None:
    """Not now: nothing is decided, nobody is pressed (rule 6)."""
    require_own_hand(actor, said.method)
    async with unit_of_work(service, actor) as unit:
        person, message = await _who(unit, participant_id, message_id)
        await _may_record(unit, person, message)
        if message is None or message.recipient_id != person.id:
            raise NotFound
        await unit.change(delete(t.receive_current).where(t.receive_current.c.message_id == message.id))
        await end_links(unit, message.id, (Purpose.VIEW,))
        moved = await unit.move(message, Event.POSTPONE)
        unit.leaf(
            "consent.postponed",
            case=person.case_id,
            participant=person.id,
            message=message.id,
            method=said.method,
            **moved,
        )


async def withdraw_message(service: Service, actor: Actor, message_id: UUID) -> None:
    """The author takes the message back, whatever its state; what was opened is not revealed (rule 8)."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == message.author_id))
        await _may_record(unit, person, message)
        await withdraw(unit, message)


async def withdraw(unit: Unit, message: Row[Any]) -> None:
    """The withdrawal itself, inside the caller's unit. During a concern it stops the sharing only."""
    await unit.change(delete(t.share_current).where(t.share_current.c.message_id == message.id))
    await end_links(unit, message.id, (Purpose.VIEW, Purpose.PREVIEW, Purpose.DECIDE, Purpose.SUBMIT))
    moved = await unit.move(message, Event.WITHDRAW, withdrawn_at=unit.now)
    unit.leaf("message.withdrawn", case=message.case_id, message=message.id, participant=message.author_id, **moved)


async def _who(unit: Unit, participant_id: UUID, message_id: UUID | None) -> tuple[Row[Any], Row[Any] | None]:
    message = await unit.message(message_id) if message_id else None
    person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == participant_id))
    if message is not None and message.case_id != person.case_id:
        raise NotFound
    await unit.case(person.case_id)
    return person, message


async def _may_record(
    unit: Unit, person: Row[Any], message: Row[Any] | None, through: tuple[Purpose, ...] | None = None
) -> None:
    """A participant decides for themselves, and only about what their open link is for; staff by assignment."""
    if unit.actor.kind is ActorKind.PARTICIPANT:
        s, k = t.portal_session, t.link
        mine = select(k.c.message_id, k.c.purpose).join(s, s.c.link_id == k.c.id).where(s.c.state == "open")
        link = await unit.maybe(mine.where(s.c.id == unit.actor.session, k.c.participant_id == person.id))
        if unit.actor.id != person.id or link is None or message is None or link.message_id != message.id:
            raise NotFound
        if through is not None and link.purpose not in through:
            raise NotFound
        return
    await near.require(unit.conn, unit.actor, Permission.CONSENT, person.case_id)


async def _add(
    unit: Unit,
    person: Row[Any],
    kind: ConsentKind,
    given: bool,
    said: Said,
    message: Row[Any] | None,
    digest: str | None,
) -> UUID:
    seal = await seal_of(unit.conn, person.case_id)
    row = uuid4()
    detail = {**said.detail, "language": said.language, "author_may_learn": list(said.author_may_learn)}
    if said.how_to_receive:
        detail["how_to_receive"] = said.how_to_receive.value
    if said.read_back:
        detail[dictation.READ_BACK] = True
    await unit.change(update(t.cases).where(t.cases.c.id == person.case_id).values(moved_at=unit.now))
    # a participant's own row names no member of staff: the portal's role has no right to these columns
    by_staff = {"recorded_by": unit.actor.id} if unit.actor.kind is ActorKind.STAFF else {}
    noted = {"note_sealed": seal.seal(said.note, "consent.note", row)} if said.note else {}
    return await unit.add(
        t.consent,
        id=row,
        participant_id=person.id,
        kind=kind,
        message_id=message.id if message is not None else None,
        digest=digest if message is not None else None,
        given=given,
        method=said.method,
        wording=said.wording,
        detail=detail,
        **by_staff,
        **noted,
    )


async def _share(
    unit: Unit, person: Row[Any], message: Row[Any], given: bool, consent: UUID, digest: str | None, said: Said
) -> dict[str, str]:
    """Condition 6. Agreeing needs the author's own preview conditions, and on paper the printed version code."""
    if message.author_id != person.id or digest is None:
        raise NotFound
    if not given:
        for table in (t.share_current, t.receive_current):
            await unit.change(delete(table).where(table.c.message_id == message.id))
        await end_links(unit, message.id, (Purpose.VIEW, Purpose.DECIDE))
        return await move_if(unit, message, Event.UNSHARE)
    known = await facts.load(unit.conn, message, digest=digest)
    gate.explain(Act.PREVIEW, known, unit.now).require()
    if said.method is Method.PAPER:
        await _right_paper(unit, message, digest, said.paper_code)
    await dictation.require_read_back(unit, message, said.method, read_back=said.read_back)
    await _share_in_force(unit, message, digest, consent)
    return {}


async def _beforehand(unit: Unit, person: Row[Any], message: Row[Any], given: bool) -> None:
    """What is to be shared after a death is said by its author, while they can be asked; a no is always possible."""
    if message.author_id != person.id or message.never_sent:
        raise NotFound
    if given and await gone.status_of(unit, person.case_id, person.id) is not Status.ACTIVE:
        raise Refused("They cannot be asked any more. What they said before is what counts.")


async def _share_in_force(unit: Unit, message: Row[Any], digest: str, consent: UUID) -> None:
    """Agreeing once more to the same version changes who and when, and does not end a reading under way."""
    s = t.share_current
    same = s.c.message_id == message.id, s.c.digest == digest
    if await unit.change(update(s).where(*same).values(consent_id=consent)):
        return
    await unit.change(delete(s).where(s.c.message_id == message.id))
    await unit.conn.execute(insert(s).values(message_id=message.id, digest=digest, consent_id=consent))
    await _task_for_team(unit, message, "share_agreed")


async def _right_paper(unit: Unit, message: Row[Any], digest: str, code: str) -> None:
    revision = await unit.one(
        select(t.revision.c.version_code).where(t.revision.c.message_id == message.id, t.revision.c.digest == digest)
    )
    if code.strip().upper().replace(" ", "") != revision.version_code:
        raise BadInput("That is not the code printed on this version. Check the paper.", field="paper_code")


async def _receive(unit: Unit, person: Row[Any], message: Row[Any], given: bool, consent: UUID) -> dict[str, str]:
    """Condition 7: accepted or declined; a no can be reconsidered (rule 6)."""
    if message.recipient_id != person.id:
        raise NotFound
    since = await _no_longer_accepted(unit, message)
    if not given:
        await end_links(unit, message.id, (Purpose.VIEW,))
        return await unit.move(message, Event.DECLINE)
    if unit.actor.kind is ActorKind.PARTICIPANT:
        # what could not be offered now cannot be accepted now; what staff record was said to them in person
        gate.explain(Act.OFFER, await facts.load(unit.conn, message), unit.now).require()
    # whoever said yes before changes how they receive it, or what the author may learn (rules 3, 4)
    moved = {} if message.state == State.ACCEPTED else await unit.move(message, Event.ACCEPT)
    accepted = {"message_id": message.id, "consent_id": consent, "since": since or unit.now}
    await unit.conn.execute(insert(t.receive_current).values(**accepted))
    if unit.actor.kind is ActorKind.PARTICIPANT and unit.actor.session is not None:
        # Where the facilitator allowed it when offering, a worker hands this very session the key.
        await unit.defer("grant_on_acceptance", session=unit.actor.session, message=message.id)
    return moved


async def _no_longer_accepted(unit: Unit, message: Row[Any]) -> datetime | None:
    """Take the yes in force away; since when it stood, None without one."""
    r = t.receive_current
    standing = await unit.maybe(select(r.c.since).where(r.c.message_id == message.id))
    await unit.change(delete(r).where(r.c.message_id == message.id))
    return standing.since if standing else None


async def leave(unit: Unit, person: Row[Any], *, closing: bool = False) -> None:
    """Who no longer takes part shares and receives nothing from this moment on; inside the caller's unit.

    `closing`: the case ends, and nobody said no: what the recipient has opened stays opened.
    """
    m, k = t.message, t.link
    invited = k.c.participant_id == person.id, k.c.purpose != Purpose.STOP, k.c.state.in_(LIVE)
    theirs = await unit.all(select(*t.plain(m)).where(or_(m.c.author_id == person.id, m.c.recipient_id == person.id)))
    for message in theirs:
        await end_links(unit, message.id, tuple(p for p in Purpose if p is not Purpose.STOP))
        # what was accepted is asked anew, whoever of the two left
        await unit.change(delete(t.receive_current).where(t.receive_current.c.message_id == message.id))
        if message.author_id == person.id:
            await unit.change(delete(t.share_current).where(t.share_current.c.message_id == message.id))
            moved = await move_if(unit, message, Event.UNSHARE)
        elif closing and message.state == State.OPENED:
            moved = {}
        else:
            moved = await move_if(unit, message, Event.DECLINE)
        if moved:
            unit.leaf("message.stopped", case=message.case_id, message=message.id, **moved)
    # invitations that no message has come of yet
    await kill_links(unit, [row.id for row in await unit.all(select(k.c.id).where(*invited))], "revoked")


async def _task_for_team(unit: Unit, message: Row[Any], kind: str) -> None:
    await unit.add(t.task, case_id=message.case_id, message_id=message.id, kind=kind, due_at=unit.now)
