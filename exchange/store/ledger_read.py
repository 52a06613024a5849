"""Reads the ledger: pages for auditors and timelines, and exports for the offline check.

Whoever shows or exports the record first writes a leaf `record.read` or `record.exported` (DESIGN section 9:
reading the log is logged); that is the step's part, not done here.
"""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from exchange.core import export_csv
from exchange.core.errors import NotFound
from exchange.core.export import Filter, Header, Seen, leaf_line, note_line
from exchange.core.ledger import inclusion_ranges
from exchange.core.notes import Checkpoint, Verifier, open_checkpoint
from exchange.store import ledger, ledger_proofs
from exchange.store.ledger import BATCH, Connection, Signed, newest, raw_leaves

_FIELDS = {
    "case": "leaf::jsonb ->> 'case' = :case",
    "message": "leaf::jsonb ->> 'message' = :message",
    "participant": (
        "(leaf::jsonb -> 'participant' @> to_jsonb(cast(:participant as text))"
        " or leaf::jsonb #>> '{actor,id}' = :participant)"
    ),
    "account": (
        "(leaf::jsonb -> 'account' @> to_jsonb(cast(:account as text)) or leaf::jsonb #>> '{actor,id}' = :account)"
    ),
    "act": "leaf::jsonb ->> 'act' = :act",
    "outcome": "leaf::jsonb ->> 'outcome' = :outcome",
    "since": "at >= cast(:since as timestamptz)",
    "until": "at < cast(:until as timestamptz)",
}


class NothingSigned(NotFound):
    """No checkpoint has been signed yet, so there is nothing to export. Please try again in a few minutes."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry of the record: its place, its time, what it says, and its exact text."""

    index: int
    at: datetime
    leaf: dict[str, Any]
    text: str


async def leaves(
    conn: Connection,
    start: int = 0,
    stop: int | None = None,
    filters: Filter | None = None,
    *,
    limit: int | None = None,
    newest_first: bool = False,
) -> list[Recorded]:
    """Entries with start ≤ index < stop that the filter matches, at most `limit`, oldest first by default."""
    wanted = {} if filters is None else filters.wanted()
    where = ["index >= :start", "index < :stop", *(_FIELDS[name] for name in wanted)]
    order = "desc" if newest_first else "asc"
    # only words of this module are put together; every value is a parameter
    statement = (
        f"select index as place, leaf, at from public.ledger_leaf where {' and '.join(where)}"  # noqa: S608  # only our own constants are put together
        f" order by index {order} limit :most"
    )
    bounds = {
        "start": start,
        "stop": 2**62 if stop is None else stop,
        "most": 2**62 if limit is None else limit,
    }
    rows = (await conn.execute(text(statement), {**bounds, **wanted})).all()
    return [Recorded(row.place, row.at, json.loads(row.leaf), row.leaf) for row in rows]


async def size(conn: Connection) -> int:
    """How many entries the record has, signed or not."""
    return int((await conn.execute(text("select size from public.ledger_head"))).scalar_one())


async def export(conn: Connection, filters: Filter | None = None) -> AsyncIterator[str]:
    """The lines of an export up to the newest checkpoint; filtered if a filter is given.

    Run it in one REPEATABLE READ transaction or not: what was signed does not change. Cosignatures of witnesses
    come with it, under the newest checkpoint or the one each has cosigned last. Raises NothingSigned.
    """
    last = await newest(conn)
    if last is None:
        raise NothingSigned
    origin = last.note.split("\n", 1)[0]
    lines = _complete(conn, last, origin) if filters is None else _filtered(conn, last, origin, filters)
    async for line in lines:
        yield line
    for earlier in await ledger_proofs.cosigned(conn, last.size, last.root):
        yield Seen(earlier.note, earlier.steps).line
    yield note_line((await ledger_proofs.checkpoint_of(conn, last.size)).note)


async def table(conn: Connection, filters: Filter | None = None) -> AsyncIterator[str]:
    """The lines of a table (CSV) of the same entries. Raises NothingSigned."""
    last = await newest(conn)
    if last is None:
        raise NothingSigned
    yield export_csv.header()
    if filters is None:
        async for index, leaf, _ in raw_leaves(conn, 0, last.size):
            yield export_csv.line(index, leaf)
        return
    for start in range(0, last.size, BATCH):
        for entry in await leaves(conn, start, min(start + BATCH, last.size), filters):
            yield export_csv.line(entry.index, entry.text)


async def _complete(conn: Connection, last: Signed, origin: str) -> AsyncIterator[str]:
    yield Header(origin, last.size, last.size).line
    async for index, leaf, _ in raw_leaves(conn, 0, last.size):
        yield leaf_line(index, leaf)


async def _filtered(conn: Connection, last: Signed, origin: str, filters: Filter) -> AsyncIterator[str]:
    found = await leaves(conn, 0, last.size, filters)
    yield Header(origin, last.size, len(found), filters).line
    for entry in found:
        yield leaf_line(entry.index, entry.text, await _steps(conn, entry.index, last.size))


async def _steps(conn: Connection, index: int, size: int) -> list[bytes]:
    """None where rows are missing: the export is still written, and will not verify."""
    with suppress(ledger.LedgerBroken):
        return await ledger_proofs.roots(conn, inclusion_ranges(index, size))
    return []


async def signed_by(conn: Connection, verifier: Verifier) -> tuple[Checkpoint, Signed] | None:
    """The newest checkpoint with its signature checked, for pages; BadNote if it is not this key's."""
    last = await newest(conn)
    return None if last is None else (open_checkpoint(last.note, verifier), last)
