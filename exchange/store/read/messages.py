"""One message: where it stands, what is still needed, its versions and decisions."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access, checklist, gate
from exchange.core.access import READS_INSIDE, Permission, Relation
from exchange.core.export import Filter
from exchange.core.gate import NEVER_SENT, TRANSITIONS, Act, Facts
from exchange.core.model import Actor, Event, State
from exchange.store import facts, ledger_read, near
from exchange.store import tables as t
from exchange.store.read.names import forms_of_name, staff_names
from exchange.store.sealing import Opener, reader_of
from exchange.store.service import Service
from exchange.store.unit import reading

# The next act of sharing from each state: what "what is still needed before …" is about.
NEXT_ACT: dict[State, Act] = {
    State.IN_REVIEW: Act.PREVIEW,
    State.APPROVED: Act.OFFER,
    State.OFFERED: Act.RELEASE,
    State.DECLINED: Act.OFFER,
    State.LATER: Act.OFFER,
    State.ACCEPTED: Act.RELEASE,
    State.LAPSED: Act.RELEASE,
    State.RELEASED: Act.RELEASE,
    State.OPENED: Act.RELEASE,
}


@dataclass(frozen=True)
class MessageView:
    """Everything the message page tells but the content. Text columns are opened for the team only."""

    message: Row[Any]
    case: Row[Any]
    relation: Relation
    author: str
    recipient: str
    needs: list[tuple[str, str]]
    """Access needs of author and recipient (rule 19): who, by the agreed form of name, and what; for the team."""
    known: Facts
    next_act: Act | None
    needed: list[tuple[gate.Reason, checklist.Line]]
    events: frozenset[Event]
    revisions: list[Row[Any]]
    changes: dict[UUID, str]
    edits: dict[UUID, list[dict[str, Any]]]
    parts: dict[UUID, list[Row[Any]]]
    reviews: list[tuple[Row[Any], str]]
    notes: list[tuple[Row[Any], str]]
    consents: list[Row[Any]]
    offers: list[tuple[Row[Any], str]]
    releases: list[tuple[Row[Any], str]]
    links: list[Row[Any]]
    concern: Row[Any] | None
    concern_log: list[tuple[Row[Any], str]]
    uploads: list[Row[Any]]
    staff: dict[UUID, str]
    leaves: list[int]
    early: Row[Any] | None
    now: datetime

    @property
    def newest(self) -> Row[Any] | None:
        """The newest revision."""
        return self.revisions[0] if self.revisions else None


async def message_view(service: Service, actor: Actor, message_id: UUID) -> MessageView:
    """The message page. A supervisor outside the team sees where it stands, not the team's words."""
    async with reading(service) as conn:
        message = (await conn.execute(select(t.message).where(t.message.c.id == message_id))).one_or_none()
        case_id = message.case_id if message else await near.case_of_message(conn, message_id)
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
        return await _view(service, conn, actor, message)


async def _view(service: Service, conn: AsyncConnection, actor: Actor, message: Any) -> MessageView:
    now = (await conn.execute(select(func.now()))).scalar_one()
    known = await facts.load(conn, message, asker=actor.id)
    act = None if message.never_sent else NEXT_ACT.get(State(message.state))
    names = await forms_of_name(service, conn, [message.case_id])
    near_to = await near.relation(conn, message.case_id, actor.id)
    opener = await reader_of(service, conn, message.case_id) if near_to in READS_INSIDE else None
    revisions = await _of(conn, t.revision, message.id, t.revision.c.number.desc())
    concern = next(iter(await _of(conn, t.concern, message.id, t.concern.c.at.desc())), None)
    return MessageView(
        message=message,
        case=(await conn.execute(select(t.cases).where(t.cases.c.id == message.case_id))).one(),
        relation=near_to,
        author=names[message.author_id],
        recipient=names[message.recipient_id],
        needs=await _needs(conn, opener, message, names) if opener else [],
        known=known,
        next_act=act,
        needed=checklist.lines(gate.explain(act, known, now).reasons) if act else [],
        events=_events(actor, near_to, message),
        revisions=revisions,
        changes={row.id: words for row, words in _opened(opener, revisions, "revision.change")},
        edits={row.id: json.loads(told or "[]") for row, told in _opened(opener, revisions, "revision.edits")},
        parts={r.id: await _parts(conn, r.id) for r in revisions},
        reviews=_opened(opener, await _of(conn, t.review, message.id, t.review.c.at.desc()), "review.reason"),
        notes=_opened(opener, await _of(conn, t.review_note, message.id, t.review_note.c.at), "review_note.text"),
        consents=await _of(conn, t.consent, message.id, t.consent.c.number.desc()),
        offers=_opened(opener, await _of(conn, t.offer, message.id, t.offer.c.at.desc()), "offer.content_note"),
        releases=_opened(opener, await _of(conn, t.release, message.id, t.release.c.at.desc()), "release.present"),
        links=await _links(conn, message.id),
        concern=concern,
        concern_log=await _log(conn, opener, concern),
        uploads=await _of(conn, t.upload, message.id, t.upload.c.position),
        staff=await staff_names(conn),
        leaves=await _leaves(conn, message.id),
        early=next(iter(await _early(conn, message)), None) if opener else None,
        now=now,
    )


async def _needs(
    conn: AsyncConnection, opener: Opener, message: Row[Any], names: dict[UUID, str]
) -> list[tuple[str, str]]:
    people = (message.author_id, message.recipient_id)
    p = t.participant
    rows = (await conn.execute(select(p.c.id, p.c.needs_sealed).where(p.c.id.in_(people)).order_by(p.c.side))).all()
    told = [(names[row.id], opener.open(row.needs_sealed, "participant.needs", row.id)) for row in rows]
    return [(name, needs) for name, needs in told if needs]


def _events(actor: Actor, near_to: Relation, message: Row[Any]) -> frozenset[Event]:
    """What can happen to it now; erasing is named only to whoever may."""
    may_erase = access.may(actor, Permission.CASE_CLOSE, near_to)
    fitting = NEVER_SENT if message.never_sent else frozenset(Event) - {Event.KEEP}
    now = fitting if may_erase else fitting - {Event.ERASE}
    return frozenset(e for s, e in TRANSITIONS if s == message.state and e in now)


def _opened(opener: Opener | None, rows: list[Row[Any]], column: str) -> list[tuple[Row[Any], str]]:
    """Rows with their one sealed text opened, "" for whoever is not on the team."""
    name = column.split(".")[1] + "_sealed"
    return [(row, opener.open(getattr(row, name), column, row.id) if opener else "") for row in rows]


async def _of(conn: AsyncConnection, table: Any, message_id: UUID, order: Any) -> list[Row[Any]]:
    return list((await conn.execute(select(table).where(table.c.message_id == message_id).order_by(order))).all())


async def _parts(conn: AsyncConnection, revision_id: UUID) -> list[Row[Any]]:
    query = select(t.part).where(t.part.c.revision_id == revision_id).order_by(t.part.c.position)
    return list((await conn.execute(query)).all())


async def _links(conn: AsyncConnection, message_id: UUID) -> list[Row[Any]]:
    hidden = {"payload", "secret_sealed", "lookup_hash", "claimed_by_cookie"}
    shown = [c for c in t.link.c if c.name not in hidden]
    query = select(*shown).where(t.link.c.message_id == message_id).order_by(t.link.c.created_at.desc())
    return list((await conn.execute(query)).all())


async def _log(conn: AsyncConnection, opener: Opener | None, concern: Row[Any] | None) -> list[tuple[Row[Any], str]]:
    if concern is None:
        return []
    n = t.concern_note
    rows = list((await conn.execute(select(n).where(n.c.concern_id == concern.id).order_by(n.c.at))).all())
    return _opened(opener, rows, "concern_note.text")


async def _early(conn: AsyncConnection, message: Row[Any]) -> list[Row[Any]]:
    """The sound that may be heard while the picture is still being made, without its key."""
    mine = (t.early.c.message_id == message.id) & (t.early.c.round == message.round)
    if message.state != State.QUARANTINED:
        return []
    return list((await conn.execute(select(*t.plain(t.early)).where(mine))).all())


async def _leaves(conn: AsyncConnection, message_id: UUID) -> list[int]:
    """The numbers of this message's leaves in the record, newest first, at most 50."""
    found = await ledger_read.leaves(conn, filters=Filter(message=str(message_id)), limit=50, newest_first=True)
    return [leaf.index for leaf in found]
