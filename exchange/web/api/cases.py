"""Cases: the list, the story of one, opening, closing, policy, and who looks after it."""

import dataclasses
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from exchange.core import case_types
from exchange.core.access import READS_INSIDE, Permission, Relation
from exchange.core.case_table import SENTENCES
from exchange.core.case_types import CaseType
from exchange.core.model import Policy, Side
from exchange.steps import cases, closing, importing, team
from exchange.store import read
from exchange.store.read import CaseView
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Line, Long, Made, Moment, Words


class CaseFilter(Asked):
    """Which cases are wanted."""

    show: Literal["mine", "cover", "all"] = "mine"
    search: Line = Field("", description="Part of a reference.")
    page: int = Field(1, ge=1, le=10_000)


class Person(Answer):
    """A person by side and agreed form of name."""

    side: Side
    form_of_name: str


class CaseLine(Answer):
    """A line of the list of cases."""

    id: UUID
    reference: str
    type: str
    state: str
    moved_at: datetime
    mine: bool
    cover: bool
    people: list[Person]
    team: list[str]


class CaseList(Answer):
    """A page of 25 cases, the newest movement first, and how many there are."""

    cases: list[CaseLine]
    total: int


class PolicyShape(Asked):
    """A case's policy. Days are calendar days; what is left out is as the case's type has it.

    `notices`: at most so many about one thing, 0 for none; `cooling_days`: between a yes and handing over;
    `supervision_days`: how often it is talked over in supervision; `consent_days`: a decision older than that is
    asked anew before an offer; `retention_days`, `follow_up_days`: from closing on. A type may allow less than what
    is said here.
    """

    four_eyes: bool = False
    assessment_days: int = Field(90, ge=1, le=365)
    link_days: int = Field(14, ge=1, le=3650)
    window_days: int = Field(7, ge=1, le=3650)
    expire_days: int | None = Field(None, ge=1, le=36500)
    harmed_starts: bool = False
    emergency_hours: int = Field(8, ge=1, le=72)
    notices: int = Field(2, ge=0, le=10)
    notices_by_itself: bool = False
    cooling_days: int = Field(0, ge=0, le=365)
    supervision_days: int | None = Field(None, ge=7, le=365)
    consent_days: int = Field(365, ge=30, le=1095)
    retention_days: int = Field(2557, ge=30, le=36500)
    follow_up_days: int | None = Field(42, ge=1, le=366)


class NewPolicy(PolicyShape):
    """The policy from now on, and why."""

    reason: Words = ""


class NewType(Asked):
    """What kind of case it is from now on, and why."""

    type: CaseType
    reason: Words


class NewCase(Asked):
    """A case to open."""

    type: CaseType = CaseType.GENERAL
    policy: PolicyShape | None = None
    summary: Words = ""


class CaseTable(Asked):
    """Cases as a table: CSV with the columns of the template. Without `dry_run: false` nothing is done."""

    table: Long
    dry_run: bool = True


class TableLine(Answer):
    """What becomes of one case of a table. `there`: its reference is here already, and it is left as it is."""

    line: int
    reference: str
    there: bool


class TableProblem(Answer):
    """What is wrong: a line from 1, a column ("" the whole line), a sentence."""

    line: int
    column: str
    sentence: str


class TableAnswer(Answer):
    """Whether it was done; each case; and what is wrong. Where anything is, nothing was done."""

    done: bool
    cases: list[TableLine]
    problems: list[TableProblem]


class CaseState(Asked):
    """Open or closed. `follow_up`: when somebody asks how people are; without it, as the case's policy says."""

    state: Literal["open", "closed"]
    follow_up: Moment | None = None


class Placement(Asked):
    """Somebody to put on the case."""

    account: UUID
    part: Literal["lead", "co"] = "co"


class Cover(Asked):
    """Who is shown what has waited two working days."""

    account: UUID


class CasePerson(Answer):
    """A person of the case. The full name is for its team."""

    id: UUID
    side: Side
    form_of_name: str
    name: str | None
    custody: bool
    under_18: bool
    language: str


class Member(Answer):
    """Somebody who looks after the case."""

    account_id: UUID
    display_name: str
    part: str
    since: datetime


class MessageLine(Answer):
    """A message of the case by its state."""

    id: UUID
    reference: str
    kind: str
    state: str
    state_since: datetime
    author_id: UUID
    recipient_id: UUID
    answers_id: UUID | None
    replaces_id: UUID | None
    never_sent: bool
    asks: bool


class FactLine(Answer):
    """The newest fact of its kind; about a person where `participant_id` is given."""

    participant_id: UUID | None
    kind: str
    value: str
    until: datetime | None
    at: datetime


class ConsentLine(Answer):
    """A decision of a participant."""

    id: UUID
    participant_id: UUID
    kind: str
    message_id: UUID | None
    digest: str | None
    given: bool
    method: str
    wording: str
    at: datetime


class ConcernLine(Answer):
    """A concern, open as long as it has no outcome."""

    id: UUID
    message_id: UUID
    kind: str
    at: datetime
    ended_at: datetime | None
    outcome: str | None


class TaskLine(Answer):
    """Something that waits for a person."""

    id: UUID
    kind: str
    message_id: UUID | None
    participant_id: UUID | None
    at: datetime
    due_at: datetime | None


class CaseStory(Answer):
    """Everything the case page tells."""

    id: UUID
    reference: str
    type: str
    state: str
    created_at: datetime
    moved_at: datetime
    policy: dict[str, Any]
    relation: Relation
    summary: str
    assessment_until: datetime | None
    cover_id: UUID | None
    people: list[CasePerson]
    team: list[Member]
    messages: list[MessageLine]
    facts: list[FactLine]
    consents: list[ConsentLine]
    concerns: list[ConcernLine]
    tasks: list[TaskLine]


class Staff(Answer):
    """Somebody who can be put on a case."""

    id: UUID
    display_name: str


class StaffList(Answer):
    """Everybody who can be put on a case, by name."""

    staff: list[Staff]


async def list_cases(call: Call, asked: CaseFilter) -> CaseList:
    """Cases that one may see."""
    rows = await read.case_list(call.service, call.actor, show=asked.show, search=asked.search, page=asked.page)
    people = {row.id: [Person(side=Side(side), form_of_name=name) for side, name in row.people] for row in rows}
    told = [dataclasses.asdict(row) | {"people": people[row.id]} for row in rows]
    return CaseList(cases=[CaseLine.model_validate(line) for line in told], total=rows.total)


async def open_case(call: Call, asked: NewCase) -> Made:
    """Open a case. Whoever opens it leads it."""
    policy = _policy(asked.type, asked.policy) if asked.policy else None
    made = await cases.open_case(call.service, call.actor, type=asked.type, policy=policy, summary=asked.summary)
    return Made(id=made)


async def import_cases(call: Call, asked: CaseTable) -> TableAnswer:
    """Open the cases of a table, all or none (a supervisor); with `dry_run` only say what would happen."""
    untrusted = asked.table.encode()
    plan = await importing.plan(call.service, call.actor, untrusted)
    done = not asked.dry_run and not plan.problems
    if done:
        plan = await importing.carry_out(call.service, call.actor, untrusted)
    wrong = [(one.line, one.column, SENTENCES[one.code]) for one in plan.problems]
    return TableAnswer(
        done=done,
        cases=[TableLine(line=one.case.line, reference=one.case.reference, there=one.there) for one in plan.cases],
        problems=[TableProblem(line=line, column=column, sentence=words) for line, column, words in wrong],
    )


async def see_case(call: Call) -> CaseStory:
    """The whole story of a case, without any content."""
    return _story(await read.case_view(call.service, call.actor, call.id("case")))


async def set_state(call: Call, asked: CaseState) -> None:
    """Close a case, when nothing in it is undecided, or open it again (a supervisor)."""
    if asked.state == "open":
        await closing.reopen(call.service, call.actor, call.id("case"))
    else:
        await closing.close(call.service, call.actor, call.id("case"), follow_up=asked.follow_up)


async def set_policy(call: Call, asked: NewPolicy) -> None:
    """Change a case's policy (a supervisor), within what its type allows.

    Less careful than now is for nobody who is or was on its team, and needs the step-up.
    """
    case = call.id("case")
    view = await read.case_view(call.service, call.actor, case)
    policy = _policy(CaseType(view.case.type), asked)
    await cases.set_policy(call.service, call.actor, case, policy, reason=asked.reason)


async def set_type(call: Call, asked: NewType) -> None:
    """Make it a case of another type, with a reason (a supervisor). Its policy follows.

    One that is less careful is as for the policy.
    """
    await cases.set_type(call.service, call.actor, call.id("case"), asked.type, reason=asked.reason)


async def staff(call: Call) -> StaffList:
    """Who can be put on a case."""
    found = await read.case_workers(call.service, call.actor)
    return StaffList(staff=[Staff(id=account, display_name=name) for account, name in found])


async def assign(call: Call, asked: Placement) -> None:
    """Put somebody on a case, as its lead or beside the lead."""
    await team.assign(call.service, call.actor, call.id("case"), asked.account, part=asked.part)


async def unassign(call: Call) -> None:
    """Take somebody off a case; never the last one."""
    await team.unassign(call.service, call.actor, call.id("case"), call.id("account"))


async def set_cover(call: Call, asked: Cover) -> None:
    """Name the cover of a case."""
    await team.set_cover(call.service, call.actor, call.id("case"), asked.account)


def _policy(case_type: CaseType, asked: PolicyShape) -> Policy:
    return case_types.with_changes(case_type, asked.model_dump(exclude_unset=True, exclude={"reason"}))


def _story(view: CaseView) -> CaseStory:
    inside = view.relation in READS_INSIDE
    return CaseStory(
        **{name: getattr(view.case, name) for name in ("id", "reference", "type", "state", "created_at", "moved_at")},
        policy=dataclasses.asdict(view.policy),
        relation=view.relation,
        summary=view.summary,
        assessment_until=view.assessment_until,
        cover_id=view.case.cover_id,
        people=[_person(view, row, inside) for row in view.people],
        team=[Member.model_validate(row) for row in view.team],
        messages=[MessageLine.model_validate(row) for row in view.messages],
        facts=[FactLine.model_validate(row) for row in view.facts.values()],
        consents=[ConsentLine.model_validate(c) for known in view.consents.values() for c in known.values()],
        concerns=[ConcernLine.model_validate(row) for row in view.concerns],
        tasks=[TaskLine.model_validate(row) for row in view.tasks],
    )


def _person(view: CaseView, row: Any, inside: bool) -> CasePerson:
    names = {"form_of_name": view.forms[row.id], "name": view.names[row.id] if inside else None}
    facts = {name: getattr(row, name) for name in ("id", "side", "custody", "under_18", "language")}
    return CasePerson.model_validate(facts | names)


ENDPOINTS = [
    Endpoint("GET", "/cases", list_cases, Permission.CASE_LIST),
    Endpoint("POST", "/cases", open_case, Permission.CASE_OPEN, status=201),
    Endpoint("POST", "/cases/import", import_cases, Permission.CASE_IMPORT),
    Endpoint("GET", "/cases/{case}", see_case, Permission.CASE_SEE),
    Endpoint("PUT", "/cases/{case}/state", set_state, Permission.CASE_CLOSE, status=204),
    Endpoint("PUT", "/cases/{case}/policy", set_policy, Permission.CASE_CLOSE, status=204),
    Endpoint("PUT", "/cases/{case}/type", set_type, Permission.CASE_CLOSE, status=204),
    Endpoint("GET", "/staff", staff, Permission.CASE_LIST),
    Endpoint("POST", "/cases/{case}/team", assign, Permission.CASE_SEE, status=204),
    Endpoint("DELETE", "/cases/{case}/team/{account}", unassign, Permission.CASE_SEE, status=204),
    Endpoint("PUT", "/cases/{case}/cover", set_cover, Permission.CASE_SEE, status=204),
]
