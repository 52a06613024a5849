"""Supervision of cases, what falls due (rule 12), and statistics without persons."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.steps import statistics, supervision
from exchange.store import read
from exchange.web import statistics_table
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Made, Words


class DueFilter(Asked):
    """Which dates."""

    what: Literal["supervision", "assessment"] = "supervision"
    page: int = Field(1, ge=1, le=200)


class DueLine(Answer):
    """A case in which something is due."""

    id: UUID
    reference: str
    due_at: datetime
    late: bool


class DueList(Answer):
    """What is overdue or due within two weeks: a page of 25, the latest first, and how many there are."""

    cases: list[DueLine]
    total: int


class NewSupervision(Asked):
    """What was talked about and agreed."""

    note: Words


class Held(Answer):
    """A supervision that was held; the note is for the team and for supervisors."""

    at: datetime
    by: str
    note: str


class Supervision(Answer):
    """All of a case's, newest first, and when the next is due."""

    held: list[Held]
    due_at: datetime | None
    late: bool


class WhichQuarter(Asked):
    """Its first day; without it the newest that was counted."""

    quarter: date | None = None


class Figure(Answer):
    """A number of the quarter, and of its divisions: what became of it, kind of case, month. null is hidden."""

    total: int | None
    parts: dict[str, dict[str, int | None]]


class Statistics(Answer):
    """A quarter that has ended. Numbers below `least`, and what would give one away, are hidden (null).

    `median_days` between stages, `median_days_waited_for` somebody: hidden where measured fewer than `least` times.
    """

    least: int
    quarters: list[date]
    quarter: date | None
    figures: dict[str, Figure]
    median_days: dict[str, int | None]
    median_days_waited_for: dict[str, int | None]


async def figures(call: Call, asked: WhichQuarter) -> Statistics:
    """Statistics of the service without persons, for a supervisor."""
    found = await statistics.read(call.service, call.actor, asked.quarter)
    return Statistics(
        least=found.least,
        quarters=[one.first for one in found.quarters],
        quarter=found.quarter.first if found.quarter else None,
        figures={name: Figure(total=one.total, parts=one.parts) for name, one in found.figures.items()},
        median_days=found.times,
        median_days_waited_for=found.waits,
    )


async def table(call: Call) -> web.Response:
    """The statistics of a quarter, by its first day, as a table (CSV); that it was taken stands in the record."""
    try:
        first = date.fromisoformat(call.word("quarter"))
    except ValueError:
        raise NotFound from None
    return statistics_table.answer(await statistics.take(call.service, call.actor, first))


async def due(call: Call, asked: DueFilter) -> DueList:
    """What is due in all cases, for a supervisor."""
    found = await read.due_list(call.service, call.actor, asked.what, page=asked.page)
    return DueList(cases=[DueLine.model_validate(row) for row in found.rows], total=found.total)


async def see(call: Call) -> Supervision:
    """The supervision of a case."""
    found = await read.supervision_view(call.service, call.actor, call.id("case"))
    held = [Held(at=row.at, by=found.staff.get(row.account_id, ""), note=note) for row, note in found.held]
    return Supervision(held=held, due_at=found.due_at, late=found.late)


async def hold(call: Call, asked: NewSupervision) -> Made:
    """Record that a supervision was held now, by you."""
    return Made(id=await supervision.hold(call.service, call.actor, call.id("case"), note=asked.note))


ENDPOINTS = [
    Endpoint("GET", "/supervisor/due", due, Permission.SUPERVISE),
    Endpoint("GET", "/supervisor/statistics", figures, Permission.SUPERVISE),
    Endpoint("GET", "/supervisor/statistics/{quarter}/table", table, Permission.SUPERVISE, produces="text/csv"),
    Endpoint("GET", "/cases/{case}/supervision", see, Permission.CASE_SEE),
    Endpoint("POST", "/cases/{case}/supervision", hold, Permission.FACT_SUPERVISED, status=201),
]
