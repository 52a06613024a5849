"""Handing over: by link, with me, or printed. Taking it back, and what was seen when it reached the wrong person."""

from datetime import datetime
from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import Channel, Event, State
from exchange.steps import release, settings
from exchange.store import read
from exchange.store.read import MessageView, PersonView
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.messages.links import HOW_TO_GIVE, ChannelName, channel_choices
from exchange.web.console.messages.page import needed_of
from exchange.web.console.messages.words import PART_NAMES
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import said
from exchange.web.frame import N_, gettext
from exchange.web.frame.state import SITE

TAKEN_BACK = frame.notice("taken-back", N_("Taken back. Nobody can read it now. A new link is one step."))
WITH_LINK_OUT = frozenset({State.RELEASED, State.OPENED, State.LAPSED})


class HandOver(frame.Form):
    """One of the three ways, with what it needs."""

    way: Literal["link", "with_me", "printed"]
    channel: ChannelName | None = None
    who_is_there: str = Field(default="", max_length=500)
    sentences: ClassVar = {"way": N_("Choose how you hand it over"), "channel": HOW_TO_GIVE}


class TakeBack(frame.Form):
    """Why it is taken back."""

    why: Literal["wrong_person", "other"]
    sentences: ClassVar = {"why": N_("Choose why you take it back")}


async def hand_over_page(request: web.Request) -> web.StreamResponse:
    """The three ways, with their warnings; custody has paper as its default."""
    return await _show(request, None, 200)


async def hand_over(request: web.Request) -> web.StreamResponse:
    """Release it in the chosen way. The step asks for a fresh second factor, and the gate."""

    async def act(form: HandOver) -> web.StreamResponse:
        service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
        if form.way == "link":
            if form.channel is None:
                raise BadInput(HOW_TO_GIVE, field="channel")
            made = await release.release_by_link(service, actor, message, channel=Channel(form.channel))
            return frame.see_other(request, f"/links/{made.id}")
        if form.way == "with_me":
            shown = await release.present(service, actor, message, who_is_there=form.who_is_there)
            return frame.see_other(request, f"/messages/{message}/present/{shown}")
        printed = await release.print_pack(service, actor, message)
        return frame.see_other(request, f"/messages/{message}/print/{printed}")

    return await asked(request, HandOver, _show, act, at="way")


async def revoke_page(request: web.Request) -> web.StreamResponse:
    """Taking the reading back."""
    return await _show_revoke(request, frame.blank(), 200)


async def revoke(request: web.Request) -> web.StreamResponse:
    """Take it back now; for a wrong person, list what was seen."""

    async def act(form: TakeBack) -> web.StreamResponse:
        message, wrong = id_of(request, "message"), form.why == "wrong_person"
        seen = await release.revoke(service_of(request), actor_of(request), message, wrong_person=wrong)
        if not wrong:
            return frame.see_other(request, f"/messages/{message}", done=TAKEN_BACK)
        listed = [{"words": _part(one.part), "at": one.at} for one in seen]
        return page(request, "wrong_person", await message_of(request), seen=listed)

    return await asked(request, TakeBack, _show_revoke, act, at="why")


async def _show(request: web.Request, form: frame.ErrorSummary | None, status: int) -> web.Response:
    found = await message_of(request)
    person = await _recipient(request, found)
    if form is None:
        form = frame.blank(way="link" if _link_only(found) else "printed" if person.person.custody else None)
    code = person.code_agreed
    hours = (await settings.read(service_of(request))).hours
    closed = hours.before_closed_day(datetime.now(request.app[SITE].zone))
    return page(
        request, "hand_over", found, form, status=status, person=person, closed_tomorrow=closed,
        needs=person.needs, missing_support=found.known.recipient.missing_support, needed=needed_of(found),
        channels=channel_choices(code.agreed_how if code else None), code=code, link_only=_link_only(found),
        asked_for=_asked_for(found), is_new=found.message.state in WITH_LINK_OUT,
    )  # fmt: skip


async def _show_revoke(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    return page(request, "revoke", found, form, status=status, possible=Event.LINK_GONE in found.events)


async def _recipient(request: web.Request, found: MessageView) -> PersonView:
    return await read.person_view(service_of(request), actor_of(request), found.message.recipient_id)


def _link_only(found: MessageView) -> bool:
    """While somebody may still read it by link, only a new link is one step."""
    return found.message.state in (State.RELEASED, State.OPENED)


def _asked_for(found: MessageView) -> str:
    """How the recipient wished to receive it, as their newest yes says."""
    newest = next((c for c in found.consents if c.kind == "receive" and c.given), None)
    return newest.detail.get("how_to_receive", "") if newest else ""


def _part(name: str) -> str:
    if name.startswith("page-"):
        return gettext("Page %(number)s") % {"number": int(name.removeprefix("page-"))}
    return said(PART_NAMES, name.split("-", maxsplit=1)[0])


ROUTES = [
    frame.Route("GET", "/messages/{message}/hand-over", hand_over_page, Permission.RELEASE),
    frame.Route("POST", "/messages/{message}/hand-over", hand_over, Permission.RELEASE),
    frame.Route("GET", "/messages/{message}/revoke", revoke_page, Permission.REVOKE),
    frame.Route("POST", "/messages/{message}/revoke", revoke, Permission.REVOKE),
]
