"""Several pieces are stored at once: they count in order, and nothing of one that failed counts, nor what follows."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from exchange.core.errors import StorageUnavailable
from exchange.steps import stream, upload
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.putting_in import Case, begin, broken, chunked, make_case, read_back, stored_pieces
from tests.support.roles import as_owner

SIZE = 10_000
DATA = hashlib.shake_256(b"ahead").digest(9 * SIZE + 77)


@pytest.fixture(autouse=True)
def _short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE", SIZE)


class Slow:
    """The real store, which keeps the pieces of these numbers waiting until `go`, and may then fail them."""

    def __init__(self, objects: Any, *held: int, failing: bool = False) -> None:
        self._objects, self._held, self._failing = objects, held, failing
        self.go = asyncio.Event()
        self.begun: list[int] = []
        self.ended: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    async def put(self, key: str, data: bytes | memoryview) -> None:
        """Wait, and fail, where it was asked for."""
        number = int(key.rsplit("/", 1)[1].partition("-")[0])
        self.begun.append(number)
        if number in self._held:
            await self.go.wait()
            if self._failing:
                raise StorageUnavailable
        await self._objects.put(key, data)
        self.ended.append(number)


async def started(service: Service, size: int = len(DATA)) -> tuple[Case, Any]:
    """A case and an announced upload."""
    case = await make_case(service)
    return case, await upload.begin_upload(service, case.staff, await begin(service, case), size=size)


async def until(condition: Any) -> None:
    """Wait for it, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # the stores of the tests know no event
            await asyncio.sleep(0.01)


async def test_a_piece_does_not_count_before_the_one_that_precedes_it(service: Service) -> None:
    """However early its own object is durable; and never more are under way than there is room for."""
    case, made = await started(service)
    objects = Slow(service.objects, 1)
    sending = asyncio.create_task(
        upload.append(replace(service, objects=objects), case.staff, made, 0, chunked(DATA, 4_000))
    )
    await until(lambda: 2 in objects.ended)
    await asyncio.sleep(0.2)
    assert (await upload.standing(service, case.staff, made)).received == SIZE
    assert objects.begun == [0, 1, 2, 3][: 1 + stream.LARGE_AT_ONCE]
    objects.go.set()
    assert await sending == len(DATA)
    assert await read_back(service, made) == DATA
    assert [number for number, _, _ in await stored_pieces(service, made)] == list(range(10))


@pytest.mark.parametrize("lost", [False, True])
async def test_nothing_after_a_piece_that_failed_counts(service: Service, lost: bool) -> None:
    """The offset stands at the failed piece, whether the body came to its end or broke; the rest is sent again."""
    case, made = await started(service)
    objects = Slow(service.objects, 2, failing=True)
    body = broken(DATA[: 5 * SIZE], 4_000) if lost else chunked(DATA, 4_000)
    sending = asyncio.create_task(upload.append(replace(service, objects=objects), case.staff, made, 0, body))
    await until(lambda: 3 in objects.ended)
    objects.go.set()
    with pytest.raises(StorageUnavailable):
        await sending
    received = (await upload.standing(service, case.staff, made)).received
    assert received == 2 * SIZE
    assert await upload.append(service, case.staff, made, received, chunked(DATA[received:], 4_000)) == len(DATA)
    assert await read_back(service, made) == DATA


async def test_a_line_that_breaks_loses_nothing_that_came(service: Service) -> None:
    """What is under way when it breaks is waited for and counts."""
    case, made = await started(service)
    objects = Slow(service.objects, 1, 2)
    sending = asyncio.create_task(
        upload.append(replace(service, objects=objects), case.staff, made, 0, broken(DATA[: 3 * SIZE + 5], 4_000))
    )
    await until(lambda: 2 in objects.begun)
    objects.go.set()
    with pytest.raises(ConnectionResetError):
        await sending
    assert (await upload.standing(service, case.staff, made)).received == 3 * SIZE + 5


async def test_every_object_was_put_down_to_be_reaped_before_it_was_written(service: Service) -> None:
    """Also those reserved ahead: what is stored is known to `reap` or counts (DESIGN section 5.1)."""
    case, made = await started(service)
    unknown: list[str] = []
    known = text("select object_key from reap union select object_key from piece where durable")

    class Looking(Slow):
        async def put(self, key: str, data: bytes | memoryview) -> None:
            async with reading(as_owner(service)) as conn:
                found = (await conn.execute(known)).scalars().all()
            if key not in found:
                unknown.append(key)
            await super().put(key, data)

    objects = Looking(service.objects)
    await upload.append(replace(service, objects=objects), case.staff, made, 0, chunked(DATA, 4_000))
    assert (unknown, len(objects.ended)) == ([], 10)


async def test_pieces_closed_early_keep_their_places(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow line's pieces are shorter than was reserved for; each lies where it counts."""
    monkeypatch.setattr(stream, "LONGEST_OPEN", -1.0)
    case, made = await started(service)
    assert await upload.append(service, case.staff, made, 0, chunked(DATA, 3_001)) == len(DATA)
    kept = await stored_pieces(service, made)
    assert [start for _, start, _ in kept] == list(range(0, len(DATA), 3_001))
    assert await read_back(service, made) == DATA


async def test_a_second_stream_of_a_process_has_small_pieces(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory for one more is little; the first one's pieces stay large, and the next single one's are again."""
    monkeypatch.setattr(stream, "SMALL_PIECE", 1_000)
    case, made = await started(service)
    second, other = await started(service, 3_500)
    third, later = await started(service, SIZE + 1)

    async def body() -> AsyncIterator[bytes]:
        yield DATA[:SIZE]
        assert await upload.append(service, second.staff, other, 0, chunked(DATA[:3_500])) == 3_500
        yield DATA[SIZE:]

    assert await upload.append(service, case.staff, made, 0, body()) == len(DATA)
    await upload.append(service, third.staff, later, 0, chunked(DATA[: SIZE + 1]))
    assert [size for _, _, size in await stored_pieces(service, other)] == [1_000, 1_000, 1_000, 500]
    assert [size for _, _, size in await stored_pieces(service, made)] == [SIZE] * 9 + [77]
    assert [size for _, _, size in await stored_pieces(service, later)] == [SIZE, 1]
