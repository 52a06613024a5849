"""The one path of incoming bytes: read, seal in place, store, count. It never holds more than two pieces.

Sealing happens inline on the event loop, for a hop to a thread costs more than the cipher; the object is
written by the store in its own thread meanwhile, so that reading and storing overlap (DESIGN section 14).
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress

from exchange.core.errors import BadInput, Conflict, ExchangeError, TooLarge
from exchange.core.sealed import Sealer, sealed_length
from exchange.store.failpoints import failpoint
from exchange.store.pieces import PIECE, Original, Slot, count, piece_context, reserve
from exchange.store.service import Service
from exchange.store.unit import at_once

LONGEST_OPEN = 30.0
"""Seconds after which a piece is stored although it is not full: what a slow connection can lose."""
_ROOM = sealed_length(PIECE) + 2 * 16 * 1024


class ChecksumMismatch(BadInput):
    """What arrived is not what was sent, so none of it was kept. Please send it again."""

    status = 460


class Checksum:
    """What a body must hash to: tus algorithm name (sha1, sha256) and the expected bytes."""

    ALGORITHMS = ("sha256", "sha1")

    def __init__(self, algorithm: str, expected: bytes) -> None:
        """Raises BadInput for an algorithm that is not in ALGORITHMS."""
        if algorithm not in self.ALGORITHMS:
            raise BadInput("This kind of checksum is not known here.")
        self._hash = hashlib.new(algorithm, usedforsecurity=False)
        self._expected = expected

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the body."""
        self._hash.update(data)

    def verify(self) -> None:
        """Raise ChecksumMismatch unless it is the expected one."""
        if self._hash.digest() != self._expected:
            raise ChecksumMismatch


class _Open:
    """A piece being filled: sealed bytes in a reused buffer."""

    def __init__(self, slot: Slot, original: Original, buffer: bytearray) -> None:
        self.slot = slot
        self.size = 0
        self.buffer = buffer
        self.closes_at = asyncio.get_running_loop().time() + LONGEST_OPEN
        self._used = 0
        self._view = memoryview(buffer)
        bound = piece_context(original.case, original.message, original.upload, slot.number, slot.start)
        self._sealer = Sealer(original.key, bound)

    def take(self, data: memoryview) -> None:
        self._used += self._sealer.update_into(data, self._view[self._used :])
        self.size += len(data)

    def close(self) -> memoryview:
        last = self._sealer.finish()
        self._view[self._used : self._used + len(last)] = last
        self._used += len(last)
        return self._view[: self._used]


class Writer:
    """Takes one body of an upload and stores it as pieces from `number` and `offset` on."""

    def __init__(
        self, service: Service, original: Original, number: int, offset: int, checksum: Checksum | None = None
    ) -> None:
        """`original.size` is the most that the whole upload may hold."""
        self._service = service
        self._original = original
        self._offset = offset
        self._counted = offset
        self._checksum = checksum
        self._next = Slot.at(original.upload, number, offset)
        self._begun = False
        self._piece: _Open | None = None
        self._buffers = [bytearray(_ROOM), bytearray(_ROOM)]
        self._storing: asyncio.Task[None] | None = None
        self._waiting: list[tuple[Slot, int]] = []

    async def take(self, chunks: AsyncIterator[bytes]) -> int:
        """Everything that `chunks` gives; the new offset. See `upload.append` for what happens on errors."""
        try:
            async for chunk in chunks:
                await self._put(memoryview(chunk))
        except (Exception, asyncio.CancelledError) as error:
            await self._stop(keep=not isinstance(error, ExchangeError))
            raise
        await self._close_piece(last=True)
        await self._drain()
        if self._checksum is not None:
            self._checksum.verify()
            for slot, size in self._waiting:
                await self._count(slot, size, None)
        return self._counted

    async def _put(self, data: memoryview) -> None:
        if self._offset + len(data) > self._original.size:
            raise TooLarge("This is more than was announced, or more than this service takes.")
        if self._checksum is not None:
            self._checksum.update(data)
        while data:
            piece = self._piece or await self._open_piece()
            part = data[: PIECE - piece.size]
            piece.take(part)
            self._offset += len(part)
            data = data[len(part) :]
            if piece.size == PIECE or asyncio.get_running_loop().time() > piece.closes_at:
                await self._close_piece(last=self._offset == self._original.size)

    async def _open_piece(self) -> _Open:
        """Only the first piece is reserved here: each one that counts reserves the next in its statement."""
        if not self._begun or self._checksum is not None:
            async with at_once(self._service) as conn:
                await reserve(conn, self._next)
            failpoint("piece.reserved")
            self._begun = True
        self._piece = _Open(self._next, self._original, self._buffers.pop())
        return self._piece

    async def _close_piece(self, *, last: bool) -> None:
        """Hand the piece to the store; at most one is being stored while the next is filled."""
        piece, self._piece = self._piece, None
        if piece is None:
            return
        sealed = piece.close()
        await self._drain()
        self._next = Slot.at(self._original.upload, piece.slot.number + 1, piece.slot.start + piece.size)
        self._storing = asyncio.create_task(self._store(piece, sealed, None if last else self._next))

    async def _store(self, piece: _Open, sealed: memoryview, following: Slot | None) -> None:
        await self._service.objects.put(piece.slot.object_key, sealed)
        failpoint("piece.stored")
        self._buffers.append(piece.buffer)
        if self._checksum is not None:
            self._waiting.append((piece.slot, piece.size))
        else:
            await self._count(piece.slot, piece.size, following)

    async def _count(self, slot: Slot, size: int, following: Slot | None) -> None:
        async with at_once(self._service) as conn:
            if not await count(conn, slot, size, following):
                raise Conflict
        failpoint("piece.counted")
        self._counted = slot.start + size

    async def _drain(self) -> None:
        storing, self._storing = self._storing, None
        if storing is not None:
            await storing

    async def _stop(self, *, keep: bool) -> None:
        """After an error: what came before a lost connection still counts; the error itself goes on."""
        with suppress(ExchangeError):
            if keep and self._checksum is None:
                await self._close_piece(last=True)
            await self._drain()
