"""Proofs of the record from what lies beside the leaves, and the cosignatures of witnesses.

A proof reads a few rows however long the record is, and is checked against the signed root before it leaves:
rows that were tampered with give `LedgerBroken`, never a wrong proof.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from exchange.core.cosign import WitnessKey, when
from exchange.core.errors import BadInput, NotFound
from exchange.core.ledger import (
    Range,
    consistency_ranges,
    full_subtrees,
    inclusion_ranges,
    join,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from exchange.core.notes import Opened, open_unverified, parse_signature_lines, signature_line
from exchange.core.proof import EntryProof
from exchange.core.witness import Submission
from exchange.store.ledger import Connection, LedgerBroken, newest

_ROOTS = text("select index as place, hash, nodes from public.ledger_leaf where index = any(cast(:places as bigint[]))")
_LEAF = text("select leaf from public.ledger_leaf where index = :place")
_LINES = text("select line from public.ledger_cosignature where size = :size order by name, key_id")
_NOTE = text("select note from public.ledger_checkpoint where size = :size")
_BEST = text(
    "select size from public.ledger_cosignature where size > :index"
    " group by size order by count(*) desc, size desc limit 1"
)
_NEWEST_COSIGNED = text(
    "select distinct size from (select distinct on (name, key_id) size from public.ledger_cosignature"
    " where size <= :most order by name, key_id, size desc) as last order by size"
)
_WITNESSES = text("select vkey from public.ledger_witness order by name, key_id")
_TRUST = text(
    "insert into public.ledger_witness (vkey, name, key_id) values (:vkey, :name, :key_id)"
    " on conflict do nothing returning 1"
)
_KEEP = text(
    "insert into public.ledger_cosignature (size, name, key_id, line, seen_at)"
    " values (:size, :name, :key_id, :line, :seen_at) on conflict do nothing returning 1"
)


class NotSigned(NotFound):
    """This entry is not under a checkpoint yet. Please try again in a few minutes."""


class UnknownWitness(BadInput):
    """No cosignature here is of a witness that this service knows. Nothing was kept."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """An earlier checkpoint with its cosignatures, and the proof that a later one continues it."""

    note: str
    steps: tuple[bytes, ...]


async def roots(conn: Connection, ranges: Sequence[Range]) -> list[bytes]:
    """The roots of these subtrees (none empty), in order. Raises LedgerBroken where rows are missing."""
    wanted = [subtree for low, high in ranges for subtree in full_subtrees(low, high)]
    # the last leaf of a full subtree completes it, so its row holds the root
    rows = await conn.execute(_ROOTS, {"places": sorted({high - 1 for _, high in wanted})})
    found = {row.place: [bytes(row.hash), *(bytes(node) for node in row.nodes)] for row in rows}
    try:
        known = {(low, high): found[high - 1][(high - low).bit_length() - 1] for low, high in wanted}
    except LookupError as error:
        raise LedgerBroken from error
    return [join([known[subtree] for subtree in full_subtrees(low, high)]) for low, high in ranges]


async def entry_proof(conn: Connection, index: int) -> EntryProof:
    """The proof of an entry in the checkpoint that most witnesses cosigned, else in the newest. NotSigned."""
    last = await newest(conn)
    if last is None or not 0 <= index < last.size:
        raise NotSigned
    size = (await conn.execute(_BEST, {"index": index})).scalar_one_or_none() or last.size
    opened = await checkpoint_of(conn, size)
    leaf = str((await conn.execute(_LEAF, {"place": index})).scalar_one())
    steps = await roots(conn, inclusion_ranges(index, size))
    if not verify_inclusion(index, size, leaf_hash(leaf.encode()), steps, opened.checkpoint.root):
        raise LedgerBroken
    return EntryProof(index, leaf, tuple(steps), opened.note)


async def submission(conn: Connection, old: int) -> Submission:
    """The newest checkpoint with the proof that it continues the first `old` entries. Raises NotSigned.

    Where the record is shorter than `old` the proof is empty: a witness must see that it was cut back.
    """
    last = await newest(conn)
    if last is None:
        raise NotSigned("Nothing has been signed yet. Please try again in a few minutes.")
    steps = await consistency(conn, old, last.size, last.root) if old <= last.size else ()
    return Submission(old, steps, last.note)


async def consistency(conn: Connection, old: int, size: int, root: bytes) -> tuple[bytes, ...]:
    """The proof that the first `old` entries begin the tree of `size` with this root; empty where none is needed."""
    if old in (0, size):
        return ()
    (before,) = await roots(conn, [(0, old)])
    steps = await roots(conn, consistency_ranges(old, size))
    if not verify_consistency(old, size, before, root, steps):
        raise LedgerBroken
    return tuple(steps)


async def checkpoint_of(conn: Connection, size: int) -> Opened:
    """The checkpoint of this size with every cosignature that is kept. Raises NotFound."""
    note = (await conn.execute(_NOTE, {"size": size})).scalar_one_or_none()
    if note is None:
        raise NotFound("There is no checkpoint of this size.")
    lines = (await conn.execute(_LINES, {"size": size})).scalars().all()
    return open_unverified(note + "".join(lines))


async def cosigned(conn: Connection, size: int, root: bytes) -> list[Cosigned]:
    """For each witness the newest checkpoint before `size` that it cosigned, and that `size` continues it."""
    sizes = (await conn.execute(_NEWEST_COSIGNED, {"most": size})).scalars().all()
    return [
        Cosigned((await checkpoint_of(conn, old)).note, await _continued(conn, old, size, root))
        for old in sizes
        if old < size
    ]


async def _continued(conn: Connection, old: int, size: int, root: bytes) -> tuple[bytes, ...]:
    """Empty where the record was tampered with: an export is still written then, and will not verify."""
    with suppress(LedgerBroken):
        return await consistency(conn, old, size, root)
    return ()


async def witnesses(conn: Connection) -> list[WitnessKey]:
    """Those whose cosignatures are kept."""
    return [WitnessKey.from_vkey(vkey) for vkey in (await conn.execute(_WITNESSES)).scalars()]


async def trust(conn: Connection, key: WitnessKey) -> bool:
    """Keep this witness's cosignatures from now on; False if it was known."""
    values = {"vkey": key.vkey, "name": key.name, "key_id": key.key_id}
    return (await conn.execute(_TRUST, values)).first() is not None


async def keep(conn: Connection, size: int, untrusted_lines: str) -> list[WitnessKey]:
    """Keep the cosignatures of known witnesses over the checkpoint of this size; whose were new.

    Lines of unknown keys are ignored (C2SP tlog-witness). Raises BadNote for a line that does not verify,
    UnknownWitness where no line is of a known witness, NotFound.
    """
    opened = await checkpoint_of(conn, size)
    given = Opened(opened.text, opened.checkpoint, tuple(parse_signature_lines(untrusted_lines)))
    found = [(key, max(times)) for key in await witnesses(conn) if (times := key.times(given))]
    if not found:
        raise UnknownWitness
    return [key for key, at in found if await _keep(conn, given, key, at)]


async def _keep(conn: Connection, given: Opened, key: WitnessKey, at: int) -> bool:
    (data,) = _only(given, key, at)
    values = {
        "size": given.checkpoint.size,
        "name": key.name,
        "key_id": key.key_id,
        "line": signature_line(key.name, data),
        "seen_at": _moment(at),
    }
    return (await conn.execute(_KEEP, values)).first() is not None


def _only(given: Opened, key: WitnessKey, at: int) -> Iterable[bytes]:
    """The one line of this key and time, with its key id."""
    start = key.key_id + at.to_bytes(8)
    return [data for name, data in given.signatures if name == key.name and data.startswith(start)][:1]


def _moment(at: int) -> datetime:
    try:
        return when(at)
    except OverflowError as error:
        raise BadInput("A witness's clock is wrong. Nothing was kept.") from error
