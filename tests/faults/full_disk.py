"""A process whose object store stands on a small disk: `python -m tests.faults.full_disk ACCOUNT KEPT UPLOAD`.

Puts five bytes into one upload, sends the other until there is no room, reads the first, and prints what it was told
as one JSON object. Settings come from the environment. With `--quota BYTES` no file may become longer than that, where
nothing can be mounted.
"""

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator
from uuid import UUID

from exchange.core.errors import ExchangeError
from exchange.core.model import Actor, ActorKind, Role
from exchange.settings import Settings
from exchange.steps import upload
from exchange.store.service import open_service
from tests.support.putting_in import read_back

CHUNK = b"x" * 65_536


async def _words() -> AsyncIterator[bytes]:
    yield b"words"


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield CHUNK


async def main(account: UUID, kept: UUID, made: UUID) -> None:
    """Until the disk is full."""
    actor = Actor(ActorKind.STAFF, account, frozenset({Role.FACILITATOR}))
    async with open_service(Settings.load(), with_keys=True) as service:
        await upload.append(service, actor, kept, 0, _words())
        try:
            await upload.append(service, actor, made, 0, _endless())
        except ExchangeError as error:
            told = {"error": type(error).__name__, "status": error.status, "sentence": str(error)}
            standing = await upload.standing(service, actor, made)
            words = (await read_back(service, kept)).decode()
            print(json.dumps({**told, "received": standing.received, "read": words}))


if __name__ == "__main__":
    if "--quota" in sys.argv:
        most = int(sys.argv[-1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    asyncio.run(main(*(UUID(one) for one in sys.argv[1:4])))
