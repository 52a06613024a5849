"""Puts entries that were kept outside a backup behind those in it, and proves both (docs/ledger-format.md)."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.ledger import Peaks, leaf_hash
from exchange.core.notes import Checkpoint
from exchange.store.ledger import LedgerBroken, raw_leaves
from exchange.store.ledger_copy import nodes_of, prove

_HEAD = text("select size, peaks from public.ledger_head")
_PENDING = text("select entry, leaf from public.ledger_pending order by entry")
_LEAF = text(
    "insert into public.ledger_leaf (index, leaf, hash, at, nodes, entry)"
    " values (:index, :leaf, :hash, cast(:at as timestamptz), :nodes, :entry)"
)
_NEW_HEAD = text("update public.ledger_head set size = :size, peaks = :peaks")
_NOTE = text("insert into public.ledger_checkpoint (size, root, peaks, note) values (:size, :root, :peaks, :note)")
_PLACED = text("delete from public.ledger_pending where entry = any(cast(:entries as bigint[]))")


async def hashes_of(conn: AsyncConnection) -> list[bytes]:
    """Every leaf's hash, made anew from its text. LedgerBroken unless they are what the table and its head say."""
    row = (await conn.execute(_HEAD)).one()
    hashes: list[bytes] = []
    async for index, leaf, kept in raw_leaves(conn, 0, row.size):
        if index != len(hashes) or leaf_hash(leaf.encode()) != kept:
            raise LedgerBroken
        hashes.append(kept)
    if Peaks().extend(hashes) != Peaks(row.size, tuple(bytes(peak) for peak in row.peaks)):
        raise LedgerBroken
    return hashes


async def append(conn: AsyncConnection, base: Peaks, leaves: Sequence[str], head: Checkpoint, note: str) -> None:
    """Put `leaves` behind a record of `base`. LedgerBroken unless they lead to exactly the signed `head`.

    What waited for its place when the backup was made, and has it in these leaves, waits no more.
    """
    grown = prove(base, leaves, head)
    waiting: dict[str, list[int]] = defaultdict(list)
    for row in (await conn.execute(_PENDING)).all():
        waiting[row.leaf].append(row.entry)
    placed, rows = [], []
    for leaf, (index, hash_of_leaf, nodes) in zip(leaves, nodes_of(base, leaves), strict=True):
        at = json.loads(leaf)["at"]
        same = waiting[leaf.replace(f'"at":"{at}"', '"at":"@"', 1)]
        entry = same.pop(0) if same else None
        placed += [entry] if entry is not None else []
        rows.append({"index": index, "leaf": leaf, "hash": hash_of_leaf, "at": at, "nodes": nodes, "entry": entry})
    await _write(conn, rows, placed, grown, note)


async def _write(conn: AsyncConnection, rows: list[dict[str, Any]], placed: list[int], grown: Peaks, note: str) -> None:
    if rows:
        await conn.execute(_LEAF, rows)
        await conn.execute(_NEW_HEAD, {"size": grown.size, "peaks": list(grown.peaks)})
        values = {"size": grown.size, "root": grown.root(), "peaks": list(grown.peaks), "note": note}
        await conn.execute(_NOTE, values)
    if placed:
        await conn.execute(_PLACED, {"entries": placed})
