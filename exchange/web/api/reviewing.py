"""The review of one exact version, the texts beside it, and concerns."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from exchange.core import places
from exchange.core.access import Permission
from exchange.core.model import TICKS, UNDERSTOOD, Side
from exchange.steps import concern, misfiled, review, texts
from exchange.store import read
from exchange.web.api.cases import ConcernLine
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Digest, Language, Line, Long, Made, Words

Tick = Literal["right_people", "no_threat", "nobody_else", "nothing_locating", "no_pressure"]
Understood = Literal["myself", "interpreter", "colleague", "software"]
TextName = Literal["transcription", "transcript", "captions", "translation"]
assert set(TICKS) == set(Tick.__args__)  # type: ignore[attr-defined]
assert set(UNDERSTOOD) == set(Understood.__args__)  # type: ignore[attr-defined]


class Approval(Asked):
    """All five ticks, and how every word was understood."""

    digest: Digest
    ticks: list[Tick] = Field(max_length=5)
    understood: Understood


class Approved(Answer):
    """Whether it is approved now, or a second approval is still needed."""

    approved: bool


class Refusal(Asked):
    """Why not, in words that the author will understand."""

    digest: Digest
    reason: Words


class Place(Asked):
    """Where a note belongs: a page, a time, or characters of a text; with a box, a region of the page or picture."""

    page: int | None = Field(None, ge=1, le=places.MOST_PAGES)
    seconds: float | None = Field(None, ge=0, le=places.MOST_SECONDS, description="From the beginning.")
    box: list[int] | None = Field(
        None, min_length=4, max_length=4, description="Left, top, width and height in 1/10000 of the picture."
    )
    text: str | None = Field(None, max_length=80, description="The name of a text part.")
    start: int | None = Field(None, ge=0, le=places.MOST_CHARACTERS)
    end: int | None = Field(None, ge=1, le=places.MOST_CHARACTERS, description="The first character after it.")


class NewNote(Asked):
    """A note at a place of a version."""

    digest: Digest
    text: Words
    place: Place | None = None


class Translation(Asked):
    """Who made a translation, and whether somebody compared it with the original."""

    by: Literal["person", "machine"]
    who: Line
    checked: bool = False


class NewText(Asked):
    """A text to put beside a version. It makes a new version, which must be approved and agreed to anew."""

    base_digest: Digest
    name: TextName
    language: Language
    text: Long
    translated: Translation | None = Field(None, description="Who made a translation.")


class OfVersion(Asked):
    """One version."""

    digest: Digest


class WithOriginal(Asked):
    """Whether the original stays out and the translation alone is handed over, as the author wants it."""

    digest: Digest
    left_out: bool


class NewVersion(Answer):
    """The digest of the version that was made."""

    digest: str


class TextPart(Answer):
    """A text as it stands."""

    name: str
    text: str


class NewConcern(Asked):
    """What was seen or heard, so that a supervisor can act."""

    kind: Literal["threat", "new_crime", "safeguarding", "other"]
    note: Words


class Misfiled(Asked):
    """Why a message does not belong in its case, or under its author."""

    reason: Words


class Refiling(Asked):
    """Where it belongs: a case by its reference, and between which of its people."""

    reference: Line
    author: UUID
    recipient: UUID
    reason: Words


class RightCase(Asked):
    """The reference of a case."""

    reference: Line


class RightPerson(Answer):
    """Somebody it may be from or for."""

    id: UUID
    side: Side
    form_of_name: str


class RightPlace(Answer):
    """The people of that case."""

    people: list[RightPerson]


class SeenLine(Answer):
    """An act after which somebody has seen something of it, by the record."""

    index: int
    at: datetime
    act: str


class SeenSoFar(Answer):
    """Who has seen what. `participants`: somebody of the case has, or put it in, so two people decide about it."""

    participants: bool
    entries: list[SeenLine]


class ConcernNote(Asked):
    """A line of the decision log."""

    text: Words


class ConcernEnd(Asked):
    """What happens now, and why."""

    outcome: Literal["continue", "withhold"]
    note: Words


class LogLine(Answer):
    """A line of the decision log, oldest first."""

    account_id: UUID
    text: str
    at: datetime


class ConcernStory(ConcernLine):
    """A concern: what froze, who knows, what was decided."""

    case_id: UUID
    note: str
    raised_by: UUID
    author: str
    recipient: str
    who_knows: list[str]
    log: list[LogLine]


async def approve(call: Call, asked: Approval) -> Approved:
    """Approve exactly this version."""
    done = await review.approve(
        call.service,
        call.actor,
        call.id("message"),
        asked.digest,
        ticks=asked.ticks,
        understood=asked.understood,
    )
    return Approved(approved=done)


async def send_back(call: Call, asked: Refusal) -> None:
    """Send it back to its author with a reason."""
    await review.return_to_author(call.service, call.actor, call.id("message"), asked.digest, reason=asked.reason)


async def withhold(call: Call, asked: Refusal) -> None:
    """Not to be shared, with a reason; the author may appeal."""
    await review.withhold(call.service, call.actor, call.id("message"), asked.digest, reason=asked.reason)


async def keep(call: Call, asked: OfVersion) -> None:
    """A letter never to be sent was read: keep it."""
    await review.keep(call.service, call.actor, call.id("message"), asked.digest)


async def retract(call: Call, asked: Refusal) -> None:
    """Take an approval back at any time; nobody can read it from that moment on."""
    await review.retract(call.service, call.actor, call.id("message"), asked.digest, reason=asked.reason)


async def note(call: Call, asked: NewNote) -> None:
    """A note at a place of a version, for the team only."""
    place: dict[str, Any] = asked.place.model_dump(exclude_none=True) if asked.place else {}
    await review.add_note(call.service, call.actor, call.id("message"), asked.digest, text=asked.text, place=place)


async def add_text(call: Call, asked: NewText) -> NewVersion:
    """Put a transcription, transcript, captions or a translation beside the newest version."""
    made_by = texts.Translated(**asked.translated.model_dump()) if asked.translated else None
    told = asked.model_dump(exclude={"translated"})
    made = await texts.add_text(call.service, call.actor, call.id("message"), **told, translated=made_by)
    return NewVersion(digest=made)


async def show_text(call: Call, asked: OfVersion) -> NewVersion:
    """Let the text taken from a document be released with its pages."""
    made = await texts.show_text(call.service, call.actor, call.id("message"), asked.digest)
    return NewVersion(digest=made)


async def leave_out(call: Call, asked: WithOriginal) -> NewVersion:
    """Leave the original out beside its translation, or put it back. It makes a new version, to be agreed to anew."""
    made = await texts.leave_out(call.service, call.actor, call.id("message"), asked.digest, left_out=asked.left_out)
    return NewVersion(digest=made)


async def read_text(call: Call, asked: OfVersion) -> TextPart:
    """A text of the newest version, to go on typing. That it was read stands in the record."""
    name = call.word("name")
    text = await texts.read_text(call.service, call.actor, call.id("message"), asked.digest, name)
    return TextPart(name=name, text=text)


async def raise_concern(call: Call, asked: NewConcern) -> Made:
    """A threat, a new crime, a safeguarding matter: freeze the message and tell a supervisor."""
    made = await concern.raise_concern(call.service, call.actor, call.id("message"), kind=asked.kind, note=asked.note)
    return Made(id=made)


async def see_concern(call: Call) -> ConcernStory:
    """One concern with its log."""
    found = await read.concern_view(call.service, call.actor, call.id("concern"))
    log = [LogLine.model_validate({**row._mapping, "text": text}) for row, text in found.log]
    told = {name: getattr(found, name) for name in ("note", "author", "recipient", "who_knows")}
    return ConcernStory.model_validate({**found.concern._mapping, **told, "log": log})


async def note_concern(call: Call, asked: ConcernNote) -> None:
    """Add a line to a concern's log."""
    await concern.add_note(call.service, call.actor, call.id("concern"), text=asked.text)


async def end_concern(call: Call, asked: ConcernEnd) -> None:
    """End a concern by a recorded decision (a supervisor)."""
    await concern.end_concern(call.service, call.actor, call.id("concern"), outcome=asked.outcome, note=asked.note)


async def seen_so_far(call: Call) -> SeenSoFar:
    """Who has seen what of a message so far, by the record."""
    found = await misfiled.so_far(call.service, call.actor, call.id("message"))
    lines = [SeenLine(index=one.index, at=one.at, act=one.leaf["act"]) for one in found.entries]
    return SeenSoFar(participants=found.participants, entries=lines)


async def report_misfiled(call: Call, asked: Misfiled) -> Made:
    """It lies in the wrong case, or under the wrong person: freeze it and tell a supervisor. The concern's id."""
    return Made(id=await misfiled.report(call.service, call.actor, call.id("message"), reason=asked.reason))


async def right_place(call: Call, asked: RightCase) -> RightPlace:
    """The people of the case in which it belongs (a supervisor of both)."""
    found = await misfiled.right_place(call.service, call.actor, call.id("concern"), asked.reference)
    people = [RightPerson(id=one, side=Side(side), form_of_name=name) for one, side, name in found.people]
    return RightPlace(people=people)


async def move_misfiled(call: Call, asked: Refiling) -> Made:
    """Decide where it belongs (a supervisor). The new message's id; a worker moves it and erases the old one."""
    return Made(id=await misfiled.move(call.service, call.actor, call.id("concern"), **asked.model_dump()))


async def remove_misfiled(call: Call, asked: Misfiled) -> None:
    """Decide that it belongs in no case here (a supervisor): erased, with a certificate."""
    await misfiled.remove(call.service, call.actor, call.id("concern"), reason=asked.reason)


END = Permission.CONCERN_END
REVIEW, RAISE = Permission.REVIEW, Permission.CONCERN_RAISE
ENDPOINTS = [
    Endpoint("POST", "/messages/{message}/approve", approve, REVIEW),
    Endpoint("POST", "/messages/{message}/return", send_back, REVIEW, status=204),
    Endpoint("POST", "/messages/{message}/withhold", withhold, REVIEW, status=204),
    Endpoint("POST", "/messages/{message}/keep", keep, REVIEW, status=204),
    Endpoint("POST", "/messages/{message}/retract", retract, REVIEW, status=204),
    Endpoint("POST", "/messages/{message}/notes", note, REVIEW, status=204),
    Endpoint("POST", "/messages/{message}/texts", add_text, REVIEW, status=201),
    Endpoint("POST", "/messages/{message}/show-text", show_text, REVIEW, status=201),
    Endpoint("POST", "/messages/{message}/original", leave_out, REVIEW, status=201),
    Endpoint("GET", "/messages/{message}/texts/{name}", read_text, REVIEW, errors=(409,)),
    Endpoint("POST", "/messages/{message}/concerns", raise_concern, RAISE, status=201),
    Endpoint("GET", "/concerns/{concern}", see_concern, RAISE),
    Endpoint("POST", "/concerns/{concern}/notes", note_concern, RAISE, status=204),
    Endpoint("POST", "/concerns/{concern}/end", end_concern, END, status=204),
    Endpoint("GET", "/messages/{message}/seen", seen_so_far, RAISE),
    Endpoint("POST", "/messages/{message}/misfiled", report_misfiled, RAISE, status=201),
    Endpoint("GET", "/concerns/{concern}/right-place", right_place, END),
    Endpoint("POST", "/concerns/{concern}/move", move_misfiled, END, status=201),
    Endpoint("POST", "/concerns/{concern}/remove", remove_misfiled, END, status=204),
]
