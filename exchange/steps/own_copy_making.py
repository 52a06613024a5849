"""The worker's part of a copy: one ZIP of what is in, sealed under a key of its own; and its end when time is over.

Everything is derived from state: a task may run twice, the transaction at the end finds the copy approved or does
nothing, and its object is reaped. The ZIP is put together in the worker's private scratch.
"""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from exchange.core import keys
from exchange.core.errors import NotFound
from exchange.core.model import WORKER
from exchange.core.own_copy import Bundle, Part, Piece, as_html, as_json, as_seen
from exchange.steps.own_copy_files import Source, sources
from exchange.steps.own_copy_pieces import Whose, piece, tells_of_others
from exchange.steps.own_copy_words import said
from exchange.store import parts, queue
from exchange.store import tables as t
from exchange.store.failpoints import failpoint
from exchange.store.parts import PartReader, SealedPart, part_context
from exchange.store.reaper import to_reap
from exchange.store.scratch import private_scratch
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

TASK = "make_own_copy"
TASKS = ("own_copy", "decide_own_copy", "copy_ready", "copy_gone")
"""All that can wait about a copy."""
NAME = "copy.zip"
KEPT = timedelta(days=7)
"""How long a copy that nobody took is there."""
_SAME_DATE = (2000, 1, 1, 0, 0, 0)


async def make(service: Service, copy_id: UUID) -> None:
    """Worker: make an approved copy. Does nothing for one that is not waiting any more."""
    c = t.own_copy
    async with reading(service) as conn:
        row = (await conn.execute(select(c).where(c.c.id == copy_id))).one_or_none()
        if row is None or row.state != "approved":
            return
    with private_scratch(service.settings.scratch) as scratch:
        path = scratch / "copy.zip"
        changed = await _write(service, row, path)
        if changed:
            await _look_again(service, row, changed)
        else:
            failpoint("copy.written")
            await _seal(service, row, path)


async def ask_again(service: Service) -> int:
    """Queue every approved copy that waits without a job; how many."""
    waiting = select(t.own_copy.c.id).where(t.own_copy.c.state == "approved")
    async with reading(service) as conn:
        return await queue.defer_again(conn, waiting, TASK, "copy")


async def run_out(service: Service) -> int:
    """End every copy whose time is over; how many."""
    c = t.own_copy
    async with reading(service) as conn:
        over = c.c.state == "ready", c.c.until <= func.now()
        due = list((await conn.execute(select(c.c.id).where(*over))).scalars())
    for copy_id in due:
        async with unit_of_work(service, WORKER) as unit:
            row = await unit.one(select(c).where(c.c.id == copy_id).with_for_update())
            if row.state == "ready":
                await end(unit, row, "gone")
                await _not_fetched(unit, row)
                unit.leaf("own_copy.ended", case=row.case_id, participant=row.participant_id, request=row.id)
    return len(due)


async def end(unit: Unit, row: Row[Any], state: str, *, patience: timedelta = timedelta(0), **values: Any) -> None:
    """A copy that opens no more: its key destroyed, its object reaped after `patience`. The caller writes the leaf."""
    mine = update(t.own_copy).where(t.own_copy.c.id == row.id)
    await unit.change(mine.values(state=state, key_sealed=None, ended_at=func.now(), **values))
    if row.object_key:
        await to_reap(unit, row.object_key)
        later = update(t.reap).where(t.reap.c.object_key == row.object_key)
        await unit.change(later.values(after=unit.now + patience))


async def waits_no_more(unit: Unit, row: Row[Any]) -> None:
    """Whatever task there was about a copy for this person is done."""
    k = t.task
    mine = (k.c.participant_id == row.participant_id, k.c.kind.in_(TASKS), k.c.done_at.is_(None))
    await unit.change(update(k).where(*mine).values(done_at=func.now(), done_by=unit.actor.id))


async def _not_fetched(unit: Unit, row: Row[Any]) -> None:
    """They asked for it and have not got it, so somebody must ask them (rule 25)."""
    await waits_no_more(unit, row)
    about = {"case_id": row.case_id, "participant_id": row.participant_id}
    await unit.add(t.task, kind="copy_gone", due_at=unit.now, **about)


async def end_of(unit: Unit, participants: Any) -> None:
    """Erasing: no copy of these people (a query of ids) opens any more; what stood in the list goes too."""
    c, i = t.own_copy, t.own_copy_item
    for row in await unit.all(select(c).where(c.c.participant_id.in_(participants), c.c.ended_at.is_(None))):
        await end(unit, row, "gone")
        await _not_fetched(unit, row)
    all_of = select(c.c.id).where(c.c.participant_id.in_(participants))
    await unit.change(update(i).where(i.c.copy_id.in_(all_of)).values(reason_sealed=None, seen=None))


def opened(service: Service, row: Row[Any], key: bytes) -> AsyncIterator[memoryview]:
    """The bytes of a copy that is being handed out, proved run by run. `Unreadable`."""
    zipped = SealedPart(NAME, "application/zip", row.size, row.sha256, row.object_key, row.id)
    return PartReader(service, zipped, row.case_id, row.id, key).range(0, row.size)


def _bound(row: Row[Any]) -> bytes:
    """The context of the sealed ZIP: that of a part, the copy in the place of message and revision."""
    return part_context(row.case_id, row.id, row.id, NAME)


def keyed(of: Whose, item_id: UUID, found: Piece) -> bytes:
    """By what a thing on the list is known again as it was looked at."""
    return of.opener.keyed(as_seen(found), "own_copy_item.seen", item_id)


async def whole_piece(of: Whose, part: Part, about: UUID | None) -> tuple[Piece, list[Source]]:
    """One thing with its files. `NotFound` where it is not this person's or is there no more."""
    files = await sources(of, part, about)
    found = await piece(of, part, about)
    return replace(found, files=tuple(one.file for one in files)), files


async def _write(service: Service, row: Row[Any], path: Path) -> list[UUID]:
    """Put the ZIP together; which things are not as they were looked at: then there is no ZIP."""
    i, p, c = t.own_copy_item, t.participant, t.cases
    async with reading(service) as conn:
        person = (await conn.execute(select(p).where(p.c.id == row.participant_id))).one()
        reference = (await conn.execute(select(c.c.reference).where(c.c.id == row.case_id))).scalar_one()
        of = Whose(service, conn, await opener_of(service, conn, row.case_id), person)
        items = await of.all(select(i).where(i.c.copy_id == row.id).order_by(i.c.position))
        found = [(item, *await _piece(of, item)) for item in items if item.inside]
        changed = [item.id for item, one, _ in found if not await _as_looked_at(of, item, one)]
        made_at = of.time((await conn.execute(select(func.now()))).scalar_one())
    if changed:
        return changed
    left_out = sum(not item.inside for item in items)
    whole = Bundle(reference, made_at, [one for _, one, _ in found], left_out, said(person.language))
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as out:
        out.writestr(_entry("index.html"), as_html(whole))
        out.writestr(_entry("everything.json"), as_json(whole))
        for _, _, files in found:
            for source in files:
                await _copy(out, source)
    return []


async def _piece(of: Whose, item: Row[Any]) -> tuple[Piece, list[Source]]:
    """One that was erased meanwhile is empty; anything else that is missing stops the making."""
    part = Part(item.part)
    try:
        return await whole_piece(of, part, item.about)
    except NotFound:
        return Piece(part, item.about, ""), []


async def _as_looked_at(of: Whose, item: Row[Any], found: Piece) -> bool:
    """Whether it says what it said then, and nothing of anybody who has been added or has moved since."""
    empty = not found.records and not found.files
    return empty or (item.seen == keyed(of, item.id, found) and not await tells_of_others(of, found))


async def _look_again(service: Service, row: Row[Any], changed: list[UUID]) -> None:
    """These things must be decided anew, and the copy approved anew."""
    c, i = t.own_copy, t.own_copy_item
    async with unit_of_work(service, WORKER) as unit:
        await unit.case(row.case_id)
        if (await unit.one(select(c.c.state).where(c.c.id == row.id).with_for_update())).state != "approved":
            return
        nobody = {"checked_by": None, "checked_at": None, "approved_by": None, "approved_at": None}
        await unit.change(update(c).where(c.c.id == row.id).values(state="open", **nobody))
        anew = {"inside": None, "seen": None, "decided_by": None, "decided_at": None}
        await unit.change(update(i).where(i.c.id.in_(changed)).values(**anew))
        await waits_no_more(unit, row)
        about = {"case_id": row.case_id, "participant_id": row.participant_id}
        await unit.add(t.task, kind="own_copy", due_at=row.due_at, **about)
        ids = {"case": row.case_id, "participant": row.participant_id, "request": row.id}
        unit.leaf("own_copy.sent_back", count=len(changed), **ids)


async def _copy(out: zipfile.ZipFile, source: Source) -> None:
    with out.open(_entry(source.file.path), "w", force_zip64=True) as file:
        async for plain in source.read():
            await asyncio.to_thread(file.write, plain)


def _entry(name: str) -> zipfile.ZipInfo:
    """Dates and rights of files say nothing of this machine."""
    entry = zipfile.ZipInfo(name, _SAME_DATE)
    entry.external_attr = 0o600 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith((".html", ".json", ".txt")) else zipfile.ZIP_STORED
    return entry


async def _seal(service: Service, row: Row[Any], path: Path) -> None:
    key, attempt = keys.new_data_key(), keys.new_data_key()[:6].hex()
    named = f"copy/{row.id}/{attempt}"
    await parts.announce(service, [named])
    size, sha256 = await parts.put_file(service.objects, named, key, _bound(row), path)
    failpoint("copy.sealed")
    async with unit_of_work(service, WORKER) as unit:
        await unit.case(row.case_id)
        now = await unit.one(select(t.own_copy).where(t.own_copy.c.id == row.id).with_for_update())
        if now.state != "approved":
            return
        await parts.own(unit.conn, [named])
        opener = await opener_of(service, unit.conn, row.case_id)
        made: dict[str, Any] = {"object_key": named, "key_sealed": opener.seal_key(key, "own_copy.key", row.id)}
        made |= {"size": size, "sha256": sha256, "until": unit.now + KEPT, "state": "ready"}
        await unit.change(update(t.own_copy).where(t.own_copy.c.id == row.id).values(**made))
        ids = {"case": row.case_id, "participant": row.participant_id, "request": row.id}
        await unit.add(t.task, case_id=row.case_id, participant_id=row.participant_id, kind="copy_ready")
        unit.leaf("own_copy.made", size=size, digest=sha256, **ids)
