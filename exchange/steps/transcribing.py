"""The worker's part of a draft transcript: the recording heard in the sandbox, the words sealed as a sheet.

Everything is derived from state, so a task may run twice: the update at the end finds the sheet still waiting to be
heard or does nothing. No version is made of it: that is a person's act (`captions.save`).
"""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from exchange.core import captions as vtt
from exchange.core.errors import BadInput, ObjectMissing, Unreadable
from exchange.core.heard import captions_of
from exchange.core.model import WORKER
from exchange.steps.captions import TEXT
from exchange.steps.process import Waiting
from exchange.steps.progress import reporter
from exchange.steps.rejections import NO_EARS, NOT_KEPT
from exchange.store import edits, queue
from exchange.store import tables as t
from exchange.store.parts import PartReader
from exchange.store.scratch import private_scratch
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work
from media import speech
from media.limits import Code, Rejected
from media.speech import NoEngine, Word


def heard_here(service: Service) -> frozenset[str]:
    """The languages of which a machine can make a draft here."""
    return speech.ears(service.settings.speech_model, service.settings.speech_language)


async def hear_message(service: Service, draft_id: UUID) -> None:
    """Hear the recording of a sheet that waits for it, or say why not. Does nothing for any other.

    Raises `StorageUnavailable` (also: no sandbox) where trying again later may help.
    """
    row = await _waiting(service, draft_id)
    if row is None:
        return
    with private_scratch(service.settings.scratch) as scratch:
        try:
            words = await _heard(service, row, scratch)
            await _keep(service, row, words)
        except Rejected as error:
            if error.code is Code.NO_SANDBOX:
                raise Waiting(error.sentence) from error
            await _refuse(service, row, error.code)
        except (NoEngine, BadInput):
            await _refuse(service, row, NO_EARS)
        except (Unreadable, ObjectMissing):
            await _refuse(service, row, NOT_KEPT)


async def ask_again(service: Service) -> int:
    """Queue every sheet that waits to be heard without a job; how many."""
    waiting = select(t.caption_draft.c.id).where(t.caption_draft.c.state == "hearing")
    async with reading(service) as conn:
        return await queue.defer_again(conn, waiting, "hear_message", "draft")


async def _waiting(service: Service, draft_id: UUID) -> Row[Any] | None:
    d, m, r = t.caption_draft, t.message, t.revision
    query = (
        select(d, m.c.case_id, r.c.id.label("revision_id"), r.c.key_sealed)
        .join(m, m.c.id == d.c.message_id)
        .join(r, (r.c.message_id == m.c.id) & (r.c.digest == d.c.base_digest))
        .where(d.c.id == draft_id, d.c.state == "hearing")
    )
    async with reading(service) as conn:
        return (await conn.execute(query)).one_or_none()


async def _heard(service: Service, row: Row[Any], scratch: Path) -> tuple[Word, ...]:
    async with reading(service) as conn:
        opener = await opener_of(service, conn, row.case_id)
        parts = {part.name: part for part in await edits.parts_of(conn, row.revision_id)}
    part = parts.get("sound") or parts["picture"]
    if part.facts.get("sound") is False:
        raise Rejected(Code.NO_SOUND)
    key = opener.open_key(row.key_sealed, "revision.key", row.revision_id)
    reader, path = PartReader(service, part, row.case_id, row.message_id, key), scratch / "recording"
    with path.open("xb") as file:
        async for plain in reader.range(0, reader.size):
            await asyncio.to_thread(file.write, plain)
    report = reporter(service, lambda done: _mine(row).values(progress=int(99 * done)))
    told = service.settings
    return await asyncio.to_thread(
        speech.hear, path, scratch, report,
        language=row.language, model=told.speech_model, model_language=told.speech_language, ffmpeg=told.ffmpeg,
    )  # fmt: skip


async def _keep(service: Service, row: Row[Any], words: tuple[Word, ...]) -> None:
    made = captions_of((word.text, word.start, word.end, word.confidence) for word in words)
    async with unit_of_work(service, WORKER) as unit:
        opener = await opener_of(service, unit.conn, row.case_id)
        values = {"text_sealed": opener.seal(vtt.write(made), TEXT, row.id), "state": "open", "progress": 100}
        if await _end(unit, row, values):
            unit.leaf("transcript.made", case=row.case_id, message=row.message_id, count=len(words))


async def _refuse(service: Service, row: Row[Any], code: str) -> None:
    async with unit_of_work(service, WORKER) as unit:
        values = {"state": "refused", "refused_code": str(code)}
        if await _end(unit, row, values):
            unit.leaf("transcript.refused", case=row.case_id, message=row.message_id, reason=str(code))


async def _end(unit: Unit, row: Row[Any], values: dict[str, Any]) -> bool:
    """Whether the sheet still waited to be heard, and does no more."""
    await unit.message(row.message_id)
    return await unit.maybe(_mine(row).values(**values).returning(t.caption_draft.c.id)) is not None


def _mine(row: Row[Any]) -> Any:
    d = t.caption_draft
    return update(d).where(d.c.id == row.id, d.c.state == "hearing")
