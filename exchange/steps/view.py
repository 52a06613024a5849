"""Reading, listening, watching. The gate is asked at every open and at every range.

A ledger leaf is committed before the first byte of a part leaves, and renewed after ten minutes of use; if it
cannot be written the bytes do not leave. The recipient opens with the key of their own session's grant, the
author likewise for a preview; staff open with the case key, for review or with the recipient beside them.

Opening locks case and message first: what was taken back before is seen, what is taken back after stands after
our leaf in the record.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from exchange.core import alone, gate, keys
from exchange.core.access import Permission
from exchange.core.errors import BadInput, ExchangeError, NotFound, SessionLocked, SignInNeeded
from exchange.core.gate import Act
from exchange.core.model import Actor, Kind, Purpose, ReleaseWay, State
from exchange.steps.freshness import require_fresh
from exchange.steps.links import GRANT, about, revision_key
from exchange.steps.release import COPY, decisions, opened
from exchange.steps.revoke import kill_links
from exchange.steps.visit import Visit
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.parts import PartReader
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work
from exchange.store.watch import Stream, watch_of

RENEW = timedelta(minutes=10)
NO_GRANT = UUID(int=0)
SHOWABLE = ("text/", "image/", "audio/", "video/")
FOR_REVIEW = ("came-", "reading", "words")
"""Pages as they came, what a machine read, and where each word is."""


@dataclass(frozen=True)
class Opened:
    """One part that may be read right now. `reader.range(start, stop)` gives its bytes."""

    part: Row[Any]
    reader: PartReader = field(repr=False)
    stream: Stream = field(repr=False)


@dataclass(frozen=True)
class Shelf:
    """What a visitor's session can open: the message's kind and the parts shown to them."""

    message: Row[Any]
    digest: str
    version_code: str
    parts: tuple[Row[Any], ...]
    alone: bool = False
    """Whether there is more that its author leaves out: only the translation is handed over."""

    @property
    def kind(self) -> Kind:
        """What they are told that it is."""
        return alone.kind_told(Kind(self.message.kind), alone=self.alone)


async def shelf(service: Service, visit: Visit) -> Shelf:
    """The parts behind this session's grant. The gate is asked; nothing of the content is read."""
    async with unit_of_work(service, visit.actor) as unit:
        message, grant = await _allowed(unit, visit)
        revision, parts = await revision_parts(unit, message.id, grant.digest)
        shown = tuple(p for p in parts if is_shown(p))
        return Shelf(message, grant.digest, revision.version_code, shown, alone.is_alone(p.facts for p in parts))


async def open_for_visitor(service: Service, visit: Visit, name: str) -> Opened:
    """Open one part for a participant. `Refused` with reasons, or `NotFound` where there is no grant."""
    async with unit_of_work(service, visit.actor) as unit:
        await require_fresh(unit)
        await _lock(unit, visit)
        message, grant = await _allowed(unit, visit)
        _, parts = await revision_parts(unit, message.id, grant.digest)
        part = next((p for p in parts if p.name == name and is_shown(p)), None)
        if part is None:
            raise NotFound
        await _leaf_before_bytes(unit, message, grant, part, visit)
        moved = await moved_at(unit, message)
    reader = PartReader(service, part, message.case_id, message.id, _key(visit, grant))
    return Opened(part, reader, Stream(message.case_id, grant.id, visit.id, _asks(service, visit), moved))


async def open_for_staff(
    service: Service,
    actor: Actor,
    message_id: UUID,
    name: str,
    *,
    digest: str | None = None,
    release: UUID | None = None,
) -> Opened:
    """Open one part for the case team: for review, or for a release (`with_me`, `printed`) that is under way."""
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        await unit.message(message_id)
        part, message, known, key = await _staff_part(unit, service, message_id, name, digest, release)
        await _staff_leaf(unit, message, known, part, release)
        moved = await moved_at(unit, message)
    reader = PartReader(service, part, message.case_id, message.id, key)

    async def ask() -> bool:
        try:
            async with unit_of_work(service, actor) as again:
                await _staff_part(again, service, message_id, name, digest, release)
        except ExchangeError:
            return False
        return True

    return Opened(part, reader, Stream(message.case_id, None, None, ask, moved))


@asynccontextmanager
async def streaming(service: Service, found: Opened) -> AsyncIterator[Stream]:
    """Watch a stream of an opened part: `stream.live` turns False when it must stop."""
    async with watch_of(service.engine).over(found.stream) as stream:
        yield stream


async def revision_parts(unit: Unit, message_id: UUID, digest: str) -> tuple[Row[Any], list[Row[Any]]]:
    """A revision (without its sealed key) and its parts in order."""
    r = t.revision
    revision = await unit.one(select(*t.plain(r)).where(r.c.message_id == message_id, r.c.digest == digest))
    parts = await unit.all(select(t.part).where(t.part.c.revision_id == revision.id).order_by(t.part.c.position))
    return revision, parts


def is_shown(part: Row[Any]) -> bool:
    """Text extracted from a document is for the reviewer only, until it is ticked (DESIGN section 10).

    What was made to be seen says nothing about it; a text that does not say so is not shown. What only helps whoever
    reviews is never shown, whatever it says; nor is an original that its author leaves out.
    """
    if alone.is_left_out(part.facts):
        return False
    if part.name.startswith(FOR_REVIEW) or not part.media_type.startswith(SHOWABLE):
        return False
    return part.facts.get("shown", not part.media_type.startswith("text/")) is True


def has_translation(parts: Iterable[Row[Any]]) -> bool:
    """Whether a version of these parts could be handed over as a translation alone."""
    return any(alone.is_translation(part.name) and is_shown(part) for part in parts)


async def _lock(unit: Unit, visit: Visit) -> None:
    row = await unit.maybe(select(t.grant.c.message_id).where(t.grant.c.session_id == visit.id))
    if row is not None:
        await unit.message(row.message_id)


async def moved_at(unit: Unit, message: Row[Any]) -> datetime:
    """When anything moved last in the message's case: what the stream was allowed on."""
    moved: datetime = (await unit.one(select(t.cases.c.moved_at).where(t.cases.c.id == message.case_id))).moved_at
    return moved


async def _allowed(unit: Unit, visit: Visit) -> tuple[Row[Any], Row[Any]]:
    """The message and the session's grant, if the gate lets this visit read now."""
    grant = await unit.maybe(select(t.grant).where(t.grant.c.session_id == visit.id))
    if grant is None or not visit.is_me:
        raise NotFound
    await _still_open(unit, visit)
    message = await unit.one(select(*t.plain(t.message)).where(t.message.c.id == grant.message_id))
    known = await facts.load(unit.conn, message, digest=grant.digest, grant=grant, session=visit.id)
    act = Act.PREVIEW if grant.purpose == Purpose.PREVIEW else Act.VIEW
    gate.explain(act, known, unit.now).require()
    return message, grant


async def _still_open(unit: Unit, visit: Visit) -> None:
    row = await unit.maybe(select(t.portal_session.c.state).where(t.portal_session.c.id == visit.id))
    if row is None or row.state == "ended":
        raise SignInNeeded
    if row.state == "locked":
        raise SessionLocked


def _key(visit: Visit, grant: Row[Any]) -> bytes:
    context = about(grant.id, GRANT)
    if grant.form == "sealed":
        return keys.open_sealed(visit.private(), grant.key_wrapped, context)
    return keys.unwrap(visit.key, grant.key_wrapped, context)


def _asks(service: Service, visit: Visit) -> Any:
    async def ask() -> bool:
        try:
            async with unit_of_work(service, visit.actor) as unit:
                await _allowed(unit, visit)
        except ExchangeError:
            return False
        return True

    return ask


async def _leaf_before_bytes(unit: Unit, message: Row[Any], grant: Row[Any], part: Row[Any], visit: Visit) -> None:
    fresh = await last_leaf(unit, visit.id, part.id, grant.id)
    if fresh is not None and fresh + RENEW > unit.now:
        return
    moved: dict[str, str] = {}
    if grant.purpose == "view" and fresh is None:
        moved = await opened(unit, message)
    await note_leaf(unit, visit.id, part.id, grant.id)
    act = "preview" if grant.purpose == "preview" else "view"
    unit.leaf(
        f"{act}.opened" if fresh is None else f"{act}.renewed",
        case=message.case_id,
        message=message.id,
        digest=grant.digest,
        session=visit.id,
        link=visit.link.id,
        grant=grant.id,
        part=part.name,
        **await decisions(unit, message.id, grant.digest),
        **moved,
    )


async def _staff_part(
    unit: Unit, service: Service, message_id: UUID, name: str, digest: str | None, release: UUID | None
) -> tuple[Row[Any], Row[Any], str, bytes]:
    message = await unit.one(select(t.message).where(t.message.c.id == message_id))
    await near.require(unit.conn, unit.actor, Permission.CONTENT, message.case_id)
    act = Act.REVIEW
    if release is not None:
        act, digest = await under_way(unit, message, release)
    known = await facts.load(unit.conn, message, digest=digest, asker=unit.actor.id)
    gate.explain(act, known, unit.now).require()
    if known.digest is None:
        raise NotFound
    _, parts = await revision_parts(unit, message_id, known.digest)
    part = next((p for p in parts if p.name == name and (release is None or is_shown(p))), None)
    if part is None:
        raise NotFound
    opener = await opener_of(service, unit.conn, message.case_id)
    return part, message, known.digest, await revision_key(unit, opener, message_id, known.digest)


async def under_way(unit: Unit, message: Row[Any], release: UUID) -> tuple[Act, str]:
    """What is asked of the gate for a release on our own screen or printer, and the one digest it was made for."""
    row = await unit.one(select(t.release).where(t.release.c.id == release, t.release.c.message_id == message.id))
    acts = {ReleaseWay.WITH_ME: Act.PRESENT, ReleaseWay.PRINTED: Act.PRINT}
    act = acts.get(ReleaseWay(row.way))
    if act is None or row.ended_at is not None or message.state not in (State.RELEASED, State.OPENED):
        raise NotFound("This has ended. Start again from the message.")
    return act, row.digest


async def _staff_leaf(unit: Unit, message: Row[Any], digest: str, part: Row[Any], release: UUID | None) -> None:
    session = unit.actor.session or unit.actor.id or NO_GRANT
    fresh = await last_leaf(unit, session, part.id, release or NO_GRANT)
    if fresh is not None and fresh + RENEW > unit.now:
        return
    await note_leaf(unit, session, part.id, release or NO_GRANT)
    act = "review" if release is None else "presented"
    unit.leaf(
        f"{act}.opened" if fresh is None else f"{act}.renewed",
        case=message.case_id,
        message=message.id,
        digest=digest,
        release=release,
        part=part.name,
    )


async def last_leaf(unit: Unit, session: UUID, part: UUID, grant: UUID) -> Any:
    """When an access was written down last, None if never."""
    a = t.access_leaf
    row = await unit.maybe(select(a.c.at).where(a.c.session_id == session, a.c.part_id == part, a.c.grant_id == grant))
    return row.at if row else None


async def note_leaf(unit: Unit, session: UUID, part: UUID, grant: UUID) -> None:
    """It is written down now."""
    noted = insert(t.access_leaf).values(session_id=session, part_id=part, grant_id=grant)
    await unit.change(noted.on_conflict_do_update(index_elements=t.access_leaf.primary_key, set_={"at": func.now()}))


async def keep(service: Service, visit: Visit, *, copy: str) -> None:
    """Rule 16: the recipient's copy is kept, given back or destroyed; then this link reads nothing more."""
    if copy not in COPY:
        raise BadInput("Choose what happens to it now.", field="copy")
    async with unit_of_work(service, visit.actor) as unit:
        await _lock(unit, visit)
        grant = await unit.one(select(t.grant).where(t.grant.c.session_id == visit.id))
        mine = update(t.release).where(t.release.c.id == grant.release_id)
        await unit.change(mine.values(copy=copy, ended_at=func.now() if copy != "kept" else None))
        unit.leaf("copy.decided", message=grant.message_id, session=visit.id, outcome=copy)
        if copy != "kept":
            await kill_links(unit, [visit.link.id], "done")
