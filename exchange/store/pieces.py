"""An original as it lies in the store: pieces of at most 8 MiB of plaintext, each its own sealed object.

The order that loses nothing (DESIGN section 5.1): a pending row and a line in `reap`, then the object, then
one statement that makes the piece count, moves the upload's offset and reserves the next piece, then the
answer. Every attempt writes a key of its own, so that a connection believed dead can never overwrite what was
acknowledged since; only the attempt whose pending row still stands, at the offset it began from, counts.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.errors import Unreadable
from exchange.core.keys import new_data_key
from exchange.core.sealed import context, open_whole
from exchange.store import tables as t
from exchange.store.objects import ObjectStore
from exchange.store.objects.again import again
from exchange.store.sealing import SERVICE

PIECE = 8 * 1024**2
"""The most plaintext bytes of one piece."""
OPEN_DAYS = 7
"""An upload that nobody goes on with is given up after this long."""

_RESERVE = """
  insert into piece (upload_id, number, start, size, object_key)
  select :upload, :next_number, :next_start, 0, :next_key from held where :more
  on conflict (upload_id, number) do update
  set start = excluded.start, size = 0, object_key = excluded.object_key, at = now() where not piece.durable
"""
_RESERVE_FIRST = text("""
with slots as (
  select * from unnest(cast(:numbers as integer[]), cast(:starts as bigint[]), cast(:keys as text[]))
    as slot (number, start, object_key)),
fresh as (insert into reap (object_key) select object_key from slots)
insert into piece (upload_id, number, start, size, object_key)
select cast(:upload as uuid), number, start, 0, object_key from slots
on conflict (upload_id, number) do update
set start = excluded.start, size = 0, object_key = excluded.object_key, at = now() where not piece.durable
""")
_COUNT = text(
    f"""
with held as (
  select u.id from upload u
  join piece p on p.upload_id = u.id and p.number = :number and p.object_key = :key and not p.durable
  join message m on m.id = u.message_id and m.state = 'receiving'
  where u.id = :upload and u.received = :start and u.state = 'open' for update of u, p),
moved as (
  update upload set received = :stop, expires_at = now() + make_interval(days => {OPEN_DAYS}),
    state = case when size = :stop then 'complete' else 'open' end
  where id in (select id from held) returning id),
kept as (
  update piece set durable = true, start = :start, size = :size from held
  where piece.upload_id = held.id and number = :number returning number),
owned as (delete from reap where object_key = :key and exists (select from held) returning object_key),
fresh as (insert into reap (object_key) select :next_key from held where :more returning object_key),
ahead as ({_RESERVE} returning number)
select (select count(*) from kept)
"""  # noqa: S608  # the only thing put in are our own constants
)


@dataclass(frozen=True)
class Slot:
    """A piece that is about to be written: its number, the plaintext offset it starts at, its object."""

    upload: UUID
    number: int
    start: int
    object_key: str

    @classmethod
    def at(cls, upload: UUID, number: int, start: int) -> "Slot":
        """A slot for one attempt; the key's last part is random."""
        return cls(upload, number, start, f"upload/{upload}/{number}-{new_data_key()[:6].hex()}")


def piece_context(case: UUID, message: UUID, upload: UUID, number: int, start: int) -> bytes:
    """The context of one piece (docs/sealed-format.md)."""
    part = f"upload-{upload}"
    return context(SERVICE, str(case), str(message), part, "original", number=number, offset=start)


async def next_number(conn: AsyncConnection, upload: UUID) -> int:
    """The number of the first piece that is not durable."""
    query = text("select coalesce(max(number) + 1, 0) from piece where upload_id = :upload and durable")
    return int((await conn.execute(query, {"upload": upload})).scalar_one())


async def reserve(conn: AsyncConnection, slots: Sequence[Slot]) -> None:
    """The pending rows of one upload and the lines in `reap`, before any of the objects is written."""
    numbers, starts = [slot.number for slot in slots], [slot.start for slot in slots]
    keys = [slot.object_key for slot in slots]
    values = {"upload": slots[0].upload, "numbers": numbers, "starts": starts, "keys": keys}
    await conn.execute(_RESERVE_FIRST, values)


async def count(conn: AsyncConnection, slot: Slot, size: int, following: Slot | None) -> bool:
    """Make a durable piece count, move the offset past it and reserve the `following` one: one statement.

    The slot's `start` counts, not that of its reservation: a piece before it may have been closed early.

    False, and nothing has changed, if the upload is not open at this slot's start any more.
    """
    values = {
        "upload": slot.upload,
        "number": slot.number,
        "key": slot.object_key,
        "start": slot.start,
        "stop": slot.start + size,
        "size": size,
        "more": following is not None,
    }
    found = await conn.execute(_COUNT, values | _next(following or Slot(slot.upload, -1, 0, "")))
    return int(found.scalar_one()) == 1


def _next(slot: Slot) -> dict[str, Any]:
    return {
        "upload": slot.upload,
        "next_number": slot.number,
        "next_start": slot.start,
        "next_key": slot.object_key,
    }


@dataclass(frozen=True)
class Original:
    """One upload, and what is needed to open it: `key` is its data key."""

    upload: UUID
    case: UUID
    message: UUID
    size: int
    key: bytes = field(repr=False)


async def pieces_of(conn: AsyncConnection, upload: UUID) -> list[Row[Any]]:
    """The durable pieces in order."""
    query = select(t.piece).where(t.piece.c.upload_id == upload, t.piece.c.durable)
    return list((await conn.execute(query.order_by(t.piece.c.number))).all())


async def read_original(
    objects: ObjectStore, original: Original, pieces: list[Row[Any]]
) -> AsyncIterator[tuple[bytes, str]]:
    """Each piece's plaintext in order, with the SHA-256 (hex) of its sealed object.

    Raises `Unreadable` (or `ObjectMissing`) where a piece is missing, damaged, out of place or of another
    size than was acknowledged; a piece that fails is read again first, for a store may answer badly once.
    """
    at = 0
    for number, piece in enumerate(pieces):
        if piece.number != number or piece.start != at:
            raise Unreadable
        plain, digest = await _read_piece(objects, original, piece)
        yield plain, digest
        at += len(plain)
    if at != original.size:
        raise Unreadable


async def read_piece(objects: ObjectStore, original: Original, piece: Row[Any]) -> bytes:
    """One piece's plaintext, wherever it stands. Raises as `read_original`."""
    return (await _read_piece(objects, original, piece))[0]


async def _read_piece(objects: ObjectStore, original: Original, piece: Row[Any]) -> tuple[bytes, str]:
    bound = piece_context(original.case, original.message, original.upload, piece.number, piece.start)

    opened = partial(_open_and_hash, original.key, bound, piece.size)
    return await again(lambda: objects.use(piece.object_key, opened))


def _open_and_hash(key: bytes, bound: bytes, size: int, sealed: bytes) -> tuple[bytes, str]:
    plain = open_whole(key, bound, sealed)
    if len(plain) != size:
        raise Unreadable
    return plain, hashlib.sha256(sealed).hexdigest()


async def confirm(conn: AsyncConnection, upload: UUID, digests: list[str]) -> None:
    """Write down what the read-back saw of each piece, for the scrub."""
    for number, digest in enumerate(digests):
        mine = (t.piece.c.upload_id == upload) & (t.piece.c.number == number)
        await conn.execute(update(t.piece).where(mine).values(sha256=digest))
