"""The exchange as a thread, its ground rules, and how people are named and sign."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.core.ground_rules import LONGEST_LINE, MOST_LINES, Rules
from exchange.core.model import Method
from exchange.core.naming import LONGEST
from exchange.steps import dialogue, naming, of_age
from exchange.store import read
from exchange.web.api.cases import MessageLine
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Line, Made, Words

RuleLines = Annotated[list[Annotated[Words, Field(max_length=LONGEST_LINE)]], Field(max_length=MOST_LINES)]


class NewRules(Asked):
    """Ground rules, a line each, in one language or both."""

    en: RuleLines = Field(default_factory=list[str])
    cy: RuleLines = Field(default_factory=list[str])


class WhoAgreed(Answer):
    """Somebody who agreed to this version, and how."""

    participant_id: UUID
    method: str
    at: datetime


class RulesVersion(Answer):
    """One version of the ground rules; the newest is what counts."""

    id: UUID
    en: list[str]
    cy: list[str]
    written_by: UUID
    at: datetime
    agreed: list[WhoAgreed]


class AllRules(Answer):
    """Every version, newest first."""

    versions: list[RulesVersion]


class Agreement(Asked):
    """A participant agreed to this version: on paper, in person, by phone or in writing."""

    rules: UUID
    method: Method


class Naming(Asked):
    """How the person is named to the other one, and how they sign; without a signature it is not signed."""

    form_of_name: Annotated[Line, Field(max_length=LONGEST)]
    signature: Annotated[Line, Field(max_length=LONGEST)] = ""
    knowing: bool = Field(False, description="They know what it tells (a part of their name, a number) and want it so.")


class Telling(Answer):
    """Something in a form of name or a signature that names or locates somebody: what it looks like, and its words."""

    kind: str
    words: str


class WhatItTells(Answer):
    """Everything of that kind in how a person is named and signs, as recorded."""

    tells: list[Telling]


class Birthday(Asked):
    """The day on which somebody becomes 18; none where it is not needed any more."""

    day: date | None = None


class OfPerson(Asked):
    """Whose thread; without a participant, the case's."""

    participant: UUID | None = None


class ThreadLine(MessageLine):
    """A message, and when it was approved, agreed to, offered and handed over last."""

    created_at: datetime
    approved_at: datetime | None
    shared_at: datetime | None
    offered_at: datetime | None
    released_at: datetime | None


class Thread(Answer):
    """The oldest first. `open_questions`: those that reached the other person and that nobody has begun to answer."""

    messages: list[ThreadLine]
    open_questions: list[UUID]


async def thread(call: Call, asked: OfPerson) -> Thread:
    """The messages of a case as a thread, or what one person wrote and was handed."""
    found = await read.thread_view(call.service, call.actor, call.id("case"), asked.participant)
    times = ("approved_at", "shared_at", "offered_at", "released_at")
    lines = [
        ThreadLine.model_validate({**one.message._mapping, **{name: getattr(one, name) for name in times}})
        for one in found.lines
    ]
    return Thread(messages=lines, open_questions=[row.id for row in found.questions])


async def rules(call: Call) -> AllRules:
    """The ground rules of an exchange and who agreed to them, for the team."""
    found = await dialogue.read(call.service, call.actor, call.id("case"))
    return AllRules(
        versions=[
            RulesVersion(
                id=one.row.id, written_by=one.row.written_by, at=one.row.at, en=list(one.rules.en),
                cy=list(one.rules.cy), agreed=[WhoAgreed.model_validate(row) for row in one.agreed.values()],
            )
            for one in found
        ]
    )  # fmt: skip


async def write_rules(call: Call, asked: NewRules) -> Made:
    """The ground rules from now on; everybody is asked anew."""
    written = Rules(tuple(asked.en), tuple(asked.cy))
    return Made(id=await dialogue.write(call.service, call.actor, call.id("case"), written))


async def agree(call: Call, asked: Agreement) -> None:
    """Record that a participant agreed to the newest ground rules."""
    person = call.id("participant")
    await dialogue.record(call.service, call.actor, person, asked.rules, asked.method)


async def name(call: Call, asked: Naming) -> None:
    """Record how a participant is named to the other person and how they sign."""
    await naming.agree(call.service, call.actor, call.id("participant"), **asked.model_dump())


async def what_it_tells(call: Call) -> WhatItTells:
    """What the recorded form of name and signature of a participant tell, for the team."""
    found = await naming.tells(call.service, call.actor, call.id("participant"))
    return WhatItTells(tells=[Telling(kind=kind, words=words) for kind, words in found])


async def becomes_18(call: Call, asked: Birthday) -> None:
    """Record the day on which a participant becomes 18: from then on what was decided before does not count."""
    await of_age.set_day(call.service, call.actor, call.id("participant"), asked.day)


ENDPOINTS = [
    Endpoint("GET", "/cases/{case}/thread", thread, Permission.CASE_SEE),
    Endpoint("GET", "/cases/{case}/ground-rules", rules, Permission.PERSON_SEE),
    Endpoint("POST", "/cases/{case}/ground-rules", write_rules, Permission.FACT, status=201),
    Endpoint("POST", "/participants/{participant}/ground-rules", agree, Permission.CONSENT, status=204),
    Endpoint("GET", "/participants/{participant}/naming", what_it_tells, Permission.PERSON_SEE),
    Endpoint("PUT", "/participants/{participant}/of-age", becomes_18, Permission.CASE_CHANGE, status=204),
    Endpoint("PUT", "/participants/{participant}/naming", name, Permission.CASE_CHANGE, status=204),
]
