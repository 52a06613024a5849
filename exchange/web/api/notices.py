"""Notices to participants: what is safe, asking for one with its exact words shown before, stopping one that waits."""

from datetime import datetime, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.core.model import Channel
from exchange.core.notices import SafeHours
from exchange.steps import notices
from exchange.steps.notices import Preview
from exchange.store.notices import Wish
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Line, Made

Day = Annotated[int, Field(ge=0, le=6)]


class SafeNotices(Asked):
    """What a participant says is safe. Days: 0 is Monday; hours of the day, `end` 24 is its end. `none`: no notices."""

    means: Literal["email", "text", "none"]
    address: Line = ""
    days: list[Day] = Field(default_factory=list[Day], max_length=7)
    start: int = Field(9, ge=0, le=23)
    end: int = Field(17, ge=1, le=24)
    words: Line = Field("", description="The id of one of the texts; see GET of the same address.")
    by_itself: bool = False


class Text(Answer):
    """One of the neutral texts, in the participant's language."""

    wording: str
    subject: str
    text: str


class NoticeLine(Answer):
    """One notice: when, by what means, what came of it. No address and no content."""

    id: UUID
    message_id: UUID | None
    link_id: UUID | None
    event: str
    means: str
    state: str
    outcome: str | None
    asked_at: datetime
    due_at: datetime | None
    tried_at: datetime | None


class NoticesStory(Answer):
    """Whether notices are on, and if not every reason; the texts to choose from; what was sent."""

    on: bool
    reasons: list[str]
    means: str | None
    by_itself: bool
    recorded_at: datetime | None
    texts: list[Text]
    notices: list[NoticeLine]


class NoticePreview(Answer):
    """What a notice would say, and from when it would go; or every reason why not."""

    text: Text | None
    reasons: list[str]
    goes_at: datetime | None


async def see(call: Call) -> NoticesStory:
    """A participant's notices. The address is shown with nothing but the safe contact's page."""
    found = await notices.standing(call.service, call.actor, call.id("participant"))
    wish = found.wish
    return NoticesStory(
        on=not found.verdict.reasons,
        reasons=list(found.verdict.reasons),
        means=wish.means if wish else None,
        by_itself=bool(wish and wish.by_itself),
        recorded_at=wish.at if wish else None,
        texts=[Text.model_validate(one) for one in found.texts],
        notices=[NoticeLine.model_validate(row) for row in found.history],
    )


async def record(call: Call, asked: SafeNotices) -> None:
    """Record what a participant says is safe for notices. Without it none are sent."""
    wish = Wish(None)
    if asked.means != "none":
        hours = SafeHours(frozenset(asked.days), time(asked.start), time(asked.end % 24))
        wish = Wish(Channel(asked.means), asked.address, hours, asked.words, asked.by_itself)
    await notices.record_wish(call.service, call.actor, call.id("participant"), wish)


async def preview_link(call: Call) -> NoticePreview:
    """What a notice about this link would say, and whether and when it may go."""
    return _shown(await notices.preview(call.service, call.actor, link=call.id("link")))


async def send_link(call: Call) -> Made:
    """Send a notice that there is this link, now or at the next safe hour."""
    return Made(id=await notices.ask(call.service, call.actor, link=call.id("link")))


async def preview_message(call: Call) -> NoticePreview:
    """The same about a message that was offered (to its recipient) or sent back (to its author)."""
    return _shown(await notices.preview(call.service, call.actor, message=call.id("message")))


async def send_message(call: Call) -> Made:
    """Send a notice about a message that was offered or sent back."""
    return Made(id=await notices.ask(call.service, call.actor, message=call.id("message")))


async def stop(call: Call) -> None:
    """Do not send a notice that still waits."""
    await notices.stop(call.service, call.actor, call.id("notice"))


def _shown(found: Preview) -> NoticePreview:
    text = Text.model_validate(found.words) if found.words else None
    return NoticePreview(text=text, reasons=list(found.verdict.reasons), goes_at=found.verdict.at)


CHANGE = Permission.CASE_CHANGE
ENDPOINTS = [
    Endpoint("GET", "/participants/{participant}/notices", see, CHANGE),
    Endpoint("PUT", "/participants/{participant}/notices", record, CHANGE, status=204),
    Endpoint("GET", "/links/{link}/notice", preview_link, CHANGE),
    Endpoint("POST", "/links/{link}/notice", send_link, CHANGE, status=201),
    Endpoint("GET", "/messages/{message}/notice", preview_message, CHANGE),
    Endpoint("POST", "/messages/{message}/notice", send_message, CHANGE, status=201),
    Endpoint("POST", "/notices/{notice}/stop", stop, CHANGE, status=204),
]
