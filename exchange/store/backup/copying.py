"""Copies sealed objects between two stores, in ranges, and says what was read: size and SHA-256."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator

from exchange.core.backup import Kept
from exchange.store.objects import ObjectStore

RANGE = 8 * 1024**2


async def digest_of(store: ObjectStore, key: str) -> Kept:
    """What an object is now. ObjectMissing."""
    digest, done = hashlib.sha256(), 0
    async for data in _ranges(store, key):
        digest.update(data)
        done += len(data)
    return Kept(done, digest.hexdigest())


async def copy(source: ObjectStore, key: str, target: ObjectStore, to: str) -> Kept:
    """Copy one object and read back what arrived; what the source gave. ObjectMissing, ValueError."""
    size = await source.size(key)
    if size <= RANGE:
        data = await source.get(key)
        await target.put(to, data)
        given = Kept(len(data), hashlib.sha256(data).hexdigest())
    else:
        given = await _copy_large(source, key, target, to, size)
    if await digest_of(target, to) != given:
        raise ValueError("what was written is not what was read")
    return given


async def _copy_large(source: ObjectStore, key: str, target: ObjectStore, to: str, size: int) -> Kept:
    loop, digest = asyncio.get_running_loop(), hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        # consumed in a thread of the target, while this loop reads from the source
        for start in range(0, size, RANGE):
            data = asyncio.run_coroutine_threadsafe(source.get(key, start, RANGE), loop).result()
            digest.update(data)
            yield data

    await target.put_stream(to, chunks(), size)
    return Kept(size, digest.hexdigest())


async def _ranges(store: ObjectStore, key: str) -> AsyncIterator[bytes]:
    size = await store.size(key)
    for start in range(0, size, RANGE):
        yield await store.get(key, start, RANGE)
