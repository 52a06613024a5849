"""The worker's part of taking something out: from the round's clean revision and the list to a new version.

Everything is derived from state, so a task may run twice, or on two workers: the one transaction at the end finds the
making still waiting and the newest version the one it was asked about, or does nothing, and its objects are reaped.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select, text, update

import media
from exchange.core.edits import MACHINE, Edit, words_taken_out
from exchange.core.errors import ObjectMissing, Refused, Unreadable
from exchange.core.model import WORKER, Event
from exchange.steps.process import Waiting
from exchange.steps.progress import reporter
from exchange.steps.redact import as_told
from exchange.steps.rejections import NOT_KEPT, OVERTAKEN
from exchange.steps.retimed import retold
from exchange.steps.revising import Change, make_revision
from exchange.steps.revoicing import Beside, read_aloud
from exchange.store import edits, parts, queue
from exchange.store import tables as t
from exchange.store.failpoints import failpoint
from exchange.store.parts import PartReader, SealedPart, part_context, part_key
from exchange.store.scratch import private_scratch
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work
from media.limits import Code, Rejected

CAME, READING = "came-", "reading"
"""A page before it was made readable, and what a machine read on the pages, for whoever reviews: both go with a page
that is covered."""


@dataclass(frozen=True)
class _Work:
    """One making: what the list is about, and the newest version, whose other texts stay beside it."""

    making: Row[Any]
    message: Row[Any]
    clean: list[Row[Any]]
    newest: list[Row[Any]]
    wanted: list[edits.Wanted]
    taken_out: list[Edit]
    key: bytes = field(repr=False)
    opener: Opener = field(repr=False)


async def redact_message(service: Service, making_id: UUID) -> None:
    """Make the version that was asked for, or say why not. Does nothing for a making that does not wait any more.

    Raises `StorageUnavailable` (also: no sandbox) where trying again later may help.
    """
    work = await _work(service, making_id)
    if work is None:
        return
    with private_scratch(service.settings.scratch) as scratch:
        try:
            beside = await retold(service, work.message, work.opener, as_told(work.wanted))
            if any(one.edit.how == MACHINE for one in work.wanted):
                changed, beside = await read_aloud(service, beside, scratch)
            else:
                changed = await _changed(service, work, scratch)
            await _seal(service, work, changed, beside)
        except Rejected as error:
            if error.code is Code.NO_SANDBOX:
                raise Waiting(error.sentence) from error
            await _refuse(service, work, error.code)
        except (Unreadable, ObjectMissing):
            await _refuse(service, work, NOT_KEPT)
        except Refused:
            await _refuse(service, work, OVERTAKEN)


async def ask_again(service: Service) -> int:
    """Queue every making that waits without a job; how many."""
    waiting = select(t.making.c.id).where(t.making.c.state == "waiting")
    async with reading(service) as conn:
        return await queue.defer_again(conn, waiting, "redact_message", "making")


async def _work(service: Service, making_id: UUID) -> _Work | None:
    async with reading(service) as conn:
        making = (await conn.execute(select(t.making).where(t.making.c.id == making_id))).one_or_none()
        if making is None or making.state != "waiting":
            return None
        message = (await conn.execute(select(t.message).where(t.message.c.id == making.message_id))).one()
        opener = await opener_of(service, conn, message.case_id)
        clean = await edits.clean_revision(conn, message)
        newest = await edits.newest_revision(conn, message.id) or clean
        return _Work(
            making,
            message,
            await edits.parts_of(conn, clean.id),
            await edits.parts_of(conn, newest.id),
            await edits.wanted(conn, opener, message),
            edits.taken_out(opener, newest),
            opener.open_key(clean.key_sealed, "revision.key", clean.id),
            opener,
        )


async def _changed(service: Service, work: _Work, scratch: Path) -> tuple[media.Part, ...]:
    """The parts that the list touches, made anew."""
    touched = {one.edit.part for one in work.wanted}
    given = []
    for row in work.clean:
        if row.name in touched:
            path = scratch / f"clean-{row.name}"
            await _read(service, work, row, path)
            given.append(media.Part(row.name, row.media_type, path, row.facts))
    if not given:
        return ()
    report = reporter(service, lambda done: _progress(work.making.id, int(95 * done)))
    asked = [one.edit for one in work.wanted]
    return await asyncio.to_thread(media.redact, given, asked, scratch, report, ffmpeg=service.settings.ffmpeg)


async def _read(service: Service, work: _Work, row: Row[Any], path: Path) -> None:
    reader = PartReader(service, row, work.message.case_id, work.message.id, work.key)
    with path.open("xb") as file:
        async for plain in reader.range(0, reader.size):
            await asyncio.to_thread(file.write, plain)


async def _seal(service: Service, work: _Work, changed: tuple[media.Part, ...], beside: Beside) -> None:
    """Seal what is new, then make the version of it and what stays: all of it or nothing."""
    revision_id, message = uuid4(), work.message
    await parts.announce(service, [part_key(revision_id, part.name) for part in changed])
    failpoint("making.announced")
    sealed = {}
    for part in changed:
        bound = part_context(message.case_id, message.id, revision_id, part.name)
        named = part_key(revision_id, part.name)
        size, sha256 = await parts.put_file(service.objects, named, work.key, bound, part.path)
        sealed[part.name] = SealedPart(part.name, part.media_type, size, sha256, named, revision_id, dict(part.facts))
    sealed |= await _retold(service, work, revision_id, beside)
    failpoint("making.sealed")
    async with unit_of_work(service, WORKER) as unit:
        now = await unit.message(message.id)
        newest = await edits.newest_revision(unit.conn, message.id)
        if not await unit.maybe(_waits(work.making.id)):
            return
        if newest is None or newest.digest != work.making.base_digest:
            raise Refused
        change = Change(edits=as_told(work.wanted), made_by=work.making.account_id)
        await make_revision(
            unit, work.opener, now, revision_id, work.key, _together(work, sealed), event=Event.REVISE, change=change,
            fact="redaction", count=len(work.wanted),
        )  # fmt: skip
        await unit.change(_end(work.making.id, state="done", progress=100))


async def _retold(service: Service, work: _Work, revision_id: UUID, beside: Beside) -> dict[str, SealedPart]:
    """The captions that somebody typed, without the words that are silent or cut out now, and in step."""
    message, sealed = work.message, {}
    for name, (row, body) in beside.items():
        named = part_key(revision_id, name)
        await parts.announce(service, [named])
        bound = part_context(message.case_id, message.id, revision_id, name)
        size, sha256 = await parts.put_bytes(service.objects, named, work.key, bound, body)
        told = {**row.facts, "source": "redacted"}
        sealed[name] = SealedPart(name, row.media_type, size, sha256, named, revision_id, told)
    return sealed


def _together(work: _Work, sealed: dict[str, SealedPart]) -> list[SealedPart]:
    """What is new, the rest of the clean revision, and the texts that were typed beside it since.

    A text that may still say what was taken out elsewhere is not shown until somebody has compared and ticked it.
    """
    there = {row.name: row for row in work.newest}
    clean = {row.name for row in work.clean}
    covered = {CAME + name.removeprefix("page-") for name in sealed if name.startswith("page-")}
    if covered:
        covered.add(READING)
    found = [sealed.get(row.name) or SealedPart.of(row) for row in work.clean if row.name not in covered]
    beside = {row.name: SealedPart.of(row) for row in work.newest if row.name not in clean}
    found += (beside | {name: part for name, part in sealed.items() if name not in clean}).values()
    asked = words_taken_out([one.edit for one in work.wanted])
    for part in found:
        if not part.media_type.startswith("text/") or (part.facts.get("source") == "typed" and part.name == "text"):
            continue
        shown = there[part.name].facts if part.name in there else part.facts
        part.facts.update({name: shown[name] for name in ("ticked", "shown") if name in shown})
        if asked != words_taken_out(work.taken_out) and {edit for edit in asked if edit.part != part.name}:
            part.facts.update(ticked=False, shown=False)
    return found


def _waits(making_id: UUID) -> Any:
    mine = select(t.making.c.id).where(t.making.c.id == making_id, t.making.c.state == "waiting")
    return mine.with_for_update()


def _end(making_id: UUID, **values: Any) -> Any:
    return update(t.making).where(t.making.c.id == making_id).values(ended_at=text("now()"), **values)


def _progress(making_id: UUID, percent: int) -> Any:
    return update(t.making).where(t.making.c.id == making_id, t.making.c.state == "waiting").values(progress=percent)


async def _refuse(service: Service, work: _Work, code: str) -> None:
    async with unit_of_work(service, WORKER) as unit:
        await unit.message(work.message.id)
        if not await unit.maybe(_waits(work.making.id)):
            return
        await unit.change(_end(work.making.id, state="refused", refused_code=str(code)))
        ids = {"case": work.message.case_id, "message": work.message.id}
        unit.leaf("redaction.refused", reason=str(code), **ids)
