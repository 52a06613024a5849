"""Supervision of cases, and what falls due (rule 12)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.steps import supervision
from exchange.store import read
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
    Endpoint("GET", "/cases/{case}/supervision", see, Permission.CASE_SEE),
    Endpoint("POST", "/cases/{case}/supervision", hold, Permission.FACT_SUPERVISED, status=201),
]
