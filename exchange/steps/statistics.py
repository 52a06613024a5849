"""Statistics of the service without persons, for supervisors (core/statistics.py has the rules of what is shown).

A worker counts each quarter once, when it has ended, from the record. Nobody but this file reads the numbers as they
are; what leaves it has its small numbers hidden. Taking the table away stands in the record.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from exchange.core import access, statistics
from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import WORKER, Actor
from exchange.core.statistics import OWNERS, STAGES, Counted, Figure, Quarter, Shown
from exchange.store import figures
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work

MOST_QUARTERS = 8
"""So many quarters stand beside each other: two years."""
SETTLED = timedelta(days=1)
"""Entries get their places a moment after their act."""
TIME, WAIT = "time", "wait"
_DAYS, _COUNT = "days", "count"


@dataclass(frozen=True)
class Statistics:
    """What may be shown. `course`: each figure's total over `quarters`; times and waits are medians in days.

    `quarter` is the one that is looked at, None where none has been counted yet; then all else is empty.
    """

    least: int
    quarters: list[Quarter]
    quarter: Quarter | None
    figures: dict[Figure, Shown]
    course: dict[Figure, list[int | None]]
    times: dict[str, int | None]
    waits: dict[str, int | None]


async def read(service: Service, actor: Actor, first: date | None = None) -> Statistics:
    """The quarter that begins on this day, or the newest, and the course of two years up to it. NotFound."""
    access.require(actor, Permission.SUPERVISE)
    least = service.settings.statistics_least
    async with reading(service) as conn:
        known = await figures.counted_quarters(conn)
        if not known:
            return Statistics(least, [], None, {}, {}, {}, {})
        quarter = known[-1] if first is None else Quarter(first)
        if quarter not in known:
            raise NotFound
        course = known[: known.index(quarter) + 1][-MOST_QUARTERS:]
        raw = await figures.numbers(conn, course)
    each = [statistics.shown(raw[one], one, least) for one in course]
    totals = {figure: [one[figure].total for one in each] for figure in Figure}
    times, waits = _medians(raw[quarter], TIME, STAGES, least), _medians(raw[quarter], WAIT, OWNERS, least)
    return Statistics(least, known, quarter, each[-1], totals, times, waits)


async def take(service: Service, actor: Actor, first: date) -> Statistics:
    """The same, to be taken away as a table; that stands in the record."""
    found = await read(service, actor, first)
    async with unit_of_work(service, actor) as unit:
        unit.leaf("statistics.taken", since=figures.begin(Quarter(first), service.settings.zone))
    return found


async def count_quarters(service: Service) -> int:
    """Count every quarter that has ended and was not counted yet; how many."""
    zone = service.settings.zone
    async with reading(service) as conn:
        day = await figures.first_day(conn, zone)
        today = ((await conn.execute(select(func.now()))).scalar_one() - SETTLED).astimezone(zone).date()
        known = set(await figures.counted_quarters(conn))
    done, quarter = 0, Quarter.of(day or today)
    while quarter.next.first <= today:
        if quarter not in known:
            done += await _count(service, quarter)
        quarter = quarter.next
    return done


async def _count(service: Service, quarter: Quarter) -> bool:
    zone = service.settings.zone
    async with unit_of_work(service, WORKER) as unit:
        counted = statistics.counted(await figures.history(unit.conn, quarter, zone), quarter)
        if not await figures.keep(unit.conn, quarter, _rows(counted)):
            return False
        unit.leaf("statistics.counted", since=figures.begin(quarter, zone))
    return True


def _rows(counted: Counted) -> dict[tuple[str, str, str], int]:
    """With each length of time its median and how many there were: nothing of one case is kept."""
    found = dict(counted.numbers)
    for figure, lengths in ((TIME, counted.stages), (WAIT, counted.waits)):
        for name, days in lengths.items():
            middle = statistics.middle(days, 1)
            if middle is not None:
                found |= {(figure, name, _DAYS): middle, (figure, name, _COUNT): len(days)}
    return found


def _medians(
    raw: dict[tuple[str, str, str], int], figure: str, names: tuple[str, ...], least: int
) -> dict[str, int | None]:
    enough = {name for name in names if raw.get((figure, name, _COUNT), 0) >= least}
    return {name: raw[figure, name, _DAYS] if name in enough else None for name in names}
