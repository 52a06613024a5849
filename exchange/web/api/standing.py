"""Who stands how to a case beside its team: conflicts of interest, emergencies, and handing over on leaving."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.core.model import EmergencyKind
from exchange.steps import bars, emergency, leaving
from exchange.store import read
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Line, Made, Words
from exchange.web.frame.pace import try_reference

State = Literal["asked", "open", "over", "declined"]


class NewBar(Asked):
    """Who must not see the case, and why."""

    account: UUID
    reason: Words


class BarLine(Answer):
    """Somebody who is kept from the case."""

    id: UUID
    account_id: UUID
    display_name: str
    reason: str
    since: datetime


class Bars(Answer):
    """Everybody who is kept from the case."""

    bars: list[BarLine]


class NewEmergency(Asked):
    """Which case, by its reference, what kind of emergency, and what has happened."""

    reference: Line
    kind: EmergencyKind
    reason: Words


class EmergencyMade(Answer):
    """What became of it. Not `opened`: it waits for another supervisor."""

    id: UUID
    case_id: UUID
    opened: bool


class EmergencyLine(Answer):
    """One emergency, without what was written."""

    id: UUID
    case_id: UUID
    reference: str
    account_id: UUID
    name: str
    kind: EmergencyKind
    state: State
    asked_at: datetime
    opened_at: datetime | None
    until: datetime | None
    ended_at: datetime | None
    second: str = Field(description="Who agreed, where the case needs a second person.")


class Emergencies(Answer):
    """The newest 200, newest first."""

    emergencies: list[EmergencyLine]


class EmergencyStory(EmergencyLine):
    """One emergency with what was written."""

    reason: str


class Decision(Asked):
    """Whether another supervisor agrees."""

    agree: bool


class HeldCase(Answer):
    """A case that somebody looks after, and who could take it over."""

    case_id: UUID
    reference: str
    part: str
    needs_somebody: bool
    takers: list[UUID]


class LeavingStory(Answer):
    """What closing an account would leave behind."""

    account_id: UUID
    display_name: str
    active: bool
    cases: list[HeldCase]


class Taker(Asked):
    """Who takes over one case."""

    case: UUID
    account: UUID


class HandOver(Asked):
    """Who takes over which case. Every case that the account leads or covers needs somebody."""

    takers: list[Taker] = Field(max_length=1000)


async def list_bars(call: Call) -> Bars:
    """Conflicts of interest of a case (a supervisor)."""
    found = await bars.bars_of(call.service, call.actor, call.id("case"))
    return Bars(bars=[BarLine.model_validate(bar) for bar in found])


async def set_bar(call: Call, asked: NewBar) -> Made:
    """Keep an account from a case: it is not there for it any more, in no list and by no reference."""
    made = await bars.set_bar(call.service, call.actor, call.id("case"), asked.account, reason=asked.reason)
    return Made(id=made)


async def lift_bar(call: Call) -> None:
    """The conflict of interest is no more. Nobody is put back on the team."""
    await bars.lift_bar(call.service, call.actor, call.id("case"), call.id("bar"))


async def open_in_emergency(call: Call, asked: NewEmergency) -> EmergencyMade:
    """Open a case from outside its team, for some hours. Needs the step-up. All who oversee it are told."""
    try_reference(call.request, call.actor.id)
    made = await emergency.open_in_emergency(
        call.service, call.actor, asked.reference, kind=asked.kind, reason=asked.reason
    )
    return EmergencyMade.model_validate(made)


async def list_emergencies(call: Call) -> Emergencies:
    """Emergencies, for supervisors and auditors. That it was read stands in the record."""
    await emergency.note_listing(call.service, call.actor)
    found = await read.emergencies(call.service, call.actor)
    return Emergencies(emergencies=[EmergencyLine.model_validate(row) for row in found])


async def see_emergency(call: Call) -> EmergencyStory:
    """One emergency, for who asked, the case's team and supervisors."""
    view = await read.emergency_view(call.service, call.actor, call.id("emergency"))
    return EmergencyStory.model_validate({**vars(view.row), "reason": view.reason})


async def decide(call: Call, asked: Decision) -> None:
    """Agree to an emergency as the second person (another supervisor), or do not. Needs the step-up."""
    await emergency.decide(call.service, call.actor, call.id("emergency"), agree=asked.agree)


async def end(call: Call) -> None:
    """End an emergency at once."""
    await emergency.end(call.service, call.actor, call.id("emergency"))


async def see_leaving(call: Call) -> LeavingStory:
    """The cases of somebody who leaves (a supervisor or an administrator). Needs the step-up."""
    found = await leaving.leaving(call.service, call.actor, call.id("account"))
    cases = [
        HeldCase(
            case_id=one.case_id,
            reference=one.reference,
            part=one.part,
            needs_somebody=one.needs_somebody,
            takers=[account for account, _ in found.takers[one.case_id]],
        )
        for one in found.held
    ]
    return LeavingStory(account_id=found.account_id, display_name=found.display_name, active=found.active, cases=cases)


async def leave(call: Call, asked: HandOver) -> None:
    """Close an account and hand over each of its cases, in one step. Needs the step-up."""
    takers = {one.case: one.account for one in asked.takers}
    await leaving.hand_over_and_close(call.service, call.actor, call.id("account"), takers)


ENDPOINTS = [
    Endpoint("GET", "/cases/{case}/bars", list_bars, Permission.CASE_BAR),
    Endpoint("POST", "/cases/{case}/bars", set_bar, Permission.CASE_BAR, status=201),
    Endpoint("DELETE", "/cases/{case}/bars/{bar}", lift_bar, Permission.CASE_BAR, status=204),
    Endpoint("GET", "/accounts/{account}/leaving", see_leaving, Permission.LEAVER),
    Endpoint("POST", "/accounts/{account}/leaving", leave, Permission.LEAVER, status=204),
    Endpoint("POST", "/emergencies", open_in_emergency, Permission.EMERGENCY_OPEN, status=201, errors=(429,)),
    Endpoint("GET", "/emergencies", list_emergencies, Permission.EMERGENCY_LIST),
    Endpoint("GET", "/emergencies/{emergency}", see_emergency, Permission.CASE_SEE),
    Endpoint("POST", "/emergencies/{emergency}/decision", decide, Permission.EMERGENCY_SECOND, status=204),
    Endpoint("DELETE", "/emergencies/{emergency}", end, Permission.CASE_SEE, status=204),
]
