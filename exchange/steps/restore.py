"""Restoring a backup into an empty place, or leaving that place empty (DESIGN section 7).

Everything is proved before it counts: every byte of the database and of each object by its seal or digest, the record
by its hashes, its signature and a checkpoint from outside. Entries since the backup come from outside it (the object
store or an auditor's export); what they say was erased or taken back is done again. Nobody but the owner can enter the
database before all of this is done, and if any of it fails nothing stays.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from exchange.core.backup import BadBackup
from exchange.core.errors import ObjectMissing, Refused, StorageUnavailable, Unreadable
from exchange.core.ledger import Peaks, tree_head
from exchange.core.model import OPERATOR
from exchange.core.notes import Checkpoint, Verifier, open_checkpoint
from exchange.core.since import Since, since
from exchange.core.since_acts import Leaf
from exchange.steps import asked_again, backup, done_again, messages_again, restored
from exchange.steps.backup import Opened
from exchange.store import ledger_copy, record
from exchange.store import tables as t
from exchange.store.backup import appending, copying, dump
from exchange.store.ledgerkey import keep_signer, load_signer, verifier_in
from exchange.store.migrate import known_to_us, upgrade
from exchange.store.objects import ObjectStore
from exchange.store.sealing import follow, service_opener
from exchange.store.service import Service
from exchange.store.unit import now_of, reading, unit_of_work

AT_ONCE = 4
NO_RECORD = (
    "Nothing tells what happened after this backup: what was erased or taken back since then would come back. "
    "Name where the record lies (--record), or say --without-record if there is none left."
)


@dataclass(frozen=True)
class Record:
    """Entries kept outside the backup: a signed checkpoint, and the leaves before it from some number on."""

    note: str
    start: int
    leaves: Sequence[str] = field(repr=False)


@dataclass(frozen=True)
class Wanted:
    """What whoever restores says. `record`: None for the object store's own; `since`: a checkpoint kept outside."""

    backup: str = ""
    verifier: Verifier | None = None
    record: Record | None = None
    since: str = ""
    without_record: bool = False
    older: bool = False


@dataclass(frozen=True)
class Restored:
    """What was done: which backup, entries in the record, how many of them came from outside, and what follows."""

    backup: str
    at: datetime
    entries: int
    from_outside: int
    objects: int
    missing: int
    links: int
    cases: int
    again: int
    erased: int
    closed: list[str]
    lost: dict[str, int]
    """References of cases in which messages were begun since, and how many: their words are not in the backup."""
    webhooks: int
    asked: int
    """Tasks that were made for teams: what was asked, stopped or written down since, the words of which are lost."""
    people: dict[str, int]
    """References of cases, and how many people of each were changed since and are as before."""
    newer: dict[str, int]
    """Acts that made what the backup has nothing of (a case, a self-referral, an account, a witness)."""
    settings: list[str]


async def restore(service: Service, owner_url: str, source: ObjectStore, wanted: Wanted) -> Restored:
    """Restore into an empty database and an empty or surviving object store. ExchangeError with a sentence.

    `service`: with keys, over the owner's URL.
    """
    opened = await backup.unlock(service, source, wanted.backup)
    async with reading(service) as conn:
        opened.head.require_kept(service.settings.backup_days, await now_of(conn))
    if not known_to_us(opened.contents.schema):
        raise Refused("This backup is of a newer version of the service. Install that first. Nothing was restored.")
    verifier = _verifier(service, opened, wanted)
    await backup.prove_database(source, opened)
    put: list[str] = []
    try:
        await _objects(service, source, opened, put)
        with dump.emptied(owner_url):
            await dump.load(owner_url, backup.archive(source, opened))
            await asyncio.to_thread(upgrade, owner_url)
            done = await _finish(service, opened, verifier, wanted)
            _keep_signer(service, opened)
            await _sign(service, verifier)
    except BaseException:
        for key in put:
            await service.objects.delete(key)
        raise
    return done


async def _finish(service: Service, opened: Opened, verifier: Verifier | None, wanted: Wanted) -> Restored:
    """The loaded database, until it may be opened."""
    await _right_key(service)
    leaves = await _record(service, opened, verifier, wanted)
    happened = since(leaves)
    _newest(opened, happened, wanted)
    lost = await _lost(service, happened)
    links = await restored.close_everything(service)
    await done_again.cases(service, happened)
    closed = await done_again.people(service, happened)
    again = await messages_again.messages(service, happened)
    asked = await asked_again.tasks(service, happened)
    erased = await done_again.erasures(service, leaves)
    cases = await restored.pause_cases(service)
    async with unit_of_work(service, OPERATOR) as unit:
        webhooks = await restored.silence(unit)
        told = {"size": opened.contents.entries, "count": len(leaves), "since": opened.head.at}
        unit.leaf("service.restored", digest=backup.digest_of(opened.contents), **told)
    head, contents = opened.head, opened.contents
    return Restored(
        head.id, head.at, contents.entries + len(leaves), len(leaves), len(contents.objects), len(contents.missing),
        links, cases, again, erased, closed, lost, webhooks, asked.tasks, asked.people, dict(happened.lost),
        sorted(happened.settings),
    )  # fmt: skip


async def _objects(service: Service, source: ObjectStore, opened: Opened, put: list[str]) -> None:
    """Every object where it belongs, proved. `put` grows by what was not there before."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(key: str) -> None:
        kept = opened.contents.objects[key]
        async with gate:
            try:
                if await copying.digest_of(service.objects, key) == kept:
                    return
            except ObjectMissing:
                put.append(key)
            try:
                given = await copying.copy(source, f"objects/{key}", service.objects, key)
            except ObjectMissing:
                raise Refused(
                    f"An object of this backup is missing in its place: {key}. Nothing was restored."
                ) from None
            except ValueError:
                raise StorageUnavailable("The object store gave back other bytes than were put in.") from None
            if given != kept:
                raise Refused(f"An object of this backup was changed in its place: {key}. Nothing was restored.")

    tasks = [asyncio.create_task(one(key)) for key in opened.contents.objects]
    try:
        await asyncio.gather(*tasks)
    finally:
        # none may still be writing when what was put is taken away again
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _right_key(service: Service) -> None:
    """The root key here opens what the database holds."""
    async with reading(service) as conn:
        await follow(service, conn)
        await service_opener(service, conn)


async def _record(service: Service, opened: Opened, verifier: Verifier | None, wanted: Wanted) -> list[Leaf]:
    """The record proved, and continued by what lies outside; those leaves, in order."""
    async with reading(service) as conn:
        hashes = await appending.hashes_of(conn)
    base = Peaks().extend(hashes)
    if base.size != opened.contents.entries:
        raise BadBackup("The record in this backup is not as long as it says. Nothing was restored.")
    if wanted.record is not None and verifier is None:
        raise Refused("To check the record its verification key is needed: --key, from the printed sheet.")
    outside = await _outside(service, base.size, verifier, wanted)
    texts: Sequence[str] = ()
    if outside is not None and verifier is not None:
        head = open_checkpoint(outside.note, verifier)
        if head.size < base.size:
            _agrees(hashes, head)
        else:
            texts = outside.leaves[base.size - outside.start :] if base.size > outside.start else outside.leaves
            async with reading(service) as conn:
                await appending.append(conn, base, texts, head, outside.note)
            async with reading(service) as conn:
                hashes = await appending.hashes_of(conn)
    if verifier is not None:
        _reaches(service, hashes, verifier, wanted)
    return [json.loads(leaf) for leaf in texts]


async def _outside(service: Service, size: int, verifier: Verifier | None, wanted: Wanted) -> Record | None:
    """What was named, else what the object store has; Refused where there is neither and that was not said."""
    if wanted.record is not None:
        return wanted.record
    head = await ledger_copy.copied(service.objects, verifier) if verifier is not None else None
    if head is None:
        if not wanted.without_record:
            raise Refused(NO_RECORD)
        return None
    leaves = await ledger_copy.read(service.objects, size, head.size) if head.size > size else []
    return Record(await ledger_copy.note_of(service.objects), min(size, head.size), leaves)


def _reaches(service: Service, hashes: Sequence[bytes], verifier: Verifier, wanted: Wanted) -> None:
    """The record holds every checkpoint that is known from outside: the auditor's, and the worker's own.

    `--without-record` lets go of the worker's own only: what the auditor kept must be reached.
    """
    place = record.note_file(service.settings)
    known = [(wanted.since, False)] if wanted.since else []
    known += [(place.read_text(encoding="utf-8"), wanted.without_record)] if place.exists() else []
    for note, may_lack in known:
        head = open_checkpoint(note, verifier)
        if head.size <= len(hashes):
            _agrees(hashes, head)
        elif not may_lack:
            raise Refused(
                f"A checkpoint from outside covers {head.size} entries of the record, and only {len(hashes)} are here. "
                "Name where the rest lies (--record). Nothing was restored."
            )


def _agrees(hashes: Sequence[bytes], head: Checkpoint) -> None:
    if tree_head(hashes[: head.size]) != head.root:
        raise Unreadable("The record in this backup is not the one that was signed. Nothing was restored.")


def _newest(opened: Opened, happened: Since, wanted: Wanted) -> None:
    """Refuse an older backup than there is, unless it is wanted. The record names each by what is in it."""
    mine = backup.digest_of(opened.contents)
    later = happened.backups[happened.backups.index(mine) + 1 :] if mine in happened.backups else happened.backups
    if later and not wanted.older:
        raise Refused(
            f"{len(later)} newer backups than this one were made. Use the newest, or say --older if it is lost. "
            "Nothing was restored."
        )


async def _lost(service: Service, happened: Since) -> dict[str, int]:
    async with reading(service) as conn:
        query = select(t.cases.c.id, t.cases.c.reference).where(t.cases.c.id.in_(happened.put_in))
        return {row.reference: happened.put_in[row.id] for row in await conn.execute(query)}


def _verifier(service: Service, opened: Opened, wanted: Wanted) -> Verifier | None:
    """Whose signature counts: what was given, else the key in the backup, else the one on this machine."""
    if wanted.verifier is not None:
        return wanted.verifier
    if opened.contents.ledger_key:
        return verifier_in(opened.contents.ledger_key)
    path = service.settings.ledger_key_file
    return load_signer(path).verifier if path.exists() else None


def _keep_signer(service: Service, opened: Opened) -> None:
    """The key that signs the record, where it is not here and the backup has it."""
    path = service.settings.ledger_key_file
    if opened.contents.ledger_key and not path.exists():
        keep_signer(path, opened.contents.ledger_key)


async def _sign(service: Service, verifier: Verifier | None) -> None:
    """The record goes on where it was: signed again, and also outside the database."""
    if verifier is None or not service.settings.ledger_key_file.exists():
        return
    await record.begin_again(service)
    await record.sign(service)
    await ledger_copy.add(service, verifier)
