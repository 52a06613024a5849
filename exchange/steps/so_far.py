"""What an author has put in so far through their `submit` link: listed by name, gone on with, heard again, kept.

Everything here opens under the visitor's own key only: the portal reads nothing of it without their link and code,
and the device keeps nothing. Before a file is gone on with, all of it that has arrived is compared, so that two
files of one name and size never become a mixture.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.errors import BadInput, NotFound
from exchange.steps import draft, upload, view
from exchange.steps.visit import Visit
from exchange.store import pieces
from exchange.store import tables as t
from exchange.store.objects import ObjectStore
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work

BLOCK = 4 * 1024**2
"""Bytes of a block of `digest_so_far`: a browser hashes a block at a time."""
ENDINGS = {"webm": "webm", "mp4": "mp4", "m4a": "mp4", "ogg": "ogg"}


@dataclass(frozen=True)
class File:
    """One file (or the typed letter). Sizes in bytes; `size` is None until it was told; `until` it is kept."""

    id: UUID
    name: str = field(repr=False)
    typed: bool
    recorded: bool
    received: int
    size: int | None
    unfinished: bool
    until: datetime | None


@dataclass(frozen=True)
class Recording:
    """A recording that its author may hear again. `format` is webm, mp4 or ogg; `kind` audio or video."""

    kind: str
    format: str
    size: int
    _objects: ObjectStore = field(repr=False)
    _original: pieces.Original = field(repr=False)
    _rows: list[Row[Any]] = field(repr=False)

    async def range(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `stop`, a piece (at most 8 MiB) at a time. Raises `Unreadable`."""
        for row in self._rows:
            if row.start < stop and row.start + row.size > start:
                plain = await pieces.read_piece(self._objects, self._original, row)
                yield plain[max(0, start - row.start) : stop - row.start]


async def files(service: Service, visit: Visit) -> list[File]:
    """What was put in so far, in its order; the typed letter first."""
    if visit.link.message_id is None:
        return []
    u = t.upload
    mine = (u.c.message_id == visit.link.message_id) & (u.c.link_id == visit.link.id) & (u.c.state != "gone")
    this_round = u.c.round == t.message.c.round
    query = select(*t.plain(u), t.message.c.case_id).join(t.message, t.message.c.id == u.c.message_id)
    async with reading(service) as conn:
        rows = (await conn.execute(query.where(mine, this_round).order_by(u.c.position, u.c.created_at))).all()
    return sorted((_file(row, visit) for row in list[Any](rows)), key=lambda file: not file.typed)


async def is_same(service: Service, visit: Visit, upload_id: UUID, offset: int, untrusted_digest: str) -> bool:
    """Whether the file in the visitor's hands begins with exactly what has arrived up to `offset`.

    `untrusted_digest` (hex): SHA-256 over the SHA-256 of each block of BLOCK bytes. Raises WrongOffset, NotFound.
    """
    async with reading(service) as conn:
        row, original, rows = await _opened(service, conn, visit, upload_id)
    if row.received != offset:
        raise upload.WrongOffset
    found = _Blocks()
    async for plain, _ in pieces.read_original(service.objects, original, rows):
        await asyncio.to_thread(found.update, plain)
    return found.hexdigest() == untrusted_digest.lower()


async def keep(service: Service, visit: Visit, upload_id: UUID) -> None:
    """A recording that broke off is kept as far as it came. BadInput for a file, and where nothing has arrived."""
    async with reading(service) as conn:
        row = await upload.require_upload(conn, visit.actor, upload_id)
    if not upload.about(row, draft.visitor(visit)).recorded or not row.received:
        raise BadInput("Only a part of this has arrived. Please send it again, or take it away.")
    if row.state == "open":
        await upload.set_size(service, visit.actor, upload_id, row.received)


async def play(service: Service, visit: Visit, upload_id: UUID) -> Recording:
    """What the author recorded in our page, to be heard again before it is sent; its leaf is committed.

    `NotFound` for files: they are shown by name and size. Renewed in the record every ten minutes of use.
    """
    async with unit_of_work(service, visit.actor) as unit:
        row, original, rows = await _opened(service, unit.conn, visit, upload_id)
        about = upload.about(row, draft.visitor(visit))
        ending = ENDINGS.get(about.name.rpartition(".")[2])
        if not about.recorded or ending is None:
            raise NotFound
        last = await view.last_leaf(unit, visit.id, upload_id, visit.link.id)
        if last is None or last + view.RENEW <= unit.now:
            await view.note_leaf(unit, visit.id, upload_id, visit.link.id)
            unit.leaf("original.replayed", case=row.case_id, message=row.message_id, upload=upload_id)
    kind = str(visit.payload.get("kind", ""))
    return Recording(kind, ending, row.received, service.objects, original, rows)


class _Blocks:
    """SHA-256 over the SHA-256 of each block; the last one may be shorter."""

    def __init__(self) -> None:
        self._all = hashlib.sha256()
        self._block = hashlib.sha256()
        self._size = 0

    def update(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            part = rest[: BLOCK - self._size]
            self._block.update(part)
            self._size += len(part)
            rest = rest[len(part) :]
            if self._size == BLOCK:
                self._close()

    def hexdigest(self) -> str:
        if self._size:
            self._close()
        return self._all.hexdigest()

    def _close(self) -> None:
        self._all.update(self._block.digest())
        self._block = hashlib.sha256()
        self._size = 0


async def _opened(
    service: Service, conn: AsyncConnection, visit: Visit, upload_id: UUID
) -> tuple[Row[Any], pieces.Original, list[Row[Any]]]:
    row = await upload.require_upload(conn, visit.actor, upload_id)
    key = await upload.data_key(service, conn, row, draft.visitor(visit))
    original = pieces.Original(upload_id, row.case_id, row.message_id, row.received, key)
    return row, original, await pieces.pieces_of(conn, upload_id)


def _file(row: Row[Any], visit: Visit) -> File:
    about = upload.about(row, draft.visitor(visit))
    unfinished = row.state == "open"
    until = row.expires_at if unfinished else None
    return File(row.id, about.name, row.typed, about.recorded, row.received, row.size, unfinished, until)
