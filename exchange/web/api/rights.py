"""What people can ask of the service about themselves, and what was passed on about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.disclosure import BASES, KINDS, Disclosure
from exchange.core.errors import BadInput
from exchange.core.own_copy import Part
from exchange.core.rectification import ABOUT, OUTCOMES
from exchange.core.retention import What
from exchange.steps import disclosure, own_copy, rectification, retention
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Made, Word, Words
from exchange.web.attachment import send_zip


class Copy(Answer):
    """A copy of what is held about one person, and how far it is."""

    id: UUID
    participant_id: UUID
    state: str
    at: datetime
    due_at: datetime = Field(description="One month after it was asked for (GDPR Art. 12(3)).")
    until: datetime | None = Field(description="How long it can be handed out, once it is ready.")
    size: int | None
    ended_at: datetime | None


class Copies(Answer):
    """The copies of one person, newest first."""

    copies: list[Copy]


class Item(Answer):
    """One thing on the list. `inside` is null until somebody has looked at it."""

    id: UUID
    part: Part
    about: UUID | None
    inside: bool | None
    reason: str = Field(description="Why it is left out.")


class Listed(Copy):
    """A copy with its list."""

    items: list[Item]


class Line(Answer):
    """One answer: a label and its value, codes as they are."""

    label: str
    value: str


class Opened(Answer):
    """One thing on the list, opened."""

    part: Part
    title: str
    records: list[list[Line]]


class InOrOut(Asked):
    """Whether a thing is in the copy; left out needs a reason."""

    inside: bool
    reason: Words = ""


class Approval(Asked):
    """What the second person says: it is made, or looked through again."""

    agree: bool


async def copies(call: Call) -> Copies:
    """The copies that were prepared for a person, newest first."""
    rows = await own_copy.of_person(call.service, call.actor, call.id("participant"))
    return Copies(copies=[Copy.model_validate(row) for row in rows])


async def prepare(call: Call) -> Made:
    """Put together the list of what is held about a person."""
    return Made(id=await own_copy.prepare(call.service, call.actor, call.id("participant")))


async def copy(call: Call) -> Listed:
    """A copy with its list, without content."""
    view = await own_copy.read(call.service, call.actor, call.id("copy"))
    items = [
        Item(id=one.row.id, part=one.row.part, about=one.row.about, inside=one.row.inside, reason=one.reason)
        for one in view.items
    ]
    known: dict[str, Any] = Copy.model_validate(view.row).model_dump()
    return Listed(**known, items=items)


async def look_at(call: Call) -> Opened:
    """Open one thing on the list, for the team. That it was opened is recorded."""
    _, piece = await own_copy.look_at(call.service, call.actor, call.id("copy"), call.id("item"))
    records = [[Line(label=line.label, value=line.value) for line in record] for record in piece.records]
    return Opened(part=piece.part, title=piece.title, records=records)


async def decide(call: Call, asked: InOrOut) -> None:
    """Say whether one thing is in the copy. What is in was looked at before, as it is now."""
    copy_id, item = call.id("copy"), call.id("item")
    await own_copy.decide(call.service, call.actor, copy_id, item, inside=asked.inside, reason=asked.reason)


async def hand_on(call: Call) -> None:
    """Everything was looked at: a second person is to approve it."""
    await own_copy.hand_on(call.service, call.actor, call.id("copy"))


async def approve(call: Call, asked: Approval) -> None:
    """A second person's decision (needs a fresh second factor)."""
    await own_copy.approve(call.service, call.actor, call.id("copy"), agreed=asked.agree)


async def drop(call: Call) -> None:
    """Give a copy up."""
    await own_copy.drop(call.service, call.actor, call.id("copy"))


async def take(call: Call) -> web.StreamResponse:
    """Take the copy, once: a ZIP (needs a fresh second factor). Afterwards nothing opens it again."""
    return await send_zip(call.request, await own_copy.hand_out(call.service, call.actor, call.id("copy")))


class NewDisclosure(Asked):
    """Something that was passed on. For a sentence or for parole it is refused, whatever the basis."""

    kind: Word = Field(description=f"One of {', '.join(KINDS)}.")
    authority: Words = Field(description="Which authority, and who there.")
    what: Words
    basis: Word = Field(description=f"One of {', '.join(BASES)}.")
    duty: Words = Field("", description="Which law or order, where that is the basis.")
    concerned: list[str] = Field(max_length=20, description="Participants whom it is about.")


class DisclosureLine(Answer):
    """Something that was passed on."""

    id: UUID
    kind: str
    basis: str
    authority: str
    what: str
    duty: str
    concerned: list[UUID]
    at: datetime


class Disclosures(Answer):
    """What was passed on of a case, newest first."""

    disclosures: list[DisclosureLine]


async def disclosures(call: Call) -> Disclosures:
    """What was passed on of a case, for its team."""
    found = await disclosure.of_case(call.service, call.actor, call.id("case"))
    return Disclosures(
        disclosures=[
            DisclosureLine(
                id=one.row.id, kind=one.row.kind, basis=one.row.basis, authority=one.authority, what=one.what,
                duty=one.duty, concerned=one.row.concerned, at=one.row.at,
            )
            for one in found
        ]
    )  # fmt: skip


async def disclose(call: Call, asked: NewDisclosure) -> Made:
    """Record that something was passed on (needs a fresh second factor): consents of all concerned, or a legal duty."""
    told = asked.model_dump() | {"concerned": tuple(as_ids(asked.concerned))}
    return Made(id=await disclosure.record(call.service, call.actor, call.id("case"), Disclosure(**told)))


def as_ids(untrusted: list[str]) -> list[UUID]:
    """Ids that somebody sent; BadInput where one is none."""
    try:
        return [UUID(one) for one in untrusted]
    except ValueError:
        raise BadInput("Choose everybody whom it is about.", field="concerned") from None


class DueLine(Answer):
    """Something closed that has a date on which it is due to be erased."""

    what: What
    about: UUID
    case: UUID | None
    reference: str
    since: datetime = Field(description="When the case was closed, or the referral decided.")
    due_at: datetime
    took_part: bool
    held: bool = Field(description="A legal hold forbids it.")


class Schedule(Answer):
    """What has a date, the earliest first."""

    due: list[DueLine]


async def schedule(call: Call) -> Schedule:
    """What is due to be erased, and when (supervisors)."""
    found = await retention.schedule(call.service, call.actor)
    return Schedule(due=[DueLine.model_validate(one) for one in found])


async def retire_case(call: Call) -> None:
    """Erase a case that is due."""
    await retention.confirm(call.service, call.actor, What.CASE, call.id("case"))


async def retire_person(call: Call) -> None:
    """Erase what is kept of somebody who never took part, when it is due."""
    await retention.confirm(call.service, call.actor, What.PERSON, call.id("participant"))


async def retire_referral(call: Call) -> None:
    """Erase a referral that was not for the service, when it is due."""
    await retention.confirm(call.service, call.actor, What.REFERRAL, call.id("referral"))


class NewWrong(Asked):
    """What somebody says is wrong about them, in their words."""

    about: Word = Field(description=f"One of {', '.join(ABOUT)}.")
    said: Words


class WrongAnswer(Asked):
    """What comes of it: put right, or a note beside it."""

    outcome: Word = Field(description=f"One of {', '.join(OUTCOMES)}.")
    words: Words


class WrongLine(Answer):
    """Something that somebody said is wrong. `outcome` is null while it is open."""

    id: UUID
    about: str
    said: str
    outcome: str | None
    answer: str
    at: datetime
    due_at: datetime


class Wrongs(Answer):
    """Everything that one person said is wrong, newest first."""

    corrections: list[WrongLine]


async def corrections(call: Call) -> Wrongs:
    """What a person said is wrong about them, and what came of it."""
    found = await rectification.of_person(call.service, call.actor, call.id("participant"))
    return Wrongs(
        corrections=[
            WrongLine(
                id=one.row.id, about=one.row.about, said=one.said, outcome=one.row.outcome, answer=one.answer,
                at=one.row.at, due_at=one.row.due_at,
            )
            for one in found
        ]
    )  # fmt: skip


async def ask_correction(call: Call, asked: NewWrong) -> Made:
    """Write down what a person says is wrong; it is to be answered within a month."""
    person = call.id("participant")
    return Made(id=await rectification.ask(call.service, call.actor, person, asked.about, asked.said))


async def answer_correction(call: Call, asked: WrongAnswer) -> None:
    """Answer it: put right, or a note of the disagreement beside it."""
    await rectification.answer(call.service, call.actor, call.id("wrong"), asked.outcome, asked.words)


ENDPOINTS = [
    Endpoint("GET", "/participants/{participant}/corrections", corrections, Permission.PERSON_SEE),
    Endpoint("POST", "/participants/{participant}/corrections", ask_correction, Permission.CASE_CHANGE, status=201),
    Endpoint("POST", "/corrections/{wrong}/answer", answer_correction, Permission.CASE_CHANGE, status=204),
    Endpoint("GET", "/retention", schedule, Permission.SUPERVISE),
    Endpoint("POST", "/retention/cases/{case}", retire_case, Permission.CASE_CLOSE, status=204),
    Endpoint("POST", "/retention/participants/{participant}", retire_person, Permission.CASE_CLOSE, status=204),
    Endpoint("POST", "/retention/referrals/{referral}", retire_referral, Permission.SUPERVISE, status=204),
    Endpoint("GET", "/cases/{case}/disclosures", disclosures, Permission.PERSON_SEE),
    Endpoint("POST", "/cases/{case}/disclosures", disclose, Permission.DISCLOSE, status=201),
    Endpoint("GET", "/participants/{participant}/copies", copies, Permission.CASE_SEE),
    Endpoint("POST", "/participants/{participant}/copies", prepare, Permission.COPY_PREPARE, status=201),
    Endpoint("GET", "/copies/{copy}", copy, Permission.CASE_SEE),
    Endpoint("GET", "/copies/{copy}/items/{item}", look_at, Permission.COPY_PREPARE),
    Endpoint("PUT", "/copies/{copy}/items/{item}", decide, Permission.COPY_PREPARE, status=204),
    Endpoint("POST", "/copies/{copy}/hand-on", hand_on, Permission.COPY_PREPARE, status=204),
    Endpoint("POST", "/copies/{copy}/approval", approve, Permission.COPY_APPROVE, status=204),
    Endpoint("DELETE", "/copies/{copy}", drop, Permission.COPY_PREPARE, status=204),
    Endpoint("POST", "/copies/{copy}/take", take, Permission.COPY_HAND_OUT, produces="application/zip"),
]
