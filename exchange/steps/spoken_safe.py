"""The worker's part of a spoken reason: scanned, re-made in the sandbox, sealed; what was recorded is not kept.

Everything is derived from state, so a task may run twice: the transaction at the end finds the row waiting or does
nothing, and its object is reaped.
"""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select, update

import media
from exchange.core.errors import ObjectMissing, Unreadable
from exchange.core.model import WORKER, Kind
from exchange.steps.process import Waiting, scan
from exchange.steps.rejections import NOT_KEPT
from exchange.steps.spoken import SOUND
from exchange.store import parts, queue
from exchange.store import tables as t
from exchange.store.parts import PartReader, part_context, part_key
from exchange.store.reaper import to_reap
from exchange.store.scratch import private_scratch
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work
from media.limits import Code, Rejected


async def make_safe(service: Service, spoken_id: UUID) -> None:
    """Worker: re-make the recording, keep only that. Does nothing for one that is not waiting any more.

    Raises `StorageUnavailable` (also: no scanner, no sandbox) where trying again later may help.
    """
    async with reading(service) as conn:
        s, m = t.spoken, t.message
        query = (
            select(s, s.c.id.label("sealed_in"), m.c.case_id)
            .join(m, m.c.id == s.c.message_id)
            .where(s.c.id == spoken_id)
        )
        row = (await conn.execute(query)).one_or_none()
        if row is None or row.state != "arrived" or row.key_sealed is None:
            return
        key = (await opener_of(service, conn, row.case_id)).open_key(row.key_sealed, "spoken.key", row.id)
    with private_scratch(service.settings.scratch) as scratch:
        try:
            await _make(service, row, key, scratch)
        except Rejected as error:
            if error.code is Code.NO_SANDBOX:
                raise Waiting(error.sentence) from error
            await _refuse(service, row, error.code)
        except (Unreadable, ObjectMissing):
            await _refuse(service, row, NOT_KEPT)


async def ask_again(service: Service) -> int:
    """Queue every recording that waits without a job; how many."""
    s = t.spoken
    waiting = select(s.c.id).where(s.c.state == "arrived", s.c.key_sealed.is_not(None))
    async with reading(service) as conn:
        return await queue.defer_again(conn, waiting, "make_reason_safe", "spoken_id")


async def _make(service: Service, row: Row[Any], key: bytes, scratch: Path) -> None:
    source = scratch / "source-000"
    whole = PartReader(service, row, row.case_id, row.message_id, key)
    source.write_bytes(await whole.whole())
    await scan(service, [source])
    files = [media.Source(source, "reason.webm")]
    product = await asyncio.to_thread(
        media.make, Kind.AUDIO.value, files, scratch, _silent, ffmpeg=service.settings.ffmpeg
    )
    sound = next(part for part in product.parts if part.name == SOUND)
    named = part_key(uuid4(), SOUND)  # a new name at each try, as a revision has
    await parts.announce(service, [named])
    bound = part_context(row.case_id, row.message_id, row.id, SOUND)
    size, _ = await parts.put_file(service.objects, named, key, bound, sound.path)
    async with unit_of_work(service, WORKER) as unit:
        if not await _still_waits(unit, row):
            return
        await parts.own(unit.conn, [named])
        made = {"state": "ready", "name": SOUND, "media_type": sound.media_type, "size": size, "object_key": named}
        await unit.change(update(t.spoken).where(t.spoken.c.id == row.id).values(**made))
        await to_reap(unit, row.object_key)
        unit.leaf("reason.made", case=row.case_id, message=row.message_id, review=row.review_id, size=size)


def _silent(_done: float) -> None:
    """Nobody watches how far it is."""


async def _refuse(service: Service, row: Row[Any], code: str) -> None:
    async with unit_of_work(service, WORKER) as unit:
        if not await _still_waits(unit, row):
            return
        gone = {"state": "refused", "refused_code": str(code), "key_sealed": None}
        await unit.change(update(t.spoken).where(t.spoken.c.id == row.id).values(**gone))
        await to_reap(unit, row.object_key)
        unit.leaf("reason.rejected", case=row.case_id, message=row.message_id, review=row.review_id, reason=str(code))


async def _still_waits(unit: Unit, row: Row[Any]) -> bool:
    await unit.message(row.message_id)
    mine = select(t.spoken.c.id).where(t.spoken.c.id == row.id, t.spoken.c.state == "arrived")
    return await unit.maybe(mine.where(t.spoken.c.key_sealed.isnot(None)).with_for_update()) is not None
