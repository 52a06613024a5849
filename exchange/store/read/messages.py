"""One message: where it stands, what is still needed, its versions and decisions."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access, checklist, gate
from exchange.core.access import READS_INSIDE, Permission, Relation
from exchange.core.errors import NotFound
from exchange.core.export import Filter
from exchange.core.gate import NEVER_SENT, TRANSITIONS, Act, Facts
from exchange.core.model import Actor, Event, State
from exchange.store import facts, ledger_read, near
from exchange.store import tables as t
from exchange.store.read.names import FORM_OF_NAME
from exchange.store.sealing import Opener, reader_of
from exchange.store.service import Service
from exchange.store.together import Together
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
    signature: str
    """How the author signs; "" for not signed, and for whoever is not on the team."""
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
    packs: dict[UUID, str]
    dictated: bool
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
        if message is None:
            raise NotFound
        near_to = await near.require(conn, actor, Permission.CASE_SEE, message.case_id)
        reader = await reader_of(service, conn, message.case_id)
        return await _view(conn, actor, message, near_to, reader)


async def _view(conn: AsyncConnection, actor: Actor, message: Any, near_to: Relation, reader: Opener) -> MessageView:
    found = await _ROWS.read(conn, message=message.id, case=message.case_id)
    known = await facts.load(conn, message, asker=actor.id)
    opener = reader if near_to in READS_INSIDE else None
    names = {p.id: reader.open(p.form_of_name_sealed, FORM_OF_NAME, p.id) for p in found["people"]}
    case, concern = found["case"][0], next(iter(found["concerns"]), None)
    act = None if message.never_sent else NEXT_ACT.get(State(message.state))
    return MessageView(
        message=message,
        case=case,
        relation=near_to,
        author=names[message.author_id],
        recipient=names[message.recipient_id],
        signature=_signature(opener, message, found["people"]),
        needs=_needs(opener, message, found["people"], names) if opener else [],
        known=known,
        next_act=act,
        needed=checklist.lines(gate.explain(act, known, case.read_at).reasons) if act else [],
        events=_events(actor, near_to, message),
        revisions=found["revisions"],
        changes={row.id: words for row, words in _opened(opener, found["revisions"], "revision.change")},
        edits={row.id: json.loads(told or "[]") for row, told in _opened(opener, found["revisions"], "revision.edits")},
        parts={r.id: [part for part in found["parts"] if part.revision_id == r.id] for r in found["revisions"]},
        reviews=_opened(opener, found["reviews"], "review.reason"),
        notes=_opened(opener, found["notes"], "review_note.text"),
        consents=found["consents"],
        offers=_opened(opener, found["offers"], "offer.content_note"),
        releases=_opened(opener, found["releases"], "release.present"),
        packs={row.release_id: row.code for row in found["packs"]},
        dictated=any(row.round == message.round for row in found["dictations"]),
        links=found["links"],
        concern=concern,
        concern_log=_log(opener, concern, found["concern_notes"]),
        uploads=found["uploads"],
        staff={row.id: row.display_name for row in found["staff"]},
        leaves=await _leaves(conn, message.id),
        early=_early(message, found["early"]) if opener else None,
        now=case.read_at,
    )


def _signature(opener: Opener | None, message: Row[Any], people: list[Row[Any]]) -> str:
    author = next(row for row in people if row.id == message.author_id)
    return opener.open(author.signature_sealed, "participant.signature", author.id) if opener else ""


def _needs(opener: Opener, message: Row[Any], people: list[Row[Any]], names: dict[UUID, str]) -> list[tuple[str, str]]:
    both = [row for row in people if row.id in (message.author_id, message.recipient_id)]
    told = [(names[row.id], opener.open(row.needs_sealed, "participant.needs", row.id)) for row in both]
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


def _log(opener: Opener | None, concern: Row[Any] | None, rows: list[Row[Any]]) -> list[tuple[Row[Any], str]]:
    """What was noted about the newest concern."""
    about = [row for row in rows if concern is not None and row.concern_id == concern.id]
    return _opened(opener, about, "concern_note.text")


def _early(message: Row[Any], rows: list[Row[Any]]) -> Row[Any] | None:
    """The sound that may be heard while the picture is still being made, without its key."""
    if message.state != State.QUARANTINED:
        return None
    return next((row for row in rows if row.round == message.round), None)


def _of(table: Any, order: Any, *columns: Any) -> Select[Any]:
    """What a table has about the message; made once for all requests."""
    return select(*(columns or [table])).where(table.c.message_id == _MESSAGE).order_by(order)


_MESSAGE, _CASE = bindparam("message", type_=Uuid), bindparam("case", type_=Uuid)
_HIDDEN = {"payload", "secret_sealed", "lookup_hash", "claimed_by_cookie"}
_MINE = select(t.revision.c.id).where(t.revision.c.message_id == _MESSAGE)
_CONCERNS = select(t.concern.c.id).where(t.concern.c.message_id == _MESSAGE)
_ROWS = Together(
    case=select(t.cases, func.now().label("read_at")).where(t.cases.c.id == _CASE),
    people=select(t.participant).where(t.participant.c.case_id == _CASE).order_by(t.participant.c.side),
    revisions=_of(t.revision, t.revision.c.number.desc()),
    parts=select(t.part).where(t.part.c.revision_id.in_(_MINE)).order_by(t.part.c.position),
    reviews=_of(t.review, t.review.c.at.desc()),
    notes=_of(t.review_note, t.review_note.c.at),
    consents=_of(t.consent, t.consent.c.number.desc()),
    offers=_of(t.offer, t.offer.c.at.desc()),
    releases=_of(t.release, t.release.c.at.desc()),
    packs=_of(t.printed_pack, t.printed_pack.c.at),
    dictations=_of(t.dictation, t.dictation.c.at),
    links=_of(t.link, t.link.c.created_at.desc(), *(c for c in t.link.c if c.name not in _HIDDEN)),
    concerns=_of(t.concern, t.concern.c.at.desc()),
    concern_notes=select(t.concern_note)
    .where(t.concern_note.c.concern_id.in_(_CONCERNS))
    .order_by(t.concern_note.c.at),
    uploads=_of(t.upload, t.upload.c.position),
    early=_of(t.early, t.early.c.round, *t.plain(t.early)),
    staff=select(t.account.c.id, t.account.c.display_name),
)


async def _leaves(conn: AsyncConnection, message_id: UUID) -> list[int]:
    """The numbers of this message's leaves in the record, newest first, at most 50."""
    found = await ledger_read.leaves(conn, filters=Filter(message=str(message_id)), limit=50, newest_first=True)
    return [leaf.index for leaf in found]
