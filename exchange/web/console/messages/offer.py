"""Telling the recipient that something is there: a content note, its kind, a rough length, and no content."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import Channel
from exchange.steps import offer, view
from exchange.store import read
from exchange.store.read import MessageView
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, newest_of, page
from exchange.web.console.messages.links import ChannelName, channel_choices
from exchange.web.console.messages.page import needed_of
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_
from exchange.web.lengths import rough

OFFERED = frame.notice("offered", N_("Recorded: it is offered. Next, they decide in their own time."))


class Offer(frame.Form):
    """What the recipient is told."""

    content_note: str = Field(max_length=1000)
    length: str = Field(default="", max_length=100)
    asks: Literal["link", "self"]
    channel: ChannelName | None = None
    at_once: list[Literal["yes"]] = Field(default_factory=list)
    sentences: ClassVar = {
        "content_note": N_("Write what it is about, and what may be hard to read or hear"),
        "asks": N_("Choose how you ask them"),
        "channel": N_("Choose how you give them the link"),
    }


async def offer_page(request: web.Request) -> web.StreamResponse:
    """The form, with the rough length filled in."""
    return await _show(request, None, 200)


async def make(request: web.Request) -> web.StreamResponse:
    """Offer it; by link, show the link."""

    async def act(form: Offer) -> web.StreamResponse:
        if form.asks == "link" and form.channel is None:
            again = await frame.entered(request, _no_channel())
            return await _show(request, again, 422)
        told_by = Channel(form.channel) if form.asks == "link" and form.channel else Channel.IN_PERSON
        terms = offer.Terms(
            form.content_note, told_by, form.length, on_acceptance=bool(form.at_once), by_link=form.asks == "link"
        )
        message = id_of(request, "message")
        made = await offer.make_offer(service_of(request), actor_of(request), message, terms)
        path = f"/links/{made.id}" if made else f"/messages/{message}"
        return frame.see_other(request, path, done=OFFERED)

    return await asked(request, Offer, _show, act, at="content_note")


def _no_channel() -> BadInput:
    return BadInput(str(Offer.sentences["channel"]), field="channel")


async def _show(request: web.Request, form: frame.ErrorSummary | None, status: int) -> web.Response:
    found = await message_of(request)
    form = frame.blank(length=_length(found)) if form is None else form
    person = await read.person_view(service_of(request), actor_of(request), found.message.recipient_id)
    code = person.code_agreed
    return page(
        request, "offer", found, form, status=status, version=newest_of(found), person=person,
        at_once=offer.may_read_at_once(person.person, found.known),
        channels=channel_choices(code.agreed_how if code else None), needed=needed_of(found),
    )  # fmt: skip


def _length(found: MessageView) -> str:
    """The rough length of the newest version, in words."""
    return rough([part for part in found.parts[newest_of(found).id] if view.is_shown(part)])


ROUTES = [
    frame.Route("GET", "/messages/{message}/offer", offer_page, Permission.OFFER),
    frame.Route("POST", "/messages/{message}/offer", make, Permission.OFFER),
]
