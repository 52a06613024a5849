"""The record a second time, outside the database and so outside its backups: bundles of 256 leaves in the object store.

    record/leaves/<number of the bundle, 12 digits>    one leaf per line; the last bundle grows until it is full
    record/newest                                      the newest checkpoint that is covered by them, written last

A worker adds what is new after each checkpoint (DESIGN section 7). What is read back counts for nothing until it leads
to the root of a signed checkpoint, so nobody who can write into the store can change the record. A record in the store
that is longer than the database's, or another one, is never written over: then the database is the one that went back.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from prometheus_client import Gauge
from sqlalchemy import text

from exchange.core.errors import ObjectMissing, Unreadable
from exchange.core.ledger import Peaks, leaf_hash, node_hash
from exchange.core.notes import Checkpoint, Verifier, open_checkpoint
from exchange.store.ledger import Connection, LedgerBroken, newest, raw_leaves
from exchange.store.objects import ObjectStore
from exchange.store.service import Service
from exchange.store.unit import at_once

BUNDLE = 256
NEWEST = "record/newest"
COPIED = Gauge("exchange_record_copied_entries", "Entries of the record that also lie in the object store.")

_LOCK = 7_401_888
_ROOT_AT = text("select root from public.ledger_checkpoint where size = :size")


async def add(service: Service, verifier: Verifier) -> int:
    """Write what is signed and not there yet; how many entries are there now. LedgerBroken, StorageUnavailable.

    One process at a time: another one that comes meanwhile leaves it to that.
    """
    async with at_once(service) as conn:
        if not (await conn.execute(text("select pg_try_advisory_lock(:lock)"), {"lock": _LOCK})).scalar_one():
            return 0
        try:
            return await _add(conn, service.objects, verifier)
        finally:
            await conn.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK})


async def _add(conn: Connection, objects: ObjectStore, verifier: Verifier) -> int:
    last = await newest(conn)
    if last is None:
        return 0
    there = await copied(objects, verifier)
    if there is not None:
        root = (await conn.execute(_ROOT_AT, {"size": there.size})).scalar_one_or_none()
        if root is None or bytes(root) != there.root:
            raise LedgerBroken("The object store holds a record that this database does not continue.")
    start = there.size // BUNDLE if there else 0
    for number in range(start, -(-last.size // BUNDLE)):
        stop = min(last.size, (number + 1) * BUNDLE)
        leaves = [leaf async for _, leaf, _ in raw_leaves(conn, number * BUNDLE, stop)]
        await objects.put(bundle_key(number), "".join(f"{leaf}\n" for leaf in leaves).encode())
    await objects.put(NEWEST, last.note.encode())
    COPIED.set(last.size)
    return last.size


async def copied(objects: ObjectStore, verifier: Verifier) -> Checkpoint | None:
    """The checkpoint up to which the record lies in the store, None where it does not. BadNote."""
    with suppress(ObjectMissing):
        return open_checkpoint((await objects.get(NEWEST)).decode("utf-8", "replace"), verifier)
    return None


async def note_of(objects: ObjectStore) -> str:
    """The note of that checkpoint as it stands there. ObjectMissing."""
    return (await objects.get(NEWEST)).decode("utf-8", "replace")


async def read(objects: ObjectStore, start: int, stop: int) -> list[str]:
    """The leaves from `start` up to `stop`, not proved yet. ObjectMissing, Unreadable where lines are missing."""
    found: list[str] = []
    for number in range(start // BUNDLE, -(-stop // BUNDLE)):
        lines = (await objects.get(bundle_key(number))).decode("ascii", "replace").split("\n")[:-1]
        first = number * BUNDLE
        wanted = lines[max(0, start - first) : stop - first]
        if len(wanted) != min(stop, first + BUNDLE) - max(start, first):
            raise Unreadable("The record in the object store is not whole.")
        found += wanted
    return found


def prove(base: Peaks, leaves: Sequence[str], head: Checkpoint) -> Peaks:
    """The peaks after these leaves. LedgerBroken unless they lead from `base` to exactly this checkpoint."""
    grown = base.extend(leaf_hash(leaf.encode()) for leaf in leaves)
    if (grown.size, grown.root()) != (head.size, head.root):
        raise LedgerBroken("The entries kept outside the backup do not continue it. Nothing was restored.")
    return grown


def nodes_of(base: Peaks, leaves: Iterable[str]) -> Iterable[tuple[int, bytes, list[bytes]]]:
    """(index, hash, roots of the subtrees that it completes) of each leaf: what the table keeps of it."""
    for leaf in leaves:
        index, hash_of_leaf = base.size, leaf_hash(leaf.encode())
        grown = base.append(hash_of_leaf)
        yield index, hash_of_leaf, completed(base, hash_of_leaf)
        base = grown


def completed(base: Peaks, hash_of_leaf: bytes) -> list[bytes]:
    """Roots of the full subtrees of 2, 4, 8 … leaves that one more leaf completes, smallest first."""
    made, node, carry, peaks = [], hash_of_leaf, base.size, list(base.peaks)
    while carry & 1:
        node = node_hash(peaks.pop(), node)
        made.append(node)
        carry >>= 1
    return made


def bundle_key(number: int) -> str:
    """Where a bundle lies."""
    return f"record/leaves/{number:012}"
