"""Reading again what did not pass its check: a store, or the way to it, may answer badly once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from exchange.core.errors import Unreadable

READ_ATTEMPTS = 3
PAUSE = 0.1
T = TypeVar("T")


async def again(read: Callable[[], Awaitable[T]]) -> T:
    """What `read` gives, which checks it; `Unreadable` (or `ObjectMissing`) only where it failed every time."""
    for attempt in range(1, READ_ATTEMPTS):
        try:
            return await read()
        except Unreadable:
            await asyncio.sleep(PAUSE * attempt)
    return await read()
