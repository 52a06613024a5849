"""The promises of an object store, and the keys it accepts."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Protocol, TypeVar

KEY = re.compile(r"[a-z0-9_-][a-z0-9_.-]*(?:/[a-z0-9_-][a-z0-9_.-]*)*")
KEY_LENGTH = 200
T = TypeVar("T")


class ObjectStore(Protocol):
    """Durable bytes by key. Errors: `ObjectMissing`, `StorageFull`, `StorageUnavailable`."""

    async def put(self, key: str, data: bytes | memoryview) -> None:
        """Store `data`; durable when it returns. The same key again overwrites, whole or not at all."""

    async def put_stream(self, key: str, chunks: Iterator[bytes], length: int) -> None:
        """Store exactly `length` bytes from a sync iterator, which is consumed in a thread.

        More or fewer bytes than `length` raise ValueError and store nothing.
        """

    async def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes `start` to `start + length`, cut at the object's end; b"" from a start beyond it."""

    async def use(self, key: str, work: Callable[[bytes], T], start: int = 0, length: int | None = None) -> T:
        """What `work` makes of the bytes that `get` would give, in the thread that fetched them."""

    async def size(self, key: str) -> int:
        """The object's length in bytes."""

    async def delete(self, key: str) -> None:
        """Remove the object; removing what is not there is no error."""

    def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """Every key that begins with `prefix`, with its size, in no promised order."""

    async def tidy(self) -> int:
        """Remove what writes that never ended left behind a day ago or earlier, and no key names; how many."""

    async def close(self) -> None:
        """Let go of connections and threads."""


def checked_key(key: str) -> str:
    """`key` itself if it is one; ValueError otherwise. No segment begins with a dot, so none climbs out."""
    if len(key) > KEY_LENGTH or not KEY.fullmatch(key):
        raise ValueError("not an object key")
    return key
