"""Bytes coming in: pieces, offsets, lost connections (DESIGN section 5.1; SECURITY "Faults" I1)."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from exchange.core.errors import BadInput, Conflict, StorageUnavailable, TooLarge
from exchange.steps import upload
from exchange.steps.stream import Checksum, ChecksumMismatch
from exchange.steps.upload import UploadGone, WrongOffset
from exchange.store import pieces
from exchange.store.pieces import PIECE
from exchange.store.service import Service
from tests.support.putting_in import (
    Case,
    begin,
    broken,
    chunked,
    keys_stored,
    make_case,
    read_back,
    stored_pieces,
)


async def started(service: Service, size: int | None) -> tuple[Case, Any]:
    """A case and an announced upload."""
    case = await make_case(service)
    return case, await upload.begin_upload(service, case.staff, await begin(service, case), size=size)


async def test_pieces_in_order_and_bit_identical(service: Service) -> None:
    """A body longer than two pieces becomes numbered pieces of 8 MiB and reads back bit for bit."""
    data = hashlib.shake_256(b"pieces").digest(2 * PIECE + 12_345)
    case, made = await started(service, len(data))
    assert await upload.append(service, case.staff, made, 0, chunked(data)) == len(data)
    assert await stored_pieces(service, made) == [
        (0, 0, PIECE),
        (1, PIECE, PIECE),
        (2, 2 * PIECE, 12_345),
    ]
    assert await read_back(service, made) == data
    assert (await upload.standing(service, case.staff, made)).complete


async def test_a_short_piece_is_kept_when_the_connection_is_lost(service: Service) -> None:
    """What came before the connection broke counts, and the rest goes on from there."""
    data = hashlib.shake_256(b"short").digest(1_000_001)
    case, made = await started(service, len(data))
    with pytest.raises(ConnectionResetError):
        await upload.append(service, case.staff, made, 0, broken(data[:700_003]))
    assert (await upload.standing(service, case.staff, made)).received == 700_003
    assert await upload.append(service, case.staff, made, 700_003, chunked(data[700_003:])) == len(data)
    assert await read_back(service, made) == data


async def test_a_wrong_offset_changes_nothing(service: Service) -> None:
    """A part that does not begin where the last one ended is refused."""
    case, made = await started(service, 100)
    await upload.append(service, case.staff, made, 0, chunked(b"a" * 10))
    for offset in (0, 9, 11, 100):
        with pytest.raises(WrongOffset):
            await upload.append(service, case.staff, made, offset, chunked(b"b" * 10))
    assert await read_back_after_completing(service, case, made) == b"a" * 10 + b"c" * 90


async def read_back_after_completing(service: Service, case: Case, made: Any) -> bytes:
    """Send the rest and read all of it."""
    await upload.append(service, case.staff, made, 10, chunked(b"c" * 90))
    return await read_back(service, made)


async def test_more_than_announced_is_refused(service: Service) -> None:
    """Not one byte beyond the declared size is taken."""
    case, made = await started(service, 100)
    with pytest.raises(TooLarge):
        await upload.append(service, case.staff, made, 0, chunked(b"a" * 101))
    assert (await upload.standing(service, case.staff, made)).received == 0


async def test_more_than_the_service_takes_is_refused(service: Service) -> None:
    """The configured limit holds for announced sizes and for bodies whose size was not announced."""
    small = replace(service, settings=service.settings.model_copy(update={"max_upload": 1000}))
    case, made = await started(small, None)
    with pytest.raises(TooLarge):
        await upload.append(small, case.staff, made, 0, chunked(b"a" * 1001))
    with pytest.raises(TooLarge):
        await upload.set_size(small, case.staff, made, 1001)
    with pytest.raises(TooLarge):
        await started(small, 1001)
    with pytest.raises(BadInput):
        await started(small, 0)


async def test_a_checksum_that_does_not_match_counts_nothing(service: Service) -> None:
    """With a checksum nothing counts unless all of it matches; the right bytes go through afterwards."""
    data = hashlib.shake_256(b"sum").digest(PIECE + 7)
    case, made = await started(service, len(data))
    wrong = Checksum("sha256", hashlib.sha256(b"else").digest())
    with pytest.raises(ChecksumMismatch):
        await upload.append(service, case.staff, made, 0, chunked(data), checksum=wrong)
    assert (await upload.standing(service, case.staff, made)).received == 0
    right = Checksum("sha1", hashlib.sha1(data, usedforsecurity=False).digest())
    assert await upload.append(service, case.staff, made, 0, chunked(data), checksum=right) == len(data)
    assert await read_back(service, made) == data


async def test_a_length_told_later(service: Service) -> None:
    """An upload may begin without a size and is complete once the size is told."""
    case, made = await started(service, None)
    await upload.append(service, case.staff, made, 0, chunked(b"x" * 50))
    assert not (await upload.standing(service, case.staff, made)).complete
    with pytest.raises(Conflict):
        await upload.set_size(service, case.staff, made, 49)
    await upload.set_size(service, case.staff, made, 50)
    assert (await upload.standing(service, case.staff, made)).complete


class Failing:
    """The real store until the n-th put, which fails before or after its bytes are there."""

    def __init__(self, objects: Any, at: int, *, after: bool) -> None:
        self._objects, self._left, self._after = objects, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    async def put(self, key: str, data: bytes | memoryview) -> None:
        """Fail at the n-th call."""
        self._left -= 1
        this_one = self._left == 0  # several are under way at once
        if this_one and not self._after:
            raise StorageUnavailable
        await self._objects.put(key, data)
        if this_one:
            raise StorageUnavailable


@pytest.mark.parametrize("after", [False, True])
async def test_a_fault_between_object_and_commit_leaves_a_resumable_upload(service: Service, after: bool) -> None:
    """The offset never runs ahead of the store, and the client goes on from it."""
    data = hashlib.shake_256(b"fault").digest(2 * PIECE + 5)
    case, made = await started(service, len(data))
    failing = replace(service, objects=Failing(service.objects, 2, after=after))
    with pytest.raises(StorageUnavailable):
        await upload.append(failing, case.staff, made, 0, chunked(data))
    received = (await upload.standing(service, case.staff, made)).received
    assert received == PIECE
    await upload.append(service, case.staff, made, received, chunked(data[received:]))
    assert await read_back(service, made) == data


async def test_a_connection_believed_dead_cannot_overwrite(service: Service) -> None:
    """A slower writer of the same offset loses, and what was acknowledged stays what it was (I1)."""
    case, made = await started(service, 20)

    async def slow() -> AsyncIterator[bytes]:
        yield b"old-"
        await upload.append(service, case.staff, made, 0, chunked(b"n" * 20))
        yield b"old!"

    with pytest.raises(Conflict):
        await upload.append(service, case.staff, made, 0, slow())
    assert await read_back(service, made) == b"n" * 20


async def test_a_dropped_upload_is_gone(service: Service) -> None:
    """After it was taken away nothing of it can be continued."""
    case, made = await started(service, 20)
    await upload.append(service, case.staff, made, 0, chunked(b"n" * 10))
    await upload.drop_upload(service, case.staff, made)
    with pytest.raises(UploadGone):
        await upload.append(service, case.staff, made, 10, chunked(b"n" * 10))


@given(cuts=st.lists(st.integers(1, 40_000), min_size=1, max_size=6), lost=st.booleans())
@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_splits_read_back_bit_identical(
    service: Service, monkeypatch: pytest.MonkeyPatch, cuts: list[int], lost: bool
) -> None:
    """However a body is cut into requests, pieces and reads, the original is what was sent."""
    monkeypatch.setattr("exchange.steps.stream.PIECE", 10_000)
    data = hashlib.shake_256(repr(cuts).encode()).digest(sum(cuts))
    case, made = await started(service, len(data))
    offset = 0
    for cut in cuts:
        body = data[offset : offset + cut]
        try:
            sent = broken(body, 3_001) if lost else chunked(body, 3_001)
            offset = await upload.append(service, case.staff, made, offset, sent)
        except ConnectionResetError:
            offset = (await upload.standing(service, case.staff, made)).received
    assert offset == len(data)
    assert await read_back(service, made) == data


async def test_nothing_readable_lies_in_the_store(service: Service) -> None:
    """A marker that was put in stands in no object, in clear or base64."""
    marker = b"MARKER-that-is-easily-found" * 10
    case, made = await started(service, len(marker))
    await upload.append(service, case.staff, made, 0, chunked(marker))
    stored = [await service.objects.get(key) for key in await keys_stored(service)]
    assert len(stored) == 1
    assert not any(b"MARKER" in found for found in stored)
    assert pieces.PIECE == 8 * 1024**2
