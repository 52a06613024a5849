"""Backups: the database of one moment and every object it needs, sealed, read back, and thrown away in time.

Objects are sealed already and never change under their key, so each is copied once for all backups. A backup counts
when its head is written, last. What is older than backups are kept goes, with every object that no backup needs any
more: certificates of erasure promise it. The root key is in no backup.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from exchange.core.backup import (
    DATABASE,
    LIST,
    BadBackup,
    Contents,
    Head,
    Kept,
    begun,
    is_id,
    key_context,
    new_id,
    still_keeps,
    stream_context,
)
from exchange.core.errors import NotFound, ObjectMissing, RootKeyMissing, Unreadable, WrongSetting
from exchange.core.keys import new_data_key
from exchange.core.model import OPERATOR
from exchange.steps import settings as service_settings
from exchange.store.backup import copying, dump, place
from exchange.store.objects import ObjectStore
from exchange.store.placing import places_of
from exchange.store.reaper import PREFIXES
from exchange.store.sealing import SERVICE, follow
from exchange.store.service import Service
from exchange.store.unit import now_of, reading, unit_of_work

MADE = "backup_made"
"""The row of `service_setting` that says what the last backup was."""
AT_ONCE = 4
LEFTOVER = timedelta(days=1)


@dataclass(frozen=True)
class Made:
    """One backup: how many objects it needs, how many of them were copied now, and which the store had lost."""

    id: str
    objects: int
    copied: int
    missing: tuple[str, ...]
    thrown_away: int
    unreadable: Mapping[str, bool] = field(default_factory=dict)
    """Backups in the place whose heads cannot be read, and whether nothing else is thrown away for that."""
    strange: tuple[str, ...] = ()
    """Names in the place that are no backup's. They are left alone, and keep nothing."""


@dataclass(frozen=True)
class Opened:
    """A backup whose head was unlocked and whose list was read."""

    head: Head
    key: bytes
    contents: Contents


async def make(service: Service, owner_url: str, target: ObjectStore) -> Made:
    """Make one and read it back. Conflict while another is made; ExchangeError with a sentence: none was made."""
    async with dump.one_at_a_time(owner_url):
        return await _make(service, owner_url, target)


async def _make(service: Service, owner_url: str, target: ObjectStore) -> Made:
    key, now = new_data_key(), await _now(service)
    name = new_id(now, secrets.token_bytes(4))
    wrapped = await _wrapped(service, name, key)
    await places_of(service.engine).settle()
    known = await _known_objects(service, target)
    async with dump.snapshot(owner_url) as snapshot:
        schema = str(await snapshot.one("select version_num from alembic_version"))
        entries = int(await snapshot.one("select size from public.ledger_head"))
        database = await _write(target, name, DATABASE, key, snapshot.dump())
        wanted = await snapshot.objects()
    objects, copied, missing = await _copy_all(service, owner_url, target, wanted, known)
    lost = tuple(key for key in missing if key not in objects)
    contents = Contents(schema, entries, database, objects, lost, _ledger_key(service))
    listed = await _write(target, name, LIST, key, _once(contents.text.encode()))
    for stream, kept in ((DATABASE, database), (LIST, listed)):
        if await place.prove(target, _folder(name, stream), key, _bound(name, stream)) != kept:
            raise BadBackup("What was written is not what was read back. This backup does not count.")
    await target.put(f"head/{name}", Head(name, wrapped).text.encode())
    gone = await throw_away(service, target, now)
    await _remember(service, name, contents, copied, len(missing))
    found = await place.heads(target)
    unreadable = {bad: still_keeps(bad, now) for bad in found.bad}
    return Made(name, len(objects), copied, missing, gone, unreadable, tuple(found.strange))


async def unlock(service: Service, target: ObjectStore, name: str = "") -> Opened:
    """The named backup, by default the newest, and its list. NotFound, BadBackup, RootKeyMissing."""
    found = await place.heads(target)
    if name in found.bad:
        raise found.bad[name]
    head = next((one for one in found.good if one.id == name), None) if name else found.newest()
    if head is None:
        raise NotFound("There is no such backup in this place.")
    return await _opened(service, target, head)


async def _opened(service: Service, target: ObjectStore, head: Head) -> Opened:
    key = await _unwrapped(service, head)
    text = b"".join([part async for part in place.stream(target, _folder(head.id, LIST), key, _bound(head.id, LIST))])
    return Opened(head, key, Contents.parse(text))


async def check(service: Service, target: ObjectStore, name: str = "") -> Opened:
    """Read all of a backup, every byte of every object. BadBackup, with a sentence, where something is wrong.

    What was changed or is missing is marked: the next backup copies it anew.
    """
    opened = await unlock(service, target, name)
    await prove_database(target, opened)
    wrong: list[str] = []
    for key, kept in opened.contents.objects.items():
        try:
            found = "" if await copying.digest_of(target, f"objects/{key}") == kept else "was changed"
        except ObjectMissing:
            found = "is missing"
        if found:
            await place.mark_bad(target, key)
            wrong.append(f"An object of this backup {found} in its place: {key}")
    if wrong:
        raise BadBackup("\n".join([*wrong, "The next backup copies what is wrong here anew. Make it now."]))
    return opened


async def prove_database(target: ObjectStore, opened: Opened) -> None:
    """Read the database of a backup to its end. BadBackup."""
    name = opened.head.id
    if await place.prove(target, _folder(name, DATABASE), opened.key, _bound(name, DATABASE)) != (
        opened.contents.database
    ):
        raise BadBackup("The database in this backup is not the one that was written. Nothing was restored.")


def archive(target: ObjectStore, opened: Opened) -> AsyncIterator[bytes]:
    """The database of a backup, proved as it comes."""
    name = opened.head.id
    return place.stream(target, _folder(name, DATABASE), opened.key, _bound(name, DATABASE))


async def throw_away(service: Service, target: ObjectStore, now: datetime) -> int:
    """Backups kept long enough go, and what no backup needs any more; how many backups. Leftovers of failed ones too.

    Objects go only when every list that is left was read: one that does not open may need any of them. A head that
    cannot be read stops that for as long as `still_keeps` says; what a readable backup needs never goes.
    """
    found = await place.heads(target)
    names = {head.id for head in found.good} | set(found.bad)
    old = {name for name in names if _older(name, now - timedelta(days=service.settings.backup_days))}
    for name in old:
        await target.delete(f"head/{name}")
    kept = names - old
    await _drop_streams(target, kept, now)
    if old or found.bad:
        await _drop_objects(service, target, {n for n in kept if n not in found.bad or still_keeps(n, now)})
    return len(old)


async def last_made(service: Service) -> Any:
    """What `_remember` wrote (value, at), None before the first."""
    async with reading(service) as conn:
        return await service_settings.row(conn, MADE)


async def _drop_streams(target: ObjectStore, kept: set[str], now: datetime) -> None:
    async for key, _ in target.list("data/"):
        name = key.split("/")[1]
        if name not in kept and _older(name, now - LEFTOVER):
            await target.delete(key)


def _older(name: str, than: datetime) -> bool:
    """What is no backup's name is left alone."""
    return is_id(name) and begun(name) < than


async def _drop_objects(service: Service, target: ObjectStore, kept: set[str]) -> None:
    needed: set[str] = set()
    try:
        for name in kept:
            needed |= set((await unlock(service, target, name)).contents.objects)
    except (Unreadable, RootKeyMissing):
        return
    gone = [key async for key, _ in target.list("objects/") if key.removeprefix("objects/") not in needed]
    for key in gone:
        await target.delete(key)


@dataclass(frozen=True)
class _Known:
    """What the newest backup that opens lists; which of it still lies in the place with that size; what is marked."""

    listed: Mapping[str, Kept]
    there: frozenset[str]
    bad: frozenset[str]


async def _known_objects(service: Service, target: ObjectStore) -> _Known:
    listed, bad = await _listed(service, target), await place.marked_bad(target)
    sizes = {key.removeprefix("objects/"): size async for key, size in target.list("objects/")}
    there = {key for key, kept in listed.items() if sizes.get(key) == kept.size and key not in bad}
    return _Known(listed, frozenset(there), frozenset(bad))


async def _listed(service: Service, target: ObjectStore) -> Mapping[str, Kept]:
    for head in (await place.heads(target)).good:
        with suppress(Unreadable, RootKeyMissing):
            return (await _opened(service, target, head)).contents.objects
    return {}


async def _copy_all(
    service: Service, owner_url: str, target: ObjectStore, wanted: list[str], known: _Known
) -> tuple[dict[str, Kept], int, tuple[str, ...]]:
    """Every object by key, how many were copied, and those that a row needs and the store does not have.

    Of what the store has lost, the copy of an earlier backup is kept: it may be the last one.
    """
    sizes = {key: size for prefix in PREFIXES async for key, size in service.objects.list(prefix)}
    same = {key: kept for key, kept in known.listed.items() if key in known.there and sizes.get(key) == kept.size}
    objects = {key: same[key] for key in wanted if key in same}
    missing: list[str] = []
    copied: list[str] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(key: str) -> None:
        async with gate:
            try:
                objects[key] = await _copied(service, target, key, known)
                copied.append(key)
            except ObjectMissing:
                if not await dump.still_needed(owner_url, key):
                    return  # it was erased since the snapshot
                missing.append(key)
                if key in known.there:
                    objects[key] = known.listed[key]

    await asyncio.gather(*[one(key) for key in wanted if key not in objects])
    return objects, len(copied), tuple(sorted(missing))


async def _copied(service: Service, target: ObjectStore, key: str, known: _Known) -> Kept:
    """ObjectMissing also where the store has another object than was there before: objects never change."""
    if key in known.listed and await copying.digest_of(service.objects, key) != known.listed[key]:
        raise ObjectMissing
    try:
        given = await copying.copy(service.objects, key, target, f"objects/{key}")
    except ValueError:
        raise BadBackup("An object was written and came back as another. This backup does not count.") from None
    if key in known.bad:
        await target.delete(f"bad/{key}")
    return given


async def _write(target: ObjectStore, name: str, stream: str, key: bytes, data: AsyncIterator[bytes]) -> Kept:
    writer = place.StreamWriter(target, _folder(name, stream), key, _bound(name, stream))
    async for part in data:
        await writer.write(part)
    return await writer.finish()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _wrapped(service: Service, name: str, key: bytes) -> bytes:
    if service.keys is None:
        raise WrongSetting("A backup is locked by the root key, which is not set up here.")
    async with reading(service) as conn:
        await follow(service, conn)
    return await asyncio.to_thread(service.keys.provider.wrap, key, key_context(SERVICE, name))


async def _unwrapped(service: Service, head: Head) -> bytes:
    assert service.keys is not None
    try:
        return await asyncio.to_thread(service.keys.provider.unwrap, head.key, key_context(SERVICE, head.id))
    except RootKeyMissing:
        raise RootKeyMissing("This backup is locked by another root key than is here. Nothing was restored.") from None
    except Unreadable:
        raise BadBackup("The root key here does not open this backup. Nothing was restored.") from None


async def _remember(service: Service, name: str, contents: Contents, copied: int, missing: int) -> None:
    """In the record and beside the settings. The digest names the list, and so everything in the backup."""
    told = {"id": name, "objects": len(contents.objects), "missing": missing}
    async with unit_of_work(service, OPERATOR) as unit:
        await service_settings.put(unit, MADE, told)
        unit.leaf("backup.made", digest=digest_of(contents), size=contents.entries, count=copied)


def digest_of(contents: Contents) -> str:
    """By what the record names a backup."""
    return hashlib.sha256(contents.text.encode()).hexdigest()


def _ledger_key(service: Service) -> str:
    path = service.settings.ledger_key_file
    return path.read_text(encoding="ascii") if path.exists() else ""


async def _now(service: Service) -> datetime:
    async with reading(service) as conn:
        return await now_of(conn)


def _folder(name: str, stream: str) -> str:
    return f"data/{name}/{stream}"


def _bound(name: str, stream: str) -> bytes:
    return stream_context(SERVICE, name, stream)
