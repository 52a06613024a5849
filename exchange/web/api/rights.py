"""What people can ask of the service about themselves: a copy of what is held about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.own_copy import Part
from exchange.steps import own_copy
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Made, Words
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
    """Say whether one thing is in the copy."""
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


ENDPOINTS = [
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
