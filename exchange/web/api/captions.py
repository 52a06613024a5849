"""Captions line by line, a machine's draft of them, and marks that were looked at."""

from typing import Any

from pydantic import Field

from exchange.core import captions as vtt
from exchange.core.access import Permission
from exchange.core.edits import Why
from exchange.core.leaks import LeakKind
from exchange.steps import captions, marks
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.reviewing import NewVersion
from exchange.web.api.shapes import Answer, Asked, Digest, Language, Line, Long, Made, Words


class SheetAnswer(Answer):
    """The lines as they stand (WebVTT). `machine`: a machine heard them, and nobody has gone through them yet."""

    digest: str
    number: int
    captions: str
    language: str
    machine: bool
    state: str
    progress: int


class HowFar(Answer):
    """What is being done with the lines, and percent of it."""

    state: str
    progress: int


class KeptSheet(Asked):
    """All lines, as WebVTT; `number` is that of the sheet they were made of."""

    digest: Digest
    number: int = Field(ge=0, le=1_000_000)
    captions: Long
    language: Language


class Kept(Answer):
    """The sheet's new number."""

    number: int


class SavedSheet(Asked):
    """Make a version of the sheet; `checked`: somebody has gone through every line."""

    number: int = Field(ge=0, le=1_000_000)
    checked: bool = False
    transcript: bool = False


class Draft(Asked):
    """In which language the machine is to listen."""

    language: Language


class Silence(Asked):
    """A span of the newest version in milliseconds, to be made silent, and why."""

    digest: Digest
    start: int = Field(ge=0, le=100_000_000)
    end: int = Field(ge=0, le=100_000_000)
    why: Why
    words: Words = ""


class Mark(Asked):
    """Some words that the leak finder has marked, and as what."""

    kind: LeakKind
    words: Line


async def see(call: Call) -> SheetAnswer:
    """The lines that were kept last, or those beside the newest version. That they were read stands in the record."""
    found = await captions.sheet(call.service, call.actor, call.id("message"))
    told: dict[str, Any] = {name: getattr(found, name) for name in SheetAnswer.model_fields if name != "captions"}
    return SheetAnswer(captions=vtt.write(found.captions), **told)


async def how_far(call: Call) -> HowFar:
    """How far the machine's draft is."""
    state, progress = await captions.how_far(call.service, call.actor, call.id("message"))
    return HowFar(state=state, progress=progress)


async def keep(call: Call, asked: KeptSheet) -> Kept:
    """Keep the lines, without making a version."""
    number = await captions.keep(
        call.service, call.actor, call.id("message"), digest=asked.digest, number=asked.number,
        captions=vtt.parse(asked.captions), language=asked.language,
    )  # fmt: skip
    return Kept(number=number)


async def drop(call: Call) -> None:
    """Throw the kept lines away."""
    await captions.drop(call.service, call.actor, call.id("message"))


async def save(call: Call, asked: SavedSheet) -> NewVersion:
    """Make a new version with these captions, which must be approved and agreed to anew."""
    made = await captions.save(call.service, call.actor, call.id("message"), **asked.model_dump())
    return NewVersion(digest=made)


async def draft(call: Call, asked: Draft) -> Made:
    """Ask for a machine's draft. Nobody is shown it before a person has checked every line."""
    return Made(id=await captions.ask(call.service, call.actor, call.id("message"), language=asked.language))


async def silence(call: Call, asked: Silence) -> Made:
    """Put a span on the list of what is made silent."""
    made = await captions.mute(
        call.service, call.actor, call.id("message"), digest=asked.digest, span=(asked.start, asked.end),
        why=asked.why, words=asked.words,
    )  # fmt: skip
    return Made(id=made)


async def leave(call: Call, asked: Mark) -> None:
    """The mark on these words was looked at and is not shown any more."""
    await marks.leave(call.service, call.actor, call.id("message"), asked.kind, asked.words)


async def show_again(call: Call, asked: Mark) -> None:
    """The mark on these words is shown again."""
    await marks.show_again(call.service, call.actor, call.id("message"), asked.kind, asked.words)


REVIEW = Permission.REVIEW
PLACE = "/messages/{message}/captions"
ENDPOINTS = [
    Endpoint("GET", PLACE, see, REVIEW),
    Endpoint("PUT", PLACE, keep, REVIEW),
    Endpoint("DELETE", PLACE, drop, REVIEW, status=204),
    Endpoint("GET", PLACE + "/progress", how_far, REVIEW),
    Endpoint("POST", PLACE + "/save", save, REVIEW, status=201),
    Endpoint("POST", PLACE + "/draft", draft, REVIEW, status=202),
    Endpoint("POST", PLACE + "/silence", silence, REVIEW, status=201),
    Endpoint("POST", "/messages/{message}/marks/leave", leave, REVIEW, status=204),
    Endpoint("POST", "/messages/{message}/marks/show-again", show_again, REVIEW, status=204),
]
