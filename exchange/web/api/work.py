"""What waits: needs you now, tasks, referrals, and the supervisor's view of everybody."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.core.referrals import Source
from exchange.steps import referral, tasks
from exchange.store import read
from exchange.web.api.cases import TaskLine
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Made, Words


class Item(Answer):
    """One row: what, of which case, from whom to whom, since when. A referral's id is its `task_id`.

    `person_name` is whom a task about a message asks after.
    """

    group: str
    kind: str
    case_id: UUID | None
    reference: str
    message_id: UUID | None
    task_id: UUID | None
    participant_id: UUID | None
    message_kind: str
    from_name: str
    to_name: str
    person_name: str
    since: datetime
    overdue: bool
    covering: bool


class GroupFilter(Asked):
    """One group, by pages; without it the first of each."""

    group: Literal["", "concerns", "to_review", "hand_over", "link_asked", "on_you", "dates", "referrals"] = ""
    page: int = Field(1, ge=1, le=200)


class NeedsYou(Answer):
    """What waits for you, in the order of urgency: the longest waiting of each group, and how many each has."""

    items: list[Item]
    totals: dict[str, int]


class Task(TaskLine):
    """One task. `told` is what the person wrote, for the team only."""

    case_id: UUID
    reference: str
    message_reference: str
    person: str
    told: str
    done_at: datetime | None


class CaseOf(Answer):
    """The case of what was done."""

    case_id: UUID


class ReferralFilter(Asked):
    """Which referrals."""

    state: Literal["new", "opened", "not_for_us", "all"] = "new"


class ReferralLine(Answer):
    """A referral as lists show it."""

    id: UUID
    reference: str
    state: str
    created_at: datetime
    case_id: UUID | None
    source: Source


class Referrals(Answer):
    """Referrals, the longest waiting first."""

    referrals: list[ReferralLine]


class ReferralStory(ReferralLine):
    """What somebody told us."""

    answers: dict[str, str]
    reason: str


class NotForUs(Asked):
    """Why this is not for us."""

    reason: Words


class WaitingFilter(Asked):
    """Whose cases, for whom it waits, only what is late."""

    staff: UUID | None = Field(None, description="An account; everybody where it is left out.")
    owner: Literal["", "team", "author", "recipient", "service", "supervisor"] = ""
    late: Literal["", "yes"] = ""
    page: int = Field(1, ge=1, le=200)


class WaitingMessage(Answer):
    """A message that waits, and since when; `due_at` is when its clock has run."""

    case_id: UUID
    reference: str
    message_id: UUID
    kind: str
    state: str
    state_since: datetime
    due_at: datetime
    late: bool
    lead: str


class WaitingMessages(Answer):
    """A page of 25, the latest first, and how many there are."""

    messages: list[WaitingMessage]
    total: int


class Load(Answer):
    """One member of staff: open cases they lead, are on, cover; what waits in them, how much is late."""

    account_id: UUID
    name: str
    leads: int
    co: int
    covers: int
    waiting: int
    late: int
    since: datetime | None


class ToDecide(Answer):
    """Something that waits for a supervisor or a second pair of eyes."""

    id: UUID
    case_id: UUID
    case_reference: str
    kind: str
    since: datetime


class OversightPage(Asked):
    """Which page of what waits for a decision."""

    page: int = Field(1, ge=1, le=200)


class Oversight(Answer):
    """Everybody's caseload, and a page of 25 of what waits for a decision; no names of participants."""

    facilitators: list[Load]
    second_approvals: list[ToDecide]
    second_approvals_total: int
    decisions: list[ToDecide]
    decisions_total: int


async def needs_you_now(call: Call, asked: GroupFilter) -> NeedsYou:
    """What needs you now."""
    found = await read.needs_you_now(call.service, call.actor, group=asked.group, page=asked.page)
    items = [Item.model_validate(item) for items in found.values() for item in items]
    return NeedsYou(items=items, totals={name: items.total for name, items in found.items()})


async def see_task(call: Call) -> Task:
    """One task."""
    found = await tasks.read_task(call.service, call.actor, call.id("task"))
    told = {name: getattr(found, name) for name in ("reference", "message_reference", "person", "told")}
    return Task.model_validate({**found.task._mapping, **told})


async def task_done(call: Call) -> CaseOf:
    """Say that a task is done."""
    return CaseOf(case_id=await tasks.finish_task(call.service, call.actor, call.id("task")))


async def referrals(call: Call, asked: ReferralFilter) -> Referrals:
    """Who asked to take part."""
    state = None if asked.state == "all" else asked.state
    found = await referral.listed(call.service, call.actor, state=state)
    return Referrals(referrals=[ReferralLine.model_validate(one) for one in found])


async def see_referral(call: Call) -> ReferralStory:
    """What somebody told us. That it was read stands in the record."""
    found = await referral.read_referral(call.service, call.actor, call.id("referral"))
    return ReferralStory(**vars(found.referral), answers=found.answers, reason=found.reason)


async def open_referral(call: Call) -> Made:
    """Make a referral a case."""
    return Made(id=await referral.open_case(call.service, call.actor, call.id("referral")))


async def decline_referral(call: Call, asked: NotForUs) -> None:
    """Decide that a referral is not for us, and why."""
    await referral.not_for_us(call.service, call.actor, call.id("referral"), reason=asked.reason)


async def supervisor(call: Call, asked: OversightPage) -> Oversight:
    """Who looks after how much, and what waits for a decision, for a supervisor."""
    seconds = await read.second_approvals(call.service, call.actor, page=asked.page)
    decide = await read.decisions(call.service, call.actor, page=asked.page)
    return Oversight(
        facilitators=[Load.model_validate(one) for one in await read.caseloads(call.service, call.actor)],
        second_approvals=[_decide(row, row.state_since) for row in seconds.rows],
        second_approvals_total=seconds.total,
        decisions=[_decide(row, row.at) for row in decide.rows],
        decisions_total=decide.total,
    )


async def waiting(call: Call, asked: WaitingFilter) -> WaitingMessages:
    """What waits, on whom and how late, for a supervisor."""
    wanted = read.Wanted(asked.staff, asked.owner, asked.late == "yes")
    found = await read.waiting_list(call.service, call.actor, wanted, page=asked.page)
    return WaitingMessages(messages=[WaitingMessage.model_validate(row) for row in found.rows], total=found.total)


def _decide(row: Any, since: datetime) -> ToDecide:
    return ToDecide.model_validate({**row._mapping, "since": since})


REFERRALS = Permission.REFERRALS
ENDPOINTS = [
    Endpoint("GET", "/needs-you-now", needs_you_now, Permission.HOME),
    Endpoint("GET", "/tasks/{task}", see_task, Permission.CASE_SEE),
    Endpoint("POST", "/tasks/{task}/done", task_done, Permission.CASE_SEE),
    Endpoint("GET", "/referrals", referrals, REFERRALS),
    Endpoint("GET", "/referrals/{referral}", see_referral, REFERRALS),
    Endpoint("POST", "/referrals/{referral}/case", open_referral, REFERRALS, status=201),
    Endpoint("POST", "/referrals/{referral}/not-for-us", decline_referral, REFERRALS, status=204),
    Endpoint("GET", "/supervisor", supervisor, Permission.SUPERVISE),
    Endpoint("GET", "/supervisor/waiting", waiting, Permission.SUPERVISE),
]
