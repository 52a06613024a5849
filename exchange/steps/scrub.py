"""Worker: every stored object is read back within a month, and every chunk of it proved.

A share of them each ten minutes, those that were not read for the longest first; a run at a time, so memory stays flat.
What is missing or does not pass is told at once (a task of its case, a figure, `exchange doctor`) and looked at again
each day. A part that was made from an intact original is made again, if what comes out is byte for byte what was
approved; else it is only told. Nothing here changes a digest.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, select, update

import media
from exchange.core.errors import ExchangeError, ObjectMissing, Unreadable
from exchange.core.keys import new_data_key
from exchange.core.model import WORKER, Kind
from exchange.steps.process import read_one
from exchange.store import parts, pieces, reaper, scrubbing
from exchange.store import tables as t
from exchange.store.parts import part_context
from exchange.store.scratch import private_scratch
from exchange.store.scrubbing import CHANGED, MISSING, WHOLE
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work
from media.limits import Rejected

log = structlog.get_logger()

TASK = "object_lost"
LONGEST_RUN = 300.0
"""Seconds after which a run begins nothing new."""


async def run(service: Service) -> int:
    """One share; how many objects were read. `StorageUnavailable`, and nobody alarmed, where the store is away."""
    ends = asyncio.get_running_loop().time() + LONGEST_RUN
    done = 0
    async with reading(service) as conn:
        await scrubbing.forget(conn)
        due = await scrubbing.due(conn, service.settings.scrub_days)
    for row in due:
        if asyncio.get_running_loop().time() > ends:
            break
        await _look(service, row)
        done += 1
    return done


async def _look(service: Service, row: Row[Any]) -> None:
    async with reading(service) as conn:
        opener = await opener_of(service, conn, row.case_id)
    found = await _found(service, opener, row)
    if found == WHOLE == (row.found or WHOLE):
        async with reading(service) as conn:
            await scrubbing.keep(conn, row.object_key, WHOLE)
        return
    await _tell(service, row, found)
    if found not in (WHOLE, row.found) and row.kind == "revision":
        with suppress(ExchangeError, Rejected):
            await _make_again(service, opener, row)


async def _found(service: Service, opener: Opener, row: Row[Any]) -> str:
    try:
        key = opener.open_key(row.key_sealed, f"{row.kind}.key", row.owner)
        if row.kind == "upload":
            original = pieces.Original(row.owner, row.case_id, row.message_id, row.received, key)
            await pieces.read_piece(service.objects, original, row)
        else:
            bound = part_context(row.case_id, row.message_id, row.sealed_in, row.name)
            await parts.prove(service.objects, row.object_key, key, bound, row.size)
    except ObjectMissing:
        return MISSING
    except Unreadable:
        return CHANGED
    return WHOLE


async def _tell(service: Service, row: Row[Any], found: str) -> None:
    """What is not as it was found before: alarmed once, and taken back where it is whole again."""
    async with unit_of_work(service, WORKER) as unit:
        await unit.message(row.message_id)
        if not await scrubbing.still_needed(unit.conn, row.object_key):
            return
        before = await scrubbing.known(unit.conn, row.object_key)
        await scrubbing.keep(unit.conn, row.object_key, found)
        about = {"case": row.case_id, "message": row.message_id, "object": row.object_key}
        if found == WHOLE:
            unit.leaf("object.whole_again", **about)
        elif before in ("", WHOLE):
            log.error("object_lost", object=row.object_key, found=found)
            await _task(unit, row)
            unit.leaf("object.lost", reason=found, **about)


async def _task(unit: Unit, row: Row[Any]) -> None:
    k = t.task
    same = (k.c.message_id == row.message_id, k.c.kind == TASK, k.c.done_at.is_(None))
    if await unit.maybe(select(k.c.id).where(*same)) is None:
        await unit.add(k, case_id=row.case_id, message_id=row.message_id, kind=TASK, due_at=unit.now)


async def _make_again(service: Service, opener: Opener, row: Row[Any]) -> None:
    """From the original, under another object of the same revision: an object never changes under its key."""
    p, r = t.part, t.revision
    async with reading(service) as conn:
        message = (await conn.execute(select(t.message).where(t.message.c.id == row.message_id))).one()
        mine = select(p.c.sha256, r.c.round).join(r).where(p.c.object_key == row.object_key).limit(1)
        wanted = (await conn.execute(mine)).one()
    with private_scratch(service.settings.scratch) as scratch:
        product = await _product(service, opener, message, wanted.round, scratch)
        made = next((part.path for part in product.parts if part.name == row.name), None)
        if made is None:
            return
        key = opener.open_key(row.key_sealed, "revision.key", row.owner)
        named = f"{row.object_key}.{new_data_key()[:6].hex()}"
        bound = part_context(row.case_id, row.message_id, row.sealed_in, row.name)
        await parts.announce(service, [named])
        _, sha256 = await parts.put_file(service.objects, named, key, bound, made)
    if sha256 == wanted.sha256:  # else it is another version's, and the reaper takes it
        await _put_in_place(service, row, named)


async def _product(service: Service, opener: Opener, message: Row[Any], round_: int, scratch: Path) -> media.Product:
    """The message's media, made as `steps/process.py` made them."""
    u = t.upload
    mine = (u.c.message_id == message.id) & (u.c.round == round_) & (u.c.state == "confirmed")
    async with reading(service) as conn:
        uploads = (await conn.execute(select(u).where(mine).order_by(u.c.position, u.c.created_at))).all()
    sources = []
    for index, upload in enumerate(uploads):
        path = scratch / f"source-{index:03d}"
        await read_one(service, message, opener, upload, path, _silent)
        name = "letter.txt" if upload.typed else opener.open(upload.name_sealed, "upload.name", upload.id)
        sources.append(media.Source(path, name))
    if message.kind == Kind.LETTER and uploads and all(upload.typed for upload in uploads):
        written = "\n".join([source.path.read_text(encoding="utf-8") for source in sources])
        return await asyncio.to_thread(media.typed, written, scratch)
    return await asyncio.to_thread(media.make, message.kind, sources, scratch, _silent, ffmpeg=service.settings.ffmpeg)


async def _put_in_place(service: Service, row: Row[Any], named: str) -> None:
    async with unit_of_work(service, WORKER) as unit:
        await unit.message(row.message_id)
        await parts.own(unit.conn, [named])
        if not await unit.change(update(t.part).where(t.part.c.object_key == row.object_key).values(object_key=named)):
            raise Unreadable  # erased meanwhile
        await reaper.to_reap(unit, row.object_key)
        await scrubbing.keep(unit.conn, named, WHOLE)
        about = {"case": row.case_id, "message": row.message_id, "revision": UUID(str(row.owner))}
        unit.leaf("object.made_again", object=named, **about)


def _silent(_done: float) -> None:
    """Nobody watches how far it is."""
