"""Reads and keeps what the service counts: entries of the record that count, and quarters that were counted."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, text

from exchange.core.statistics import REFERRED, TYPED, Entry, Quarter
from exchange.store import tables as t
from exchange.store.ledger import Connection

COUNTED = "counted"
_FIELDS = ("case", "message", "participant", "referral", "kind", "value", "state_to")
_HISTORY = text(
    "with moved as materialized (select distinct leaf::jsonb ->> 'message' as message from public.ledger_leaf"
    " where at >= :since and at < :until and leaf::jsonb ->> 'state_to' is not null"
    " and leaf::jsonb ->> 'message' is not null)"
    " select index as place, at, leaf from public.ledger_leaf where at < :until"
    " and leaf::jsonb ->> 'message' in (select message from moved) and leaf::jsonb ->> 'state_to' is not null"
    " union select index, at, leaf from public.ledger_leaf"
    " where leaf::jsonb ->> 'act' = any(cast(:always as text[])) and at < :until"
    " union select index, at, leaf from public.ledger_leaf"
    " where leaf::jsonb ->> 'act' = any(cast(:within as text[])) and at >= :since and at < :until"
    " order by place"
)
_ALWAYS = sorted({"referral.received", *REFERRED, *TYPED})
_WITHIN = ["case.closed", "diary.written"]


async def first_day(conn: Connection, zone: ZoneInfo) -> date | None:
    """The day of the first entry of the record; None where there is none."""
    at = (await conn.execute(text("select at from public.ledger_leaf order by index limit 1"))).scalar_one_or_none()
    return None if at is None else at.astimezone(zone).date()


async def history(conn: Connection, quarter: Quarter, zone: ZoneInfo) -> list[Entry]:
    """What `statistics.counted` asks for, oldest first."""
    values = {"since": begin(quarter, zone), "until": begin(quarter.next, zone), "always": _ALWAYS, "within": _WITHIN}
    return [_entry(row.at.astimezone(zone), row.leaf) for row in (await conn.execute(_HISTORY, values)).all()]


def begin(quarter: Quarter, zone: ZoneInfo) -> datetime:
    """Its first moment."""
    return datetime.combine(quarter.first, datetime.min.time(), zone)


async def counted_quarters(conn: Connection) -> list[Quarter]:
    """The quarters that were counted, oldest first."""
    f = t.figure
    query = select(f.c.quarter).where(f.c.figure == COUNTED).order_by(f.c.quarter)
    return [Quarter(day) for day in (await conn.execute(query)).scalars()]


async def numbers(conn: Connection, quarters: Iterable[Quarter]) -> dict[Quarter, dict[tuple[str, str, str], int]]:
    """What was counted of these quarters, as it is."""
    f = t.figure
    found: dict[Quarter, dict[tuple[str, str, str], int]] = {quarter: {} for quarter in quarters}
    query = select(f).where(f.c.quarter.in_([quarter.first for quarter in found]))
    for row in await conn.execute(query):
        found[Quarter(row.quarter)][row.figure, row.division, row.part] = row.number
    return found


async def keep(conn: Connection, quarter: Quarter, counted: dict[tuple[str, str, str], int]) -> bool:
    """Keep what was counted, once; False where somebody was quicker."""
    f = t.figure
    locked = select(func.pg_advisory_xact_lock(func.hashtext(f"figure {quarter.first}")))
    await conn.execute(locked)
    if quarter in await counted_quarters(conn):
        return False
    rows = {**counted, (COUNTED, "", ""): 1}
    names = ("figure", "division", "part")
    values = [dict(zip(names, key, strict=True), quarter=quarter.first, number=n) for key, n in rows.items()]
    await conn.execute(insert(f), values)
    return True


def _entry(at: datetime, leaf: str) -> Entry:
    """Only words: a leaf that names several people of one act counts for none."""
    said = json.loads(leaf)
    return Entry(at, said["act"], **{name: found for name in _FIELDS if isinstance(found := said.get(name), str)})
