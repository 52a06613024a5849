"""Reads of the ledger for the auditor's overview: accesses per day, and the leaves that `core/unusual.py` looks at."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text

from exchange.core.errors import BadInput
from exchange.core.unusual import ACCESSES, READING, REFUSALS, STAFFING
from exchange.store.ledger import Connection

MOST = 200_000

_DAYS = text(
    "select (at at time zone :zone)::date as day, leaf::jsonb #>> '{actor,kind}' as kind, count(*) as number"
    " from public.ledger_leaf where act = any(cast(:acts as text[])) and at >= :since and at < :until"
    " and (cast(:wanted as text) is null or case_id = :wanted) group by 1, 2"
)
_SIZE = text("select size from public.ledger_head")
_WATCHED = text(
    "with read as materialized (select index, leaf, case_id from public.ledger_leaf where index >= :first"
    " and index < :stop and act = any(cast(:acts as text[])) and at >= :since)"
    " select index as place, leaf from read union all select index, leaf from public.ledger_leaf"
    # by the index that is on these words
    " where leaf::jsonb ->> 'act' = any(cast(:staffing as text[])) and index < :stop"
    " and case_id in (select case_id from read) order by place limit :most"
)
"""Who was put on which case is asked for those cases only that somebody read in: a service has many."""


class TooMuch(BadInput):
    """There is too much in this time to look through at once. Choose a shorter time."""


@dataclass(frozen=True, slots=True)
class OnDay:
    """How often content was opened on a day (of the zone asked for), by this kind of actor."""

    day: date
    kind: str
    count: int


async def accesses(
    conn: Connection, since: datetime, until: datetime, zone: str, case: str | None = None
) -> list[OnDay]:
    """Openings of content per day and kind of actor; days without any are left out."""
    values = {"zone": zone, "acts": sorted(ACCESSES), "since": since, "until": until, "wanted": case}
    return [OnDay(row.day, row.kind, row.number) for row in (await conn.execute(_DAYS, values)).all()]


async def size(conn: Connection) -> int:
    """How many leaves have their place."""
    return int((await conn.execute(_SIZE)).scalar_one())


async def watched(conn: Connection, since: datetime, first: int, stop: int) -> list[tuple[int, str]]:
    """Number and text of what the rules of the unusual ask about: since then, from leaf `first` to before `stop`.

    And who was ever put on the cases that were read in, from the first leaf on. Raises TooMuch.
    """
    values = {"acts": _all(READING, REFUSALS), "staffing": sorted(STAFFING), "since": since, "first": first}
    rows = (await conn.execute(_WATCHED, {**values, "stop": stop, "most": MOST + 1})).all()
    if len(rows) > MOST:
        raise TooMuch
    return [(place, leaf) for place, leaf in rows]


def _all(*acts: Collection[str]) -> list[str]:
    return sorted({one for some in acts for one in some})
