"""What waits: needs you now, tasks, referrals, and the supervisor's view of everybody."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from exchange.core.access import Permission
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


class NeedsYou(Answer):
    """What waits for you, in the order of urgency."""

    items: list[Item]


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


class WaitingMessage(Answer):
    """A message that waits, by its state."""

    case_id: UUID
    reference: str
    message_id: UUID
    kind: str
    state: str
    state_since: datetime
    part: str


class Waiting(Answer):
    """What waits in one facilitator's cases."""

    account_id: UUID
    messages: list[WaitingMessage]


class ToDecide(Answer):
    """Something that waits for a supervisor or a second pair of eyes."""

    id: UUID
    case_id: UUID
    case_reference: str
    kind: str
    since: datetime


class Oversight(Answer):
    """What waits, per facilitator, and what waits for a decision; no names of participants."""

    facilitators: list[Waiting]
    second_approvals: list[ToDecide]
    decisions: list[ToDecide]


async def needs_you_now(call: Call) -> NeedsYou:
    """What needs you now."""
    found = await read.needs_you_now(call.service, call.actor)
    return NeedsYou(items=[Item.model_validate(item) for items in found.values() for item in items])


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
    found = await referral.referrals(call.service, call.actor, state=state)
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


async def supervisor(call: Call) -> Oversight:
    """What waits on whom, for a supervisor."""
    waiting = await read.supervisor_items(call.service, call.actor)
    decide = await read.waiting_decisions(call.service, call.actor)
    return Oversight(
        facilitators=[
            Waiting(account_id=account, messages=[WaitingMessage.model_validate(row) for row in rows])
            for account, rows in waiting.items()
        ],
        second_approvals=[_decide(row, row.state_since) for row in decide.second_approvals],
        decisions=[_decide(row, row.at) for row in decide.tasks],
    )


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
]
