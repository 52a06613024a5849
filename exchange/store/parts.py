"""Parts of a revision: sealing one into the store, and reading any range of one back (DESIGN sections 7, 14).

A part's context names the revision that sealed it; later revisions may share the object under the same data
key. Reading goes by runs of 64 chunks, the next one fetched and opened in a thread while the last is sent.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.errors import Conflict, StorageUnavailable, Unreadable
from exchange.core.sealed import HEADER, RangeReader, context, plain_length, seal_iter, sealed_length
from exchange.store import tables as t
from exchange.store.failpoints import failpoint
from exchange.store.objects import ObjectStore
from exchange.store.objects.again import again
from exchange.store.sealing import SERVICE
from exchange.store.service import Service
from exchange.store.unit import reading

READ = 1024 * 1024
REMEMBERED = 256


@dataclass(frozen=True)
class SealedPart:
    """A part that lies sealed in the store. `size` in bytes and `sha256` (hex) are the plaintext's."""

    name: str
    media_type: str
    size: int
    sha256: str
    object_key: str
    sealed_in: UUID
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Row[Any]) -> "SealedPart":
        """From a row of `part`."""
        kept = (row.name, row.media_type, row.size, row.sha256, row.object_key, row.sealed_in, row.facts)
        return cls(*kept)


def part_context(case: UUID, message: UUID, sealed_in: UUID, name: str) -> bytes:
    """The context of one part (docs/sealed-format.md)."""
    return context(SERVICE, str(case), str(message), f"{sealed_in}/{name}", "revision")


def part_key(revision: UUID, name: str) -> str:
    """The object of one part."""
    return f"revision/{revision}/{name}"


async def facts_of_parts(conn: AsyncConnection, digests: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The facts of the parts of these versions, by digest."""
    p, r = t.part, t.revision
    found: dict[str, list[dict[str, Any]]] = {}
    query = select(r.c.digest, p.c.facts).join(p, p.c.revision_id == r.c.id).where(r.c.digest.in_(list(digests)))
    for row in (await conn.execute(query)).all():
        found.setdefault(row.digest, []).append(row.facts)
    return found


async def announce(service: Service, object_keys: list[str]) -> None:
    """Note objects that are about to be written, so that they are reaped unless `own` follows."""
    note = text("insert into reap (object_key) select unnest(cast(:names as text[]))")
    async with reading(service) as conn:
        await conn.execute(note, {"names": object_keys})


async def own(conn: AsyncConnection, object_keys: list[str]) -> None:
    """In the transaction that uses them: they are not to be reaped. `Conflict` where one was already."""
    mine = t.reap.c.object_key.in_(object_keys) & ~t.reap.c.done
    if (await conn.execute(delete(t.reap).where(mine))).rowcount != len(object_keys):
        raise Conflict


async def put_file(objects: ObjectStore, object_key: str, key: bytes, bound: bytes, path: Path) -> tuple[int, str]:
    """Seal a file into the store and read it back; size and SHA-256 (hex) of the plaintext.

    `StorageUnavailable` where the store did not keep it whole: whoever makes it can make it again, for the original
    is not touched.
    """
    size, digest = _size(path), hashlib.sha256()
    sealed = seal_iter(key, bound, _hashed(_file_chunks(path), digest))
    return await _put(objects, object_key, key, bound, sealed, size), digest.hexdigest()


async def put_bytes(objects: ObjectStore, object_key: str, key: bytes, bound: bytes, data: bytes) -> tuple[int, str]:
    """As `put_file`, for what is in memory."""
    digest = hashlib.sha256(data).hexdigest()
    return await _put(objects, object_key, key, bound, seal_iter(key, bound, [data]), len(data)), digest


async def _put(
    objects: ObjectStore, object_key: str, key: bytes, bound: bytes, sealed: Iterator[bytes], size: int
) -> int:
    await objects.put_stream(object_key, sealed, sealed_length(size))
    try:
        await prove(objects, object_key, key, bound, size)
    except Unreadable as error:
        raise StorageUnavailable from error
    return size


async def prove(objects: ObjectStore, object_key: str, key: bytes, bound: bytes, size: int) -> None:
    """Read an object to its end as it lies there now, a run at a time. `Unreadable`, `ObjectMissing`.

    Before anything refers to it, for a store may acknowledge what it does not keep; and now and then afterwards.
    """
    await again(partial(_read_back, objects, object_key, key, bound, size))


async def _read_back(objects: ObjectStore, object_key: str, key: bytes, bound: bytes, size: int) -> None:
    frame = await _fetched(objects, object_key)
    reader = RangeReader(key, bound, frame.header, frame.size)
    reader.check_end(frame.last)
    if reader.plain_size != size:
        raise Unreadable
    for start, stop in reader.runs(0, size):
        first, upto = reader.span(start, stop)
        await objects.use(object_key, partial(reader.open_view, start, stop), first, upto - first)


def _size(path: Path) -> int:
    return path.stat().st_size


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(READ):
            yield data


def _hashed(chunks: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    for data in chunks:
        digest.update(data)
        yield data


@dataclass(frozen=True)
class _Frame:
    """What is fetched once per object: sealed header, sealed last chunk, sealed size. Nothing secret."""

    header: bytes
    last: bytes
    size: int


_frames: OrderedDict[str, _Frame] = OrderedDict()


class PartReader:
    """Reads ranges of one part. The store is asked at the first use, which proves header, context and end."""

    def __init__(
        self, service: Service, part: Row[Any] | SealedPart, case_id: UUID, message_id: UUID, data_key: bytes
    ) -> None:
        """`part`: a row of `part`; `data_key`: of its revision."""
        self._objects = service.objects
        self._object_key: str = part.object_key
        self._key = data_key
        self._context = part_context(case_id, message_id, part.sealed_in, part.name)
        self._reader: RangeReader | None = None
        self.size: int = part.size

    async def ready(self) -> RangeReader:
        """Prove that the object opens with this key here and has the size that the revision says.

        `Unreadable` for a wrong key, a swapped, cut or resized object; `ObjectMissing`.
        """
        if self._reader is None:
            self._reader = await again(self._proved)
        return self._reader

    async def _proved(self) -> RangeReader:
        """Only a frame that was proved is remembered: one bad answer must not outlast itself."""
        frame = _remembered(self._object_key) or await _fetched(self._objects, self._object_key)
        reader = RangeReader(self._key, self._context, frame.header, frame.size)
        reader.check_end(frame.last)
        if reader.plain_size != self.size:
            raise Unreadable
        _remember(self._object_key, frame)
        return reader

    async def range(self, start: int, stop: int) -> AsyncIterator[memoryview]:
        """plaintext[start:stop] in pieces of up to 1 MiB. `Unreadable` before any byte that is not proved.

        At most one piece is read ahead; closing the iterator ends the reading.
        """
        reader = await self.ready()
        runs = reader.runs(start, stop)
        first = next(runs, None)
        if first is None:
            return
        ahead = asyncio.create_task(self._open_run(reader, *first))
        try:
            failpoint("part.to_be_sent")
            for following in runs:
                ready = await ahead
                ahead = asyncio.create_task(self._open_run(reader, *following))
                yield ready
            yield await ahead
        finally:
            ahead.cancel()

    async def whole(self) -> bytes:
        """All of it, for small parts (texts)."""
        return b"".join([bytes(run) async for run in self.range(0, self.size)])

    async def _open_run(self, reader: RangeReader, start: int, stop: int) -> memoryview:
        first, upto = reader.span(start, stop)
        opened = partial(reader.open_view, start, stop)
        return await again(lambda: self._objects.use(self._object_key, opened, first, upto - first))


def _remembered(object_key: str) -> _Frame | None:
    """Objects never change under their key, so their frame is remembered; every use proves it again."""
    known = _frames.get(object_key)
    if known is not None:
        _frames.move_to_end(object_key)
    return known


def _remember(object_key: str, frame: _Frame) -> None:
    _frames[object_key] = frame
    while len(_frames) > REMEMBERED:
        _frames.popitem(last=False)


async def _fetched(objects: ObjectStore, object_key: str) -> _Frame:
    size = await objects.size(object_key)
    from_end = HEADER + plain_length(size) // (16 * 1024) * (16 * 1024 + 16)
    header, last = await asyncio.gather(
        objects.get(object_key, 0, HEADER), objects.get(object_key, from_end, size - from_end)
    )
    return _Frame(header, last, size)
