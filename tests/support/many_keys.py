"""Many cases with a message's bytes each, and people who open them meanwhile: for rotating root keys."""

import asyncio
import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.errors import ExchangeError
from exchange.core.keys import new_data_key
from exchange.core.model import OPERATOR
from exchange.core.sealed import context, open_whole, seal
from exchange.steps import setup
from exchange.store import tables as t
from exchange.store.sealing import new_key_pair, opener_of
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work


@dataclass(frozen=True)
class Kept:
    """One case: its sealed data key, and where its bytes lie."""

    case: UUID
    key_sealed: bytes = field(repr=False)
    object_key: str


def words_of(case: UUID) -> bytes:
    """What lies sealed in a case's object."""
    return hashlib.shake_256(case.bytes).digest(3000)


async def make_many(service: Service, count: int) -> list[Kept]:
    """A founded service with so many cases; each has a key pair wrapped by the root key, and one sealed object."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Bridge")
    made: list[Kept] = []
    while len(made) < count:
        async with unit_of_work(service, OPERATOR) as unit:
            made += [await _make_one(service, unit.conn) for _ in range(min(200, count - len(made)))]
            unit.leaf("case.opened", count=len(made))
    return made


async def _make_one(service: Service, conn: AsyncConnection) -> Kept:
    case, key = uuid4(), new_data_key()
    opener = await new_key_pair(service, conn, case)
    await conn.execute(insert(t.cases).values(id=case, key_id=case, reference=str(case)[:18]))
    object_key = f"revision/{case}/text"
    await service.objects.put(object_key, seal(key, context("many", str(case), "", "text", "revision"), words_of(case)))
    return Kept(case, opener.seal_key(key, "revision.key", case), object_key)


async def open_one(service: Service, kept: Kept) -> bool:
    """Open the case's key by the root key, the data key by the case's, the bytes by the data key."""
    assert service.keys is not None
    service.keys.forget(str(kept.case))
    async with reading(service) as conn:
        opener = await opener_of(service, conn, kept.case)
    key = opener.open_key(kept.key_sealed, "revision.key", kept.case)
    sealed = await service.objects.get(kept.object_key)
    return open_whole(key, context("many", str(kept.case), "", "text", "revision"), sealed) == words_of(kept.case)


@dataclass
class Traffic:
    """What was opened and made meanwhile, and every error."""

    opened: int = 0
    made: int = 0
    errors: list[str] = field(default_factory=list)
    stopped: bool = False

    async def read(self, service: Service, cases: list[Kept], seed: int) -> None:
        """Open one case after another until stopped."""
        rng = random.Random(seed)
        while not self.stopped:
            try:
                if not await open_one(service, rng.choice(cases)):
                    self.errors.append("other bytes")
                self.opened += 1
            except ExchangeError as error:
                self.errors.append(type(error).__name__)
            await asyncio.sleep(0)

    async def write(self, service: Service) -> None:
        """Open new cases until stopped."""
        while not self.stopped:
            try:
                async with unit_of_work(service, OPERATOR) as unit:
                    await _make_one(service, unit.conn)
                    unit.leaf("case.opened")
                self.made += 1
            except ExchangeError as error:
                self.errors.append(type(error).__name__)
            await asyncio.sleep(0.02)


def bodies(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Every object's file: inode, time of its last change (ns) and SHA-256."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            stat = path.stat()
            found[str(path)] = (stat.st_ino, stat.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
    return found
