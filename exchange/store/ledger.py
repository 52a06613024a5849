"""The ledger in PostgreSQL: append within the caller's transaction, sign checkpoints, read.

The tree itself stands in core/ledger.py, the words of a leaf in core/leaf.py, tables and the appending
function in ledger.sql. Whatever keeps a leaf from being written is `LedgerUnavailable`, so that the act
it belongs to does not happen (DESIGN section 9).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from exchange.core.errors import LedgerUnavailable, Unreadable
from exchange.core.leaf import undated
from exchange.core.ledger import Peaks, leaf_hash
from exchange.core.notes import Checkpoint, Signer, Verifier, open_checkpoint

Connection: TypeAlias = AsyncConnection | AsyncSession

BATCH = 5_000
_CHECKPOINT_LOCK = 7_401_883

_APPEND = text("select public.ledger_append(cast(:leaves as text[]))")
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
    scripts = ("ledger.sql", "ledger_proofs.sql")
    return "\n".join(files("exchange.store").joinpath(name).read_text(encoding="utf-8") for name in scripts)


async def append(conn: Connection, leaves: Sequence[Mapping[str, Any]]) -> list[int]:
    """Append leaves to the record in the caller's transaction; their indexes, in order.

    Each leaf needs "act" and "actor" and takes the keys of `core.leaf.FIELDS`; the database adds "at".
    Call it last: it holds the head until the transaction ends. Raises LeafRefused for a leaf that says
    what a leaf must not, LedgerUnavailable for everything else; the transaction must then be rolled back.
    """
    texts = [undated(leaf) for leaf in leaves]
    if not texts:
        return []
    try:
        first = int((await conn.execute(_APPEND, {"leaves": texts})).scalar_one())
    except Exception as error:  # every failure means that the act must not happen
        raise LedgerUnavailable from error
    return list(range(first, first + len(texts)))


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
