"""The pieces of a copy of what is held about one person, each from columns that are named here (core/own_copy.py).

`listed` says which there are; `piece` opens one for whoever looks it through and for the copy itself. Files are read
only when the copy is made (`steps/own_copy_files.py`).
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.errors import NotFound
from exchange.core.own_copy import Line, Part, Piece, free_words
from exchange.core.referrals import Known, whose
from exchange.core.telling import Someone, tells_of
from exchange.steps import own_copy_record, wording, wordings
from exchange.steps.appeals import NOT_TO_BE_SHARED
from exchange.store import notices
from exchange.store import tables as t
from exchange.store.sealing import Opener, service_opener
from exchange.store.service import Service

Records = tuple[tuple[Line, ...], ...]
ONCE = (
    Part.DETAILS, Part.CONTACT, Part.SITUATION, Part.CONSENTS, Part.NOTICES, Part.LINKS, Part.CORRECTIONS,
    Part.DISCLOSED, Part.OPENED,
)  # fmt: skip
OF_A_MESSAGE = (Part.ORIGINAL, Part.VERSION, Part.DECISIONS)


@dataclass(frozen=True)
class Whose:
    """Whose copy it is, and what opens their case. `person` is a row of `participant`."""

    service: Service
    conn: AsyncConnection
    opener: Opener
    person: Row[Any]

    def time(self, at: datetime | None) -> str:
        """A time in the service's zone, "" for none."""
        return at.astimezone(self.service.settings.zone).strftime("%Y-%m-%d %H:%M") if at else ""

    async def all(self, query: Any) -> list[Row[Any]]:
        """The rows of a query."""
        return list((await self.conn.execute(query)).all())


async def listed(of: Whose) -> list[tuple[Part, UUID | None]]:
    """Everything that there is of this person now, in the order of `Part`."""
    found: list[tuple[Part, UUID | None]] = [(part, None) for part in ONCE]
    f, m = t.feedback, t.message
    told = await of.all(select(f.c.id).where(f.c.participant_id == of.person.id).order_by(f.c.at))
    found += [(Part.TOLD, row.id) for row in told]
    mine = select(m.c.id).where(m.c.author_id == of.person.id, m.c.state != "erased").order_by(m.c.created_at)
    for row in await of.all(mine):
        found += [(part, row.id) for part in OF_A_MESSAGE]
    asked = await own_referral(of)
    if asked is not None:
        found.append((Part.REFERRAL, asked[0].id))
    order = list(Part)
    found = sorted(found, key=lambda one: order.index(one[0]))
    return [(part, about) for part, about in found if await _there(of, part, about)]


async def piece(of: Whose, part: Part, about: UUID | None) -> Piece:
    """One of them, opened. `NotFound` where it is not this person's or is there no more."""
    title = ""
    if part in OF_A_MESSAGE:
        title = (await own_message(of, about)).reference
    return Piece(part, about, title, await MAKERS[part](of, about))


async def own_message(of: Whose, message_id: UUID | None) -> Row[Any]:
    """A message that this person is the author of; `NotFound` for any other."""
    m = t.message
    query = select(m.c.id, m.c.reference, m.c.kind, m.c.created_at, m.c.put_in_by, m.c.case_id)
    mine = query.where(m.c.id == message_id, m.c.author_id == of.person.id, m.c.state != "erased")
    rows = await of.all(mine)
    if not rows:
        raise NotFound
    return rows[0]


async def _there(of: Whose, part: Part, about: UUID | None) -> bool:
    return bool(await MAKERS[part](of, about))


async def _details(of: Whose, _: UUID | None) -> Records:
    person, opened = of.person, of.opener.open
    return (
        (
            Line("name", opened(person.name_sealed, "participant.name", person.id)),
            Line("form_of_name", opened(person.form_of_name_sealed, "participant.form_of_name", person.id)),
            Line("signature", opened(person.signature_sealed, "participant.signature", person.id)),
            Line("side", person.side, coded=True),
            Line("needs", opened(person.needs_sealed, "participant.needs", person.id)),
            Line("custody", _yes(person.custody), coded=True),
            Line("under_18", _yes(person.under_18), coded=True),
            Line("of_age_at", of.time(person.of_age_at)),
            Line("language", person.language, coded=True),
            Line("author_may_learn", ", ".join(person.author_may_learn), coded=True),
            Line("since", of.time(person.created_at)),
        ),
    )


async def _contact(of: Whose, _: UUID | None) -> Records:
    s, found = t.safe_contact, []
    for row in await of.all(select(s).where(s.c.participant_id == of.person.id).order_by(s.c.at.desc())):
        told = json.loads(of.opener.open(row.detail_sealed, "safe_contact.detail", row.id))
        words = [Line(name, str(told.get(name) or "")) for name in ("address", "hours", "words", "who_may_answer")]
        found.append((Line("at", of.time(row.at)), Line("means", row.means, coded=True), *words))
    return tuple(found)


async def _referral(of: Whose, _: UUID | None) -> Records:
    asked = await own_referral(of)
    if asked is None:
        return ()
    row, answers = asked
    lines = [Line(name, str(value)) for name, value in answers.items()]
    return ((Line("reference", row.reference), Line("at", of.time(row.created_at)), *lines),)


async def own_referral(of: Whose) -> tuple[Row[Any], dict[str, Any]] | None:
    """What they told when they asked to take part, where it is certain that it was they."""
    r = t.referral
    found = await of.all(select(r).where(r.c.case_id == of.person.case_id, r.c.detail_sealed.is_not(None)))
    known = {one.id: Known(name, one.side, addresses) for one, name, addresses in await _people(of)}
    for row in found:
        opener = await service_opener(of.service, of.conn)
        answers = json.loads(opener.open(row.detail_sealed, "referral.detail", row.id))
        if whose(answers, known) == of.person.id:
            return row, answers
    return None


async def tells_of_others(of: Whose, found: Piece) -> bool:
    """Whether a line of it that somebody wrote holds a name or an address of anybody else of the case (rule 17)."""
    people = {}
    for one, name, addresses in await _people(of):
        form = of.opener.open(one.form_of_name_sealed, "participant.form_of_name", one.id)
        people[one.id] = Someone(name, form, tuple(addresses))
    reader = people.pop(of.person.id)
    return any(tells_of(words, reader, people.values()) for words in free_words(found))


async def _people(of: Whose) -> list[tuple[Row[Any], str, list[str]]]:
    """Everybody of the case: their row, full name, and every address that was recorded."""
    p, s, found = t.participant, t.safe_contact, []
    for one in await of.all(select(p).where(p.c.case_id == of.person.case_id)):
        rows = await of.all(select(s).where(s.c.participant_id == one.id))
        told = [json.loads(of.opener.open(row.detail_sealed, "safe_contact.detail", row.id)) for row in rows]
        name = of.opener.open(one.name_sealed, "participant.name", one.id)
        found.append((one, name, [str(each.get("address") or "") for each in told]))
    return found


async def _situation(of: Whose, _: UUID | None) -> Records:
    """What was recorded about them, without the notes that staff wrote for themselves."""
    f = t.fact
    query = select(f.c.kind, f.c.value, f.c.until, f.c.at).where(f.c.participant_id == of.person.id)
    return tuple(
        (
            Line("kind", row.kind, coded=True),
            Line("value", row.value, coded=True),
            Line("at", of.time(row.at)),
            Line("until", of.time(row.until)),
        )
        for row in await of.all(query.order_by(f.c.number))
    )


async def _consents(of: Whose, _: UUID | None) -> Records:
    c, m = t.consent, t.message
    columns = (c.c.kind, c.c.given, c.c.method, c.c.wording, c.c.detail, c.c.at)
    mine = m.c.reference.label("message"), m.c.author_id
    query = select(*columns, *mine).outerjoin(m, m.c.id == c.c.message_id).where(c.c.participant_id == of.person.id)
    return tuple([await _consent(of, row) for row in await of.all(query.order_by(c.c.number))])


async def _consent(of: Whose, row: Row[Any]) -> tuple[Line, ...]:
    try:
        shown = row.detail.get("language") or of.person.language
        words = "\n".join((await wordings.read_with(of.conn, row.wording, shown)).paragraphs)
    except NotFound:
        words = ""
    # the reference of somebody else's message is not theirs
    about = row.message if row.author_id == of.person.id else ""
    return (
        Line("kind", row.kind, coded=True),
        Line("answer", _yes(row.given), coded=True),
        Line("at", of.time(row.at)),
        Line("method", row.method, coded=True),
        Line("message", about or ""),
        Line("how_to_receive", str(row.detail.get("how_to_receive") or ""), coded=True),
        Line("author_may_learn", ", ".join(row.detail.get("author_may_learn") or ()), coded=True),
        Line("wording", row.wording, coded=True),
        Line("words", words, coded=True),
    )


async def _notices(of: Whose, _: UUID | None) -> Records:
    """What they said is safe, and every notice with its words."""
    w, n = t.notice_wish, t.notice
    found: list[tuple[Line, ...]] = []
    for row in await of.all(select(w).where(w.c.participant_id == of.person.id).order_by(w.c.at)):
        told = of.opener.open(row.detail_sealed, notices.COLUMN, row.id)
        address = str(json.loads(told)["address"]) if told else ""
        means = Line("means", row.means or "none", coded=True)
        found.append((Line("at", of.time(row.at)), means, Line("address", address)))
    columns = (n.c.event, n.c.means, n.c.state, n.c.wording, n.c.tried_at, n.c.asked_at)
    for row in await of.all(select(*columns).where(n.c.participant_id == of.person.id).order_by(n.c.asked_at)):
        text = wording.wording(row.wording, of.person.language).paragraphs if row.wording else ()
        found.append(
            (
                Line("at", of.time(row.tried_at or row.asked_at)),
                Line("means", row.means, coded=True),
                Line("outcome", row.state, coded=True),
                Line("words", "\n".join(text), coded=True),
            )
        )
    return tuple(found)


async def _links(of: Whose, _: UUID | None) -> Records:
    """Every link that was made for them: what for and how it reached them, nothing that opens it."""
    k = t.link
    columns = (k.c.purpose, k.c.channel, k.c.created_at, k.c.claimed_at, k.c.ended_at)
    query = select(*columns).where(k.c.participant_id == of.person.id).order_by(k.c.created_at)
    return tuple(
        (
            Line("purpose", row.purpose, coded=True),
            Line("means", row.channel or "", coded=True),
            Line("at", of.time(row.created_at)),
            Line("used", of.time(row.claimed_at)),
            Line("ended", of.time(row.ended_at)),
        )
        for row in await of.all(query)
    )


async def _disclosed(of: Whose, _: UUID | None) -> Records:
    """To whom something about them was passed on, and what allowed it; not the words, which may be about others."""
    d = t.disclosure
    mine = (d.c.case_id == of.person.case_id, d.c.concerned.contains([of.person.id]))
    return tuple(
        (
            Line("at", of.time(row.at)),
            Line("purpose", row.kind, coded=True),
            Line("authority", of.opener.open(row.authority_sealed, "disclosure.authority", row.id)),
            Line("basis", row.basis, coded=True),
            Line("duty", of.opener.open(row.duty_sealed, "disclosure.duty", row.id)),
        )
        for row in await of.all(select(d).where(*mine).order_by(d.c.at))
    )


async def _corrections(of: Whose, _: UUID | None) -> Records:
    """What they said is wrong, and the answer that was written for them."""
    r = t.rectification
    return tuple(
        (
            Line("at", of.time(row.at)),
            Line("text", of.opener.open(row.said_sealed, "rectification.said", row.id)),
            Line("outcome", row.outcome or "", coded=True),
            Line("reason", of.opener.open(row.answer_sealed, "rectification.answer", row.id)),
        )
        for row in await of.all(select(r).where(r.c.participant_id == of.person.id).order_by(r.c.at))
    )


async def _told(of: Whose, about: UUID | None) -> Records:
    f = t.feedback
    rows = await of.all(select(f).where(f.c.id == about, f.c.participant_id == of.person.id))
    return tuple(
        (
            Line("kind", row.kind, coded=True),
            Line("at", of.time(row.at)),
            Line("text", of.opener.open(row.text_sealed, "feedback.text", row.id)),
        )
        for row in rows
    )


async def _original(of: Whose, about: UUID | None) -> Records:
    message = await own_message(of, about)
    rows = await of.all(originals(message.id))
    given = tuple(
        (
            Line("file_name", of.opener.open(row.name_sealed, "upload.name", row.id)),
            Line("size", str(row.received)),
            Line("at", of.time(row.confirmed_at)),
        )
        for row in rows
    )
    put_in = "staff" if message.put_in_by else "you"
    about_it = (Line("kind", message.kind, coded=True), Line("at", of.time(message.created_at)))
    return ((*about_it, Line("put_in_by", put_in, coded=True)), *given) if given else ()


async def _version(of: Whose, about: UUID | None) -> Records:
    message = await own_message(of, about)
    row = await newest_version(of, message.id)
    if row is None:
        return ()
    return ((Line("number", str(row.number)), Line("at", of.time(row.at)), Line("code", row.version_code)),)


async def _decisions(of: Whose, about: UUID | None) -> Records:
    """What was decided about their message, and the reasons that were written for them to read.

    That it is not to be shared: once they were told, and in the words in which they were told (rule 21).
    """
    message, r, told = await own_message(of, about), t.review, t.told
    said = await of.all(select(told).where(told.c.message_id == message.id).order_by(told.c.at))
    known = r.c.decision.not_in(NOT_TO_BE_SHARED)
    if said:
        known = known | (r.c.at <= said[-1].at)
    query = select(r.c.id, r.c.decision, r.c.reason_sealed, r.c.at).where(r.c.message_id == message.id, known)
    return tuple(
        [_decided(of, row) for row in await of.all(query.order_by(r.c.at))]
        + [
            (
                Line("decision", row.kind, coded=True),
                Line("at", of.time(row.at)),
                Line("means", row.means, coded=True),
                Line("reason", of.opener.open(row.words_sealed, "told.words", row.id)),
            )
            for row in said
        ]
    )


def _decided(of: Whose, row: Row[Any]) -> tuple[Line, ...]:
    told = (Line("decision", row.decision, coded=True), Line("at", of.time(row.at)))
    if row.decision in NOT_TO_BE_SHARED:
        return told
    return (*told, Line("reason", of.opener.open(row.reason_sealed, "review.reason", row.id)))


async def _opened(of: Whose, _: UUID | None) -> Records:
    asked = await own_referral(of)
    return await own_copy_record.opened(of.conn, of.person, asked[0].id if asked else None, of.time)


def originals(message_id: UUID) -> Any:
    """The files of the rounds that were made safe. What was refused as harmful is handed to nobody."""
    u, r = t.upload, t.revision
    safe = select(r.c.id).where(r.c.message_id == u.c.message_id, r.c.round == u.c.round).exists()
    mine = (u.c.message_id == message_id, u.c.state == "confirmed", u.c.key_sealed.is_not(None), safe)
    return select(u).where(*mine).order_by(u.c.round, u.c.position, u.c.created_at)


async def newest_version(of: Whose, message_id: UUID) -> Row[Any] | None:
    """The newest clean version, None where there is none."""
    r = t.revision
    query = select(r).where(r.c.message_id == message_id, r.c.clean, r.c.key_sealed.is_not(None))
    return (await of.conn.execute(query.order_by(r.c.number.desc()).limit(1))).one_or_none()


def _yes(value: bool) -> str:
    return "yes" if value else "no"


Maker = Callable[[Whose, UUID | None], Awaitable[Records]]
MAKERS: dict[Part, Maker] = {
    Part.DETAILS: _details,
    Part.CONTACT: _contact,
    Part.REFERRAL: _referral,
    Part.SITUATION: _situation,
    Part.CONSENTS: _consents,
    Part.NOTICES: _notices,
    Part.LINKS: _links,
    Part.TOLD: _told,
    Part.ORIGINAL: _original,
    Part.VERSION: _version,
    Part.DECISIONS: _decisions,
    Part.DISCLOSED: _disclosed,
    Part.CORRECTIONS: _corrections,
    Part.OPENED: _opened,
}
