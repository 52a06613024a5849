"""Taking something out of a message: the list, and the version that is made of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.core.edits import Doing, Edit, Why
from exchange.steps import redact
from exchange.store.edits import Wanted
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Made, Words

Share = Annotated[int, Field(ge=0, le=10_000)]


class Place(Asked):
    """A part of the round's clean version and a place in it: milliseconds of a recording, characters of a text.

    `box`: left, top, width and height in ten-thousandths of the page or picture; without it the whole of it.
    """

    doing: Doing
    part: str = Field(pattern=r"^(page-[0-9]{3}|text|sound|picture)$")
    start: int = Field(0, ge=0, le=100_000_000)
    end: int = Field(0, ge=0, le=100_000_000)
    box: tuple[Share, Share, Share, Share] | None = None
    how: Literal["", "lower", "higher", "machine"] = ""


class NewEdit(Place):
    """One thing to take out, and why. The author reads the reason and the words."""

    why: Why
    words: Words = ""


class EditLine(Answer):
    """One thing on the list."""

    id: UUID
    doing: str
    part: str
    start: int
    end: int
    box: list[int] | None
    how: str
    why: str
    words: str
    account: UUID
    at: datetime


class MakingLine(Answer):
    """A new version that was asked for: `waiting` (with percent), `done`, or `refused` with a code of why."""

    id: UUID
    state: str
    progress: int
    refused_code: str | None
    at: datetime


class WorkshopAnswer(Answer):
    """The list; `current` says whether the newest version is made of it; `clean` is the version that it is about."""

    clean: str
    current: bool
    edits: list[EditLine]
    making: MakingLine | None


async def see(call: Call) -> WorkshopAnswer:
    """What is on the list, and how far the making of a new version is."""
    found = await redact.workshop(call.service, call.actor, call.id("message"))
    making = MakingLine.model_validate(found.making) if found.making is not None else None
    edits = [_line(one) for one in found.wanted]
    return WorkshopAnswer(clean=found.clean.digest, current=found.current, edits=edits, making=making)


async def want(call: Call, asked: NewEdit) -> Made:
    """Put something on the list. Nothing is changed before a new version is made."""
    place = asked.model_dump(exclude={"why", "words"})
    made = await redact.want(
        call.service, call.actor, call.id("message"), Edit(**place), why=asked.why, words=asked.words
    )
    return Made(id=made)


async def drop(call: Call) -> None:
    """Take something off the list."""
    await redact.drop(call.service, call.actor, call.id("message"), call.id("edit"))


async def make(call: Call) -> Made:
    """Ask for the version that is made of the list; a worker makes it. Approval and consents end when it is there."""
    return Made(id=await redact.make(call.service, call.actor, call.id("message")))


def _line(one: Wanted) -> EditLine:
    edit = one.edit
    return EditLine(
        id=one.id, doing=edit.doing, part=edit.part, start=edit.start, end=edit.end,
        box=list(edit.box) if edit.box else None, how=edit.how, why=one.why, words=one.words,
        account=one.account, at=one.at,
    )  # fmt: skip


PLACE = "/messages/{message}/edits"
ENDPOINTS = [
    Endpoint("GET", PLACE, see, Permission.REVIEW),
    Endpoint("POST", PLACE, want, Permission.REVIEW, status=201),
    Endpoint("DELETE", PLACE + "/{edit}", drop, Permission.REVIEW, status=204),
    Endpoint("POST", "/messages/{message}/redact", make, Permission.REVIEW, status=202),
]
