"""The place of backups: an object store of its own, a folder or a bucket (settings `backup_to`, `backup_s3_*`).

head/<id>                    written last: without it there is no backup
data/<id>/<stream>/00000000  a sealed stream in pieces of 8 MiB
objects/<key>                a sealed object as it lies in the service's store, once for all backups
bad/<key>                    a check found that object changed or missing: the next backup copies it anew
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

from exchange.core.backup import BadBackup, Head, Kept, is_id
from exchange.core.errors import ObjectMissing, WrongSetting
from exchange.core.sealed import Sealer
from exchange.settings import Settings
from exchange.store.objects import LocalObjects, ObjectStore, open_objects

PIECE = 8 * 1024**2


def open_place(settings: Settings) -> ObjectStore:
    """The store that the settings name. Raises WrongSetting where there is none."""
    if not settings.backup_to:
        raise WrongSetting("No place for backups is set. Set EXCHANGE_BACKUP_TO to local:/a/folder or s3.")
    if settings.backup_to != "s3":
        folder = Path(settings.backup_to.removeprefix("local:"))
        if folder == settings.objects_folder:
            raise WrongSetting("EXCHANGE_BACKUP_TO is the object store itself. Choose another place.")
        return LocalObjects(folder)
    names = ("endpoint", "bucket", "access_key", "secret_key", "region", "secure")
    there = {f"s3_{name}": getattr(settings, f"backup_s3_{name}") for name in names}
    return open_objects(settings.model_copy(update={"objects": "s3", **there}))


@dataclass(frozen=True)
class Heads:
    """Every finished backup, the newest first, and why those that cannot be read cannot, by their ids.

    `strange`: names beside them that are no id of ours. They are no backups: nobody reads, keeps or removes anything
    for them.
    """

    good: list[Head]
    bad: dict[str, BadBackup]
    strange: list[str]

    def newest(self) -> Head | None:
        """BadBackup where a newer one than all that can be read cannot be: nobody goes back further unknowingly."""
        found = self.good[0] if self.good else None
        newer = sorted((name for name in self.bad if found is None or name > found.id), reverse=True)
        if not newer:
            return found
        instead = f" The newest that can be read is {found.id}: --backup {found.id} takes that." if found else ""
        raise BadBackup(f"{self.bad[newer[0]]} It is {newer[0]}.{instead}")


async def heads(place: ObjectStore) -> Heads:
    """What stands in the place; one that cannot be read hides no other."""
    found = Heads([], {}, [])
    for name in sorted([key.removeprefix("head/") async for key, _ in place.list("head/")], reverse=True):
        if not is_id(name):
            found.strange.append(name)
            continue
        try:
            found.good.append(Head.parse(await place.get(f"head/{name}"), name))
        except BadBackup as error:
            found.bad[name] = error
    return found


async def mark_bad(place: ObjectStore, key: str) -> None:
    """The copy of this object is not what it was."""
    await place.put(f"bad/{key}", b"changed or missing\n")


async def marked_bad(place: ObjectStore) -> set[str]:
    """Objects whose copies are not what they were."""
    return {key.removeprefix("bad/") async for key, _ in place.list("bad/")}


class StreamWriter:
    """Seals a stream into pieces of the place. `finish` gives size and SHA-256 of what went in."""

    def __init__(self, place: ObjectStore, folder: str, key: bytes, bound: bytes) -> None:
        self._place, self._folder = place, folder
        self._sealer, self._digest = Sealer(key, bound), hashlib.sha256()
        self._waiting, self._number, self._size = bytearray(), 0, 0

    async def write(self, data: bytes) -> None:
        """The next bytes."""
        self._digest.update(data)
        self._size += len(data)
        self._waiting += self._sealer.update(data)
        while len(self._waiting) >= PIECE:
            await self._put(PIECE)

    async def finish(self) -> Kept:
        """Nothing more comes."""
        self._waiting += self._sealer.finish()
        await self._put(len(self._waiting))
        return Kept(self._size, self._digest.hexdigest())

    async def _put(self, size: int) -> None:
        await self._place.put(f"{self._folder}/{self._number:08}", bytes(self._waiting[:size]))
        del self._waiting[:size]
        self._number += 1


async def stream(place: ObjectStore, folder: str, key: bytes, bound: bytes) -> AsyncIterator[bytes]:
    """What was written. BadBackup before any byte that is not proved, and at the end where something is missing."""
    number, opener = 0, None
    try:
        opener = Cobblestone256Decryptor(key, bound)
        with contextlib.suppress(ObjectMissing):
            while True:
                ready = opener.update(await place.get(f"{folder}/{number:08}"))
                if ready:
                    yield ready
                number += 1
        if rest := opener.finalize():
            yield rest
    except (InvalidTag, ValueError) as error:
        raise BadBackup("A part of this backup was changed, cut short or belongs to another. "
                        "Nothing was restored.") from error  # fmt: skip


async def prove(place: ObjectStore, folder: str, key: bytes, bound: bytes) -> Kept:
    """Read a stream to its end; what it was. BadBackup."""
    digest, size = hashlib.sha256(), 0
    async for data in stream(place, folder, key, bound):
        digest.update(data)
        size += len(data)
    return Kept(size, digest.hexdigest())
