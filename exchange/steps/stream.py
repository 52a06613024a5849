"""The one path of incoming bytes: read, seal in place, store, count.

Sealing happens inline on the event loop, for a hop to a thread costs more than the cipher; objects are
written by the store in its own threads meanwhile, several at once, so that the disk's answer to one does not keep the
next waiting. They count one after another, in order, each only when it is durable (DESIGN section 14).
"""

import asyncio
import hashlib
import mmap
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from exchange.core.errors import BadInput, Conflict, ExchangeError, TooLarge
from exchange.core.sealed import Sealer, sealed_length
from exchange.store.failpoints import failpoint
from exchange.store.pieces import PIECE, Original, Slot, count, piece_context, reserve
from exchange.store.service import Service
from exchange.store.unit import at_once

LONGEST_OPEN = 30.0
"""Seconds after which a piece is stored although it is not full: what a slow connection can lose."""
SMALL_PIECE = 1024**2
"""The most plaintext bytes of a piece while another stream of this process has the large ones."""
LARGE_AT_ONCE = 3
_SPARE = 2 * 16 * 1024
_OURS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


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


@dataclass(frozen=True)
class _Share:
    """What one stream may hold: so many pieces at once, of at most this many bytes. `buffers` are free ones."""

    pieces: int
    size: int
    buffers: list[mmap.mmap] = field(repr=False)

    def buffer(self) -> mmap.mmap:
        """Room for one sealed piece that begins on a page, so that a disk can take it from there."""
        return self.buffers.pop() if self.buffers else mmap.mmap(-1, sealed_length(self.size) + _SPARE, flags=_OURS)


class _Shares:
    """One stream of a process at a time gets large pieces, so that a hundred of them need no gigabyte.

    The buffers of the large ones are kept: mapped anew for every request they cost more than the cipher.
    """

    def __init__(self) -> None:
        self._taken = False
        self._kept: dict[int, list[mmap.mmap]] = {}

    @contextmanager
    def taken(self) -> Iterator[_Share]:
        """A share for as long as a body is being read."""
        if self._taken:
            yield _Share(2, min(SMALL_PIECE, PIECE), [])
            return
        self._taken = True
        try:
            yield _Share(LARGE_AT_ONCE, PIECE, self._kept.setdefault(PIECE, []))
        finally:
            self._taken = False


_SHARES = _Shares()


class _Open:
    """A piece being filled: sealed bytes in a reused buffer."""

    def __init__(self, slot: Slot, original: Original, buffer: mmap.mmap) -> None:
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
        self._number = number
        self._long = False
        self._reserved_to = offset
        self._reserved: deque[Slot] = deque()
        self._piece: _Open | None = None
        self._share = _Share(1, SMALL_PIECE, [])
        self._under_way: deque[asyncio.Task[None]] = deque()
        self._waiting: list[tuple[Slot, int]] = []

    async def take(self, chunks: AsyncIterator[bytes]) -> int:
        """Everything that `chunks` gives; the new offset. See `upload.append` for what happens on errors."""
        with _SHARES.taken() as self._share:
            try:
                async for chunk in chunks:
                    await self._put(memoryview(chunk))
            except (Exception, asyncio.CancelledError) as error:
                await self._stop(keep=not isinstance(error, ExchangeError))
                raise
            try:
                await self._close_piece(last=True)
                await self._drain()
            finally:
                await self._settle()
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
        most = self._share.size
        while data:
            piece = self._piece or await self._open_piece()
            part = data[: most - piece.size]
            piece.take(part)
            self._offset += len(part)
            data = data[len(part) :]
            if piece.size == most or asyncio.get_running_loop().time() > piece.closes_at:
                await self._close_piece(last=self._offset == self._original.size)

    async def _open_piece(self) -> _Open:
        """Pieces that count reserve later ones in their statement; only the first few are reserved here."""
        if not self._reserved:
            await self._reserve()
        # how long the pieces before became is known only now
        slot = replace(self._reserved.popleft(), start=self._offset)
        self._piece = _Open(slot, self._original, self._share.buffer())
        return self._piece

    async def _reserve(self) -> None:
        """One for a body that may be short; once it proved long, as many as may be under way."""
        self._long = bool(self._under_way) and self._checksum is None
        slots = [self._slot()]
        while self._long and len(slots) < self._share.pieces and self._reserved_to < self._original.size:
            slots.append(self._slot())
        async with at_once(self._service) as conn:
            await reserve(conn, slots)
        failpoint("piece.reserved")
        self._reserved += slots

    def _slot(self) -> Slot:
        """The one after all that are reserved, if they are filled."""
        slot = Slot.at(self._original.upload, self._number, self._reserved_to)
        self._number, self._reserved_to = self._number + 1, self._reserved_to + self._share.size
        return slot

    async def _close_piece(self, *, last: bool) -> None:
        """Hand the piece to the store, and wait if as many are being stored as may be."""
        piece, self._piece = self._piece, None
        if piece is None:
            return
        # the slot that is needed once this one counts: so none is ever taken out of its order
        more = self._long and not last and self._reserved_to < self._original.size
        following = self._slot() if more else None
        before = self._under_way[-1] if self._under_way else None
        self._under_way.append(asyncio.create_task(self._store(piece, following, before)))
        while self._under_way and (len(self._under_way) >= self._share.pieces or self._under_way[0].done()):
            await self._oldest()

    async def _store(self, piece: _Open, following: Slot | None, before: asyncio.Task[None] | None) -> None:
        await self._service.objects.put(piece.slot.object_key, piece.close())
        failpoint("piece.stored")
        self._share.buffers.append(piece.buffer)
        if before is not None:  # an offset stands for every byte before it
            await asyncio.wait({before})
            before.result()
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
        if following is not None:
            self._reserved.append(following)

    async def _oldest(self) -> None:
        """Wait until the oldest piece under way counts. Waiting may be cancelled, storing not."""
        oldest = self._under_way[0]
        await asyncio.wait({oldest})
        self._under_way.popleft()
        oldest.result()

    async def _drain(self) -> None:
        while self._under_way:
            await self._oldest()

    async def _settle(self) -> None:
        """After an error of one piece those after it fail too: nothing goes on behind the caller's back."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._under_way.clear()

    async def _stop(self, *, keep: bool) -> None:
        """After an error: what came before a lost connection still counts; the error itself goes on."""
        try:
            with suppress(ExchangeError):
                if keep and self._checksum is None:
                    await self._close_piece(last=True)
                await self._drain()
        finally:
            await self._settle()
