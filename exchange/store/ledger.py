"""The ledger in PostgreSQL: leaves within the caller's transaction, their places after it, checkpoints, reading.

The tree itself stands in core/ledger.py, the words of a leaf in core/leaf.py, tables and functions in ledger.sql,
ledger_proofs.sql, ledger_pending.sql and ledger_columns.sql. Whatever keeps a leaf from being written is
`LedgerUnavailable`, so that the act it belongs to does not happen (DESIGN section 9).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from exchange.core.errors import LedgerUnavailable, Unreadable
from exchange.core.leaf import undated
from exchange.core.ledger import Peaks, leaf_hash
from exchange.core.notes import Checkpoint, Signer, Verifier, open_checkpoint
from exchange.store.failpoints import failpoint

Connection: TypeAlias = AsyncConnection | AsyncSession

BATCH = 5_000
_CHECKPOINT_LOCK = 7_401_883

PLACED_AT_ONCE = 1_000
"""As many leaves `ledger_place` takes in one call."""

_WRITE = "select public.ledger_append(%b)"  # binary: as text every quote of a leaf is escaped on its way
_PLACE = "select public.ledger_place()"
_PLACES = text("select index from public.ledger_leaf where entry = any(cast(:entries as bigint[])) order by index")
_HEAD = text("select size, peaks from public.ledger_head")
_NEWEST = text("select size, root, peaks, note, at from public.ledger_checkpoint order by size desc limit 1")
_LEAVES = text(
    "select index as place, leaf, hash from public.ledger_leaf where index >= :start and index < :stop order by index"
)
_KEEP = text("insert into public.ledger_checkpoint (size, root, peaks, note) values (:size, :root, :peaks, :note)")


class LedgerBroken(Unreadable):
    """The record in the database does not agree with what was signed before. Tell the auditor."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it was kept; `at` is when (database clock)."""

    size: int
    root: bytes
    peaks: Peaks
    note: str
    at: datetime


def ddl() -> str:
    """The SQL that creates tables, triggers and functions; run it once, without parameters."""
    scripts = ("ledger.sql", "ledger_proofs.sql", "ledger_pending.sql", "ledger_columns.sql")
    return "\n".join(files("exchange.store").joinpath(name).read_text(encoding="utf-8") for name in scripts)


async def write(conn: Connection, leaves: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write leaves in the caller's transaction, without a lock; the entries that wait for their places.

    Each leaf needs "act" and "actor" and takes the keys of `core.leaf.FIELDS`; the database adds "at". Committed with
    the transaction, they are placed by whoever places next. Raises LeafRefused for a leaf that says what a leaf must
    not, LedgerUnavailable for everything else; the transaction must then be rolled back.
    """
    texts = [undated(leaf) for leaf in leaves]
    if not texts:
        return []
    try:
        entries = list(await asked(conn, _WRITE, texts))
    except Exception as error:  # every failure means that the act must not happen
        raise LedgerUnavailable from error
    failpoint("leaves.written")
    return entries


async def place(conn: Connection) -> None:
    """Give every committed leaf its place. Holds the head until the transaction ends, so give it one of its own."""
    failpoint("leaves.to_be_placed")
    try:
        while await asked(conn, _PLACE) == PLACED_AT_ONCE:
            pass
    except Exception as error:
        raise LedgerUnavailable from error
    failpoint("leaves.placed")


async def asked(conn: Connection, statement: str, *values: Any) -> Any:
    """The one value that a statement gives, by the driver itself: for what stands in every act, three times as fast."""
    if isinstance(conn, AsyncSession):
        conn = await conn.connection()
    driver = (await conn.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    (found,) = await (await driver.execute(statement, values or None)).fetchone() or (None,)
    return found


async def append(conn: Connection, leaves: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write and place in one transaction, for callers that come alone; their indexes, in order.

    Call it last: others wait for their places until it ends. Raises as `write` does.
    """
    entries = await write(conn, leaves)
    if not entries:
        return []
    await place(conn)
    return list((await conn.execute(_PLACES, {"entries": entries})).scalars())


async def newest(conn: Connection) -> Signed | None:
    """The newest checkpoint, if there is one. Its signature is checked by whoever relies on it."""
    row = (await conn.execute(_NEWEST)).one_or_none()
    if row is None:
        return None
    peaks = tuple(bytes(peak) for peak in row.peaks)
    if len(peaks) != row.size.bit_count():
        raise LedgerBroken
    return Signed(row.size, bytes(row.root), Peaks(row.size, peaks), row.note, row.at)


async def checkpoint(conn: Connection, signer: Signer, kept: str | None = None) -> str | None:
    """Sign the head of the record if it grew; the new note, or None where nothing is new.

    Before signing, the peaks are grown from the last signed checkpoint over every leaf since and must
    equal the head's. `kept`, the last note that the signer knows from outside the database, must still
    stand in it: so a database rolled back is not signed again. Raises LedgerBroken, LedgerUnavailable.
    """
    try:
        await conn.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _CHECKPOINT_LOCK})
        start = await _trusted(conn, signer.verifier, kept)
        head = (await conn.execute(_HEAD)).one()
        if head.size == start.size:
            _must(tuple(bytes(peak) for peak in head.peaks) == start.peaks)
            return None
        grown = await _grow(conn, start, head.size)
        _must(grown.peaks == tuple(bytes(peak) for peak in head.peaks))
        note = Checkpoint(signer.verifier.name, grown.size, grown.root()).signed(signer)
        await conn.execute(_KEEP, {"size": grown.size, "root": grown.root(), "peaks": list(grown.peaks), "note": note})
    except Unreadable:
        raise
    except Exception as error:
        raise LedgerUnavailable from error
    return note


async def _trusted(conn: Connection, verifier: Verifier, kept: str | None) -> Peaks:
    """Where growing may start: the newest checkpoint, once signature and peaks agree."""
    last = await newest(conn)
    known = open_checkpoint(kept, verifier) if kept else None
    if last is None:
        _must(known is None)
        return Peaks()
    signed = open_checkpoint(last.note, verifier)
    _must((signed.size, signed.root) == (last.size, last.root) and last.peaks.root() == last.root)
    if known is not None:
        found = text("select root from public.ledger_checkpoint where size = :size")
        root = (await conn.execute(found, {"size": known.size})).scalar_one_or_none()
        _must(root is not None and bytes(root) == known.root)
    return last.peaks


async def _grow(conn: Connection, peaks: Peaks, size: int) -> Peaks:
    """The peaks over every leaf up to `size`, hashed here from the leaves' own bytes."""
    while peaks.size < size:
        stop = min(size, peaks.size + BATCH)
        rows = (await conn.execute(_LEAVES, {"start": peaks.size, "stop": stop})).all()
        _must([row.place for row in rows] == list(range(peaks.size, stop)))
        hashes = [leaf_hash(row.leaf.encode()) for row in rows]
        _must(hashes == [bytes(row.hash) for row in rows])
        peaks = peaks.extend(hashes)
    return peaks


def _must(holds: bool) -> None:
    if not holds:
        raise LedgerBroken


async def raw_leaves(conn: Connection, start: int, stop: int) -> AsyncIterator[tuple[int, str, bytes]]:
    """(index, leaf text, leaf hash) from `start` up to, not including, `stop`, in order, in batches."""
    while start < stop:
        end = min(stop, start + BATCH)
        for row in (await conn.execute(_LEAVES, {"start": start, "stop": end})).all():
            yield row.place, row.leaf, bytes(row.hash)
        start = end
