"""Captions while they are written: one sheet for the team, kept as they go, a new version only when it is saved.

A sheet is about the version that was played while it was written. What a machine heard stays a sheet, sealed, until a
person says that they went through every line: only then can it become captions and a transcript, made by that person.
Keeping a sheet decides nothing, so it has no leaf; opening it shows content, and has one.
"""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import captions as vtt
from exchange.core.access import Permission
from exchange.core.captions import Captions
from exchange.core.edits import Doing, Edit
from exchange.core.errors import BadInput, Conflict, NotFound
from exchange.core.heard import DOUBT
from exchange.core.leaf import LANGUAGE
from exchange.core.model import Actor, Kind
from exchange.steps import redact, texts, view
from exchange.steps.freshness import require_fresh
from exchange.steps.retimed import is_read_aloud, retimed, spans
from exchange.steps.reviewer import for_review
from exchange.steps.texts import Beside
from exchange.store import edits, near
from exchange.store import tables as t
from exchange.store.parts import PartReader
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

TEXT = "caption_draft.text"
KINDS = (Kind.AUDIO, Kind.VIDEO)


@dataclass(frozen=True)
class Sheet:
    """The lines as they stand. `number`: 0 where nothing was kept yet; `machine`: nobody has gone through them."""

    digest: str
    number: int
    captions: Captions = field(repr=False)
    language: str = "en"
    machine: bool = False
    state: str = "open"
    progress: int = 0
    refused_code: str = ""
    at: Any = None


async def sheet(service: Service, actor: Actor, message_id: UUID) -> Sheet:
    """What was kept last, or else the captions beside the newest version. That it was opened is recorded."""
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        message = await for_review(unit, message_id)
        if message.kind not in KINDS:
            raise NotFound
        newest = await edits.newest_revision(unit.conn, message_id)
        if newest is None:
            raise NotFound
        row = await unit.maybe(select(t.caption_draft).where(t.caption_draft.c.message_id == message_id))
        opener = await opener_of(service, unit.conn, message.case_id)
        parts = {part.name: part for part in await edits.parts_of(unit.conn, newest.id)}
        await _opened(unit, message, newest.digest)
        before = await _applied(unit.conn, opener, message_id, row.base_digest) if row is not None else ""
        after = opener.open(newest.edits_sealed, "revision.edits", newest.id)
    if row is not None:
        found = _sheet(row, opener)
        return replace(found, digest=newest.digest, captions=retimed(found.captions, before, after))
    part = parts.get("captions")
    if part is None:
        return Sheet(newest.digest, 0, ())
    key = opener.open_key(newest.key_sealed, "revision.key", newest.id)
    text = (await PartReader(service, part, message.case_id, message_id, key).whole()).decode("utf-8")
    return Sheet(newest.digest, 0, vtt.parse(text), part.facts.get("language", "en"))


async def keep(
    service: Service, actor: Actor, message_id: UUID, *, digest: str, number: int, captions: Captions, language: str
) -> int:
    """Keep the lines as they are now; the sheet's new number. `Conflict` where somebody else kept it meanwhile."""
    if not LANGUAGE.fullmatch(language):
        raise BadInput("Choose the language of the text.", field="language")
    async with reading(service) as conn:
        message = await _message(conn, actor, message_id)
        opener = await opener_of(service, conn, message.case_id)
        known = select(t.revision.c.id).where(t.revision.c.message_id == message_id, t.revision.c.digest == digest)
        if (await conn.execute(known)).one_or_none() is None:
            raise NotFound
        row = await _locked(conn, message_id)
        if (row.number if row else 0) != number or (row is not None and row.state == "hearing"):
            raise Conflict
        kept = row.id if row else uuid4()
        values = {
            "text_sealed": opener.seal(vtt.write(captions), TEXT, kept),
            "language": language, "account_id": actor.id, "number": number + 1, "state": "open", "at": func.now(),
            "base_digest": digest,
        }  # fmt: skip
        if row:
            await conn.execute(update(t.caption_draft).where(t.caption_draft.c.id == kept).values(**values))
        else:
            await _begin(conn, id=kept, message_id=message_id, **values)
        return number + 1


async def drop(service: Service, actor: Actor, message_id: UUID) -> None:
    """Throw the sheet away; what stands beside the newest version stays."""
    async with reading(service) as conn:
        await _message(conn, actor, message_id)
        await conn.execute(delete(t.caption_draft).where(t.caption_draft.c.message_id == message_id))


async def save(
    service: Service, actor: Actor, message_id: UUID, *, number: int, checked: bool, transcript: bool
) -> str:
    """Make a new version with the sheet as captions, and as transcript if asked; the new digest.

    Voids approval and consents. BadInput for a machine's lines that nobody has `checked`, `Conflict` where the sheet
    or the message moved on.
    """
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        row = await _locked(unit.conn, message_id)
        if row is None or row.number != number or row.state != "open":
            raise Conflict
        opener = await opener_of(service, unit.conn, message.case_id)
        await _opened(unit, message, row.base_digest)
        if is_read_aloud(await _applied(unit.conn, opener, message_id, row.base_digest)):
            raise Conflict("A machine reads this version aloud. Take that back first, and make a new version.")
    found = _sheet(row, opener)
    _require_checked(found, checked)
    told = {"checked": True} if checked else {}
    added = [Beside("captions", found.language, vtt.write(found.captions), told)]
    if transcript or message.kind == Kind.AUDIO:
        added.append(Beside("transcript", found.language, vtt.plain(found.captions), {**told, "of": "captions"}))
    digest = await texts.add_texts(service, actor, message_id, base_digest=found.digest, added=added)
    async with reading(service) as conn:
        mine = (t.caption_draft.c.message_id == message_id) & (t.caption_draft.c.number == number)
        await conn.execute(delete(t.caption_draft).where(mine))
    return digest


async def ask(service: Service, actor: Actor, message_id: UUID, *, language: str) -> UUID:
    """Ask for a machine's draft of the newest version; the id of the sheet. `Conflict` where there is a sheet."""
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        newest = await edits.newest_revision(unit.conn, message_id)
        row = await _locked(unit.conn, message_id)
        if newest is None or message.kind not in KINDS:
            raise NotFound
        if row is not None and row.state != "refused":
            raise Conflict("There are lines already. Save them or throw them away first.")
        await unit.conn.execute(delete(t.caption_draft).where(t.caption_draft.c.message_id == message_id))
        made = await unit.add(
            t.caption_draft, message_id=message_id, base_digest=newest.digest, account_id=actor.id,
            language=language, machine=True, state="hearing",
        )  # fmt: skip
        unit.leaf("transcript.asked", case=message.case_id, message=message_id, digest=newest.digest, language=language)
        await unit.defer("hear_message", draft=made)
    return made


async def mute(
    service: Service, actor: Actor, message_id: UUID, *, digest: str, span: tuple[int, int], why: str, words: str = ""
) -> UUID:
    """Put a span of the newest version (milliseconds) on the list of what is made silent; the id of the edit.

    The list is about the round's clean version, so the times are counted back to that. Raises as `redact.want`.
    """
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        newest = await edits.newest_revision(unit.conn, message_id)
        if newest is None or newest.digest != digest or message.kind not in KINDS:
            raise Conflict("There is a newer version of this message. Please look at that one.")
        opener = await opener_of(service, unit.conn, message.case_id)
        applied = opener.open(newest.edits_sealed, "revision.edits", newest.id)
        if is_read_aloud(applied):
            raise Conflict("A machine reads this version aloud. Take that back first, and make a new version.")
        cut, _ = spans(applied)
    start, end = vtt.before_cuts(span[0], cut, late=True), vtt.before_cuts(span[1], cut)
    part = "sound" if message.kind == Kind.AUDIO else "picture"
    return await redact.want(service, actor, message_id, Edit(Doing.MUTE, part, start, end), why=why, words=words)


async def how_far(service: Service, actor: Actor, message_id: UUID) -> tuple[str, int]:
    """What is being done with the sheet, and percent of it; no word of it."""
    d = t.caption_draft
    async with reading(service) as conn:
        await _message(conn, actor, message_id)
        row = (await conn.execute(select(d.c.state, d.c.progress).where(d.c.message_id == message_id))).one_or_none()
    return (row.state, row.progress) if row else ("open", 0)


def _require_checked(found: Sheet, checked: bool) -> None:
    if not found.captions:
        raise BadInput("There is no line yet. Write the first one.", field="text-0")
    if found.machine and not checked:
        raise BadInput("A machine wrote this. Go through every line first, then tick that you did.", field="checked")
    if found.machine and any(DOUBT.search(cue.text) for cue in found.captions):
        raise BadInput(
            "Some words are still in brackets with a question mark. Listen again and put them right.", field="checked"
        )


def _sheet(row: Row[Any], opener: Opener) -> Sheet:
    text = opener.open(row.text_sealed, TEXT, row.id)
    return Sheet(
        row.base_digest, row.number, vtt.parse(text) if text else (), row.language, row.machine, row.state,
        row.progress, row.refused_code or "", row.at,
    )  # fmt: skip


async def _opened(unit: Unit, message: Row[Any], digest: str) -> None:
    """A leaf before the lines are read; again after ten minutes, as for every part."""
    session = unit.actor.session or unit.actor.id or view.NO_GRANT
    fresh = await view.last_leaf(unit, session, message.id, view.NO_GRANT)
    if fresh is not None and fresh + view.RENEW > unit.now:
        return
    await view.note_leaf(unit, session, message.id, view.NO_GRANT)
    unit.leaf(
        "review.opened" if fresh is None else "review.renewed",
        case=message.case_id,
        message=message.id,
        digest=digest,
        part="captions",
    )


async def _applied(conn: AsyncConnection, opener: Opener, message_id: UUID, digest: str) -> str:
    """What was taken out of a version: the list that it keeps."""
    r = t.revision
    row = (await conn.execute(select(r).where(r.c.message_id == message_id, r.c.digest == digest))).one()
    return opener.open(row.edits_sealed, "revision.edits", row.id)


async def _message(conn: AsyncConnection, actor: Actor, message_id: UUID) -> Row[Any]:
    message = (await conn.execute(select(t.message).where(t.message.c.id == message_id))).one_or_none()
    if message is None or message.kind not in KINDS:
        raise NotFound
    await near.require(conn, actor, Permission.REVIEW, message.case_id)
    return message


async def _locked(conn: AsyncConnection, message_id: UUID) -> Row[Any] | None:
    mine = select(t.caption_draft).where(t.caption_draft.c.message_id == message_id)
    return (await conn.execute(mine.with_for_update())).one_or_none()


async def _begin(conn: AsyncConnection, **values: Any) -> None:
    made = insert(t.caption_draft).values(**values).on_conflict_do_nothing().returning(t.caption_draft.c.id)
    if (await conn.execute(made)).one_or_none() is None:
        raise Conflict
