"""Messages: put in, sent, where they stand, what is still needed, and their parts with ranges."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission, Relation
from exchange.core.model import Event, Given, Kind, State
from exchange.steps import erase, intake, rejections, view
from exchange.store import read
from exchange.store.read import MessageView
from exchange.web.api.cases import ConcernLine, ConsentLine
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.links import LinkLine
from exchange.web.api.problems import Reason
from exchange.web.api.shapes import Answer, Asked, Digest, Long, Made
from exchange.web.streaming import send_part

AnswerT = TypeVar("AnswerT", bound=Answer)


class NewMessage(Asked):
    """A message to begin, from one participant of the case to another."""

    author: UUID
    recipient: UUID
    kind: Kind
    answers: UUID | None = Field(None, description="The message that this one answers.")
    replaces: UUID | None = Field(None, description="The author's earlier message that this one replaces.")
    never_sent: bool = Field(False, description="A letter never to be sent: decided now, and for ever.")
    asks: bool = Field(False, description="One question, in writing: what its author would like to know.")


class Typed(Asked):
    """A typed letter. What was said by phone or in person must be read back before its author agrees to share it."""

    text: Long
    given: Given = Field(Given.PAPER, description="How you were given the words; paper: copied from what they wrote.")


class UploadMade(Answer):
    """What was typed is one upload of the message."""

    upload: UUID


class Sent(Answer):
    """The message's reference, to tell its author."""

    reference: str


class ArrivedFile(Answer):
    """One file of the message. Sizes in bytes."""

    id: UUID
    name: str
    received: int
    size: int | None
    typed: bool
    complete: bool


class Arrived(Answer):
    """What has arrived in this round."""

    uploads: list[ArrivedFile]


class Part(Answer):
    """One part of a version. `facts` say, for instance, how long it runs."""

    name: str
    media_type: str
    size: int
    sha256: str
    facts: dict[str, Any]


class Version(Answer):
    """One safe version, newest first. `change` is what was changed and why, for the team."""

    digest: str
    number: int
    version_code: str
    clean: bool
    made_by: UUID | None
    at: datetime
    change: str
    parts: list[Part]


class Decision(Answer):
    """A facilitator's decision on one version; `reason` for the team."""

    id: UUID
    digest: str | None
    decision: str
    account_id: UUID
    ticks: list[str]
    understood: str | None
    reason: str
    void_at: datetime | None
    at: datetime


class Note(Answer):
    """A note at a place of a version, for the team."""

    id: UUID
    digest: str
    account_id: UUID
    place: dict[str, Any]
    text: str
    at: datetime


class OfferLine(Answer):
    """What the recipient was told, and how."""

    id: UUID
    digest: str
    content_note: str
    told_by: str
    on_acceptance: bool
    at: datetime


class ReleaseLine(Answer):
    """One release and how it ended. `who_is_there` for the team."""

    id: UUID
    digest: str
    way: str
    who_is_there: str
    copy_: str | None = Field(None, serialization_alias="copy")
    ended_at: datetime | None
    at: datetime


class MessageStory(Answer):
    """Where a message stands, and everything but its content."""

    id: UUID
    reference: str
    case_id: UUID
    author_id: UUID
    recipient_id: UUID
    author: str = Field(description="The agreed form of name.")
    recipient: str
    kind: Kind
    never_sent: bool
    asks: bool
    answers_id: UUID | None
    state: State
    state_since: datetime
    relation: Relation
    progress: int
    round: int
    rejected_code: str | None
    rejected_because: str | None
    withdrawn_at: datetime | None
    next_act: str | None = Field(description="What comes next: preview, offer or release.")
    needed: list[Reason] = Field(description="What is still needed before that.")
    possible: list[Event] = Field(description="What can happen to it now.")
    versions: list[Version]
    decisions: list[Decision]
    notes: list[Note]
    consents: list[ConsentLine]
    offers: list[OfferLine]
    releases: list[ReleaseLine]
    links: list[LinkLine]
    concern: ConcernLine | None
    record: list[int] = Field(description="The numbers of its newest entries in the record.")


class PartOf(Asked):
    """Which version (default: the newest), and for which release under way it is opened."""

    digest: Digest | None = None
    release: UUID | None = None


async def begin(call: Call, asked: NewMessage) -> Made:
    """Begin a message for a participant. Then type it or upload files, and finish."""
    made = await intake.begin_message(call.service, call.actor, call.id("case"), **asked.model_dump())
    return Made(id=made)


async def write(call: Call, asked: Typed) -> UploadMade:
    """Put in a typed letter, in place of what was typed before."""
    made = await intake.write_letter(call.service, call.actor, call.id("message"), asked.text, given=asked.given)
    return UploadMade(upload=made)


async def arrived(call: Call) -> Arrived:
    """The files of this round, complete or not."""
    found = await read.uploads_of(call.service, call.actor, call.id("message"))
    return Arrived(uploads=[ArrivedFile(name=one.untrusted_name, **_upload(one)) for one in found])


async def finish(call: Call) -> Sent:
    """Send it: everything has arrived. A worker makes it safe; then it can be reviewed."""
    return Sent(reference=await intake.finish(call.service, call.actor, call.id("message")))


async def put_in_again(call: Call) -> None:
    """Begin the next round of a message that came back or could not be used."""
    await intake.put_in_again(call.service, call.actor, call.id("message"))


async def see(call: Call) -> MessageStory:
    """Where a message stands and what is still needed."""
    return _story(await read.message_view(call.service, call.actor, call.id("message")))


async def erase_message(call: Call) -> None:
    """Erase a message for good (a supervisor). Keys, texts and files go; the record stays."""
    await erase.erase_message(call.service, call.actor, call.id("message"))


async def part(call: Call, asked: PartOf) -> web.StreamResponse:
    """Read one part of a version, whole or by `Range`. It stands in the record before the first byte."""
    opened = await view.open_for_staff(
        call.service,
        call.actor,
        call.id("message"),
        call.word("name"),
        digest=asked.digest,
        release=asked.release,
    )
    return await send_part(call.request, call.service, opened)


def _upload(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("id", "received", "size", "typed", "complete")}


OWN = (
    "id", "reference", "case_id", "author_id", "recipient_id", "kind", "never_sent", "asks", "answers_id", "state",
    "state_since", "progress", "round", "rejected_code", "withdrawn_at",
)  # fmt: skip


def _story(seen: MessageView) -> MessageStory:
    row = seen.message
    because = rejections.SENTENCES.get(row.rejected_code) if row.rejected_code else None
    return MessageStory(
        **{name: getattr(row, name) for name in OWN},
        author=seen.author,
        recipient=seen.recipient,
        relation=seen.relation,
        rejected_because=because,
        next_act=seen.next_act,
        needed=[Reason(condition=reason.condition, code=reason.code, **vars(line)) for reason, line in seen.needed],
        possible=sorted(seen.events),
        versions=[_version(seen, version) for version in seen.revisions],
        decisions=[_with(Decision, one, reason=text) for one, text in seen.reviews],
        notes=[_with(Note, one, text=text) for one, text in seen.notes],
        consents=[ConsentLine.model_validate(one) for one in seen.consents],
        offers=[_with(OfferLine, one, content_note=text) for one, text in seen.offers],
        releases=[_with(ReleaseLine, one, who_is_there=text, copy_=one.copy) for one, text in seen.releases],
        links=[LinkLine.model_validate(one) for one in seen.links],
        concern=ConcernLine.model_validate(seen.concern) if seen.concern else None,
        record=seen.leaves,
    )


def _version(seen: MessageView, row: Any) -> Version:
    parts = [Part.model_validate(one) for one in seen.parts[row.id]]
    return _with(Version, row, change=seen.changes[row.id], parts=parts)


def _with(model: type[AnswerT], row: Any, **words: Any) -> AnswerT:
    """A row with the words that were opened for it."""
    return model.model_validate({**row._mapping, **words})


CONTENT = Permission.CONTENT
ENDPOINTS = [
    Endpoint("POST", "/cases/{case}/messages", begin, Permission.PUT_IN, status=201),
    Endpoint("PUT", "/messages/{message}/letter", write, Permission.PUT_IN),
    Endpoint("GET", "/messages/{message}/uploads", arrived, Permission.PUT_IN),
    Endpoint("POST", "/messages/{message}/finish", finish, Permission.PUT_IN),
    Endpoint("POST", "/messages/{message}/put-in-again", put_in_again, Permission.PUT_IN, status=204),
    Endpoint("GET", "/messages/{message}", see, Permission.CASE_SEE),
    Endpoint("POST", "/messages/{message}/erase", erase_message, Permission.CASE_CLOSE, status=204),
    Endpoint("GET", "/messages/{message}/parts/{name}", part, CONTENT, errors=(405, 409, 416), produces="*/*"),
]
