"""Links to give out: an invitation to write or record, the author's preview, and the page that shows a link."""

from collections.abc import Awaitable, Callable
from typing import ClassVar, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.model import Channel, Purpose
from exchange.core.thread import HANDED
from exchange.steps import again, links, settings, spoken, stop
from exchange.steps.links import NewLink
from exchange.store import read
from exchange.store.read import CaseView, LinkView, reach_one_device
from exchange.web import frame
from exchange.web.console.asking import Show, asked
from exchange.web.console.messages import words
from exchange.web.console.messages.about import message_of, newest_of, page
from exchange.web.console.messages.between import people_of, recipient_of
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import KINDS, QUESTION, choices, kind_of, said
from exchange.web.frame import N_, gettext

ChannelName = Literal["email", "text", "phone", "in_person", "post", "print"]
REVOKED = frame.notice("link-revoked", N_("The link is taken back. It opens nothing any more."))
ONE = N_("One short question: what they would like to know. They answer when they are ready, or not at all.")
HOW_TO_GIVE = N_("Choose how you give them the link")


class Invitation(frame.Form):
    """Who is invited to put something in, for whom, and by what way the link goes."""

    author: UUID
    recipient: UUID | None = None  # with two people in the case, the other one
    kind: Literal["letter", "audio", "video", "question"]
    channel: ChannelName
    never_sent: list[Literal["yes"]] = Field(default_factory=list)
    answers: UUID | None = None
    sentences: ClassVar = {
        "author": N_("Choose whom you invite"),
        "kind": N_("Choose what it will be"),
        "channel": HOW_TO_GIVE,
    }


class Preview(frame.Form):
    """By what way the author's link goes: to see it, or to stop it."""

    channel: ChannelName
    sentences: ClassVar = {"channel": HOW_TO_GIVE}


async def invite_page(request: web.Request) -> web.StreamResponse:
    """Whom, for whom, what, how."""
    return await _show_invite(
        request, frame.blank(author=request.query.get("author"), answers=request.query.get("answers")), 200
    )


async def invite(request: web.Request) -> web.StreamResponse:
    """Make the link and show it."""

    async def act(form: Invitation) -> web.StreamResponse:
        service, actor = service_of(request), actor_of(request)
        recipient = await recipient_of(request, form.author, form.recipient)
        channel, never_sent = Channel(form.channel), bool(form.never_sent)
        asks = form.kind == "question"
        kind = "letter" if asks else form.kind
        made = await links.invite(
            service, actor, form.author, recipient, channel=channel, kind=kind, never_sent=never_sent, asks=asks,
            answers=form.answers,
        )  # fmt: skip
        return frame.see_other(request, f"/links/{made.id}")

    return await asked(request, Invitation, _show_invite, act, at="author")


async def preview_page(request: web.Request) -> web.StreamResponse:
    """The author's preview: how does the link go?"""
    return await _show_preview(request, frame.blank(), 200)


async def preview(request: web.Request) -> web.StreamResponse:
    """Make the link and show it."""
    return await _make(request, links.preview_link, _show_preview)


async def stop_page(request: web.Request) -> web.StreamResponse:
    """A new link for stopping: how does it go?"""
    return await _show_stop(request, frame.blank(), 200)


async def stop_link(request: web.Request) -> web.StreamResponse:
    """Make the link and show it."""
    return await _make(request, stop.renew, _show_stop)


async def again_page(request: web.Request) -> web.StreamResponse:
    """A link for changing what came back, or for replacing what was sent: how does it go?"""
    return await _show_again(request, frame.blank(), 200)


async def revise_link(request: web.Request) -> web.StreamResponse:
    """Make the link and show it."""
    return await _make(request, again.revise_link, _show_again)


async def replace_link(request: web.Request) -> web.StreamResponse:
    """Make the link and show it."""
    return await _make(request, again.replace_link, _show_again)


async def _make(request: web.Request, step: Callable[..., Awaitable[NewLink]], show: Show) -> web.StreamResponse:
    """A link about this message by one of the steps, then the page that shows it."""

    async def act(form: Preview) -> web.StreamResponse:
        service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
        made = await step(service, actor, message, channel=Channel(form.channel))
        return frame.see_other(request, f"/links/{made.id}")

    return await asked(request, Preview, show, act, at="channel")


async def link_page(request: web.Request) -> web.StreamResponse:
    """The link to copy and as a QR code, until it was opened. Showing it is recorded."""
    service, actor, link = service_of(request), actor_of(request), id_of(request, "link")
    found = await read.link_view(service, actor, link)
    address = ""
    if found.link.state == "live":
        secret = await links.show_secret(service, actor, link)
        address = f"{await settings.portal_address(service)}/l#{secret}"
    return frame.render(request, "console/messages/link.html", _context(found, address))


async def revoke(request: web.Request) -> web.StreamResponse:
    """Take one link back that is not for reading."""
    service, actor, link = service_of(request), actor_of(request), id_of(request, "link")
    found = await read.link_view(service, actor, link)
    await links.revoke(service, actor, link)
    return frame.see_other(request, f"/cases/{found.link.case_id}", done=REVOKED)


def _answerable(case: CaseView) -> list[tuple[str, ...]]:
    """What has been handed over, the newest first: who is invited can answer what they were handed."""
    handed = [row for row in reversed(case.messages) if row.state in HANDED and not row.never_sent]
    told = gettext("From %(sender)s to %(recipient)s")
    return [
        (
            str(row.id),
            f"{kind_of(row)} {row.reference}",
            told % {"sender": case.forms[row.author_id], "recipient": case.forms[row.recipient_id]},
        )
        for row in handed
    ]


def channel_choices(code_channel: str | None) -> list[tuple[str, ...]]:
    """The ways of a link, each that reaches the same device as the code with a warning."""
    warning = gettext("Their code went the same way. Choose another one.")
    return [
        (channel, label, warning) if reach_one_device(channel, code_channel) else (channel, label)
        for channel, label in choices(words.LINK_CHANNELS)
    ]


def _context(found: LinkView, address: str) -> dict[str, object]:
    message = found.link.message_id
    back = f"/messages/{message}" if message else f"/cases/{found.link.case_id}"
    return {
        "found": found,
        "link": found.link,
        "address": address,
        "back": back,
        "words": words,
        "said": said,
        "purpose": said(words.PURPOSES, found.link.purpose),
        "reading": found.link.purpose in (Purpose.VIEW, Purpose.DECIDE),
        "by": said(words.LINK_CHANNELS, found.link.channel),
        "code_by": said(words.LINK_CHANNELS, found.link.code_channel),
    }


async def _show_invite(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    case = await read.case_view(service_of(request), actor_of(request), id_of(request, "case"))
    context = {
        "form": form,
        "case": case,
        "people": people_of(case),
        "kinds": [*choices(KINDS), ("question", gettext(QUESTION), gettext(ONE))],
        "answerable": _answerable(case),
        "channels": choices(words.LINK_CHANNELS),
    }
    return frame.render(request, "console/messages/invite.html", context, status=status)


async def _show_stop(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    person = await read.person_view(service_of(request), actor_of(request), found.message.author_id)
    code = person.code_agreed
    return page(
        request, "stop_link", found, form, status=status, person=person,
        channels=channel_choices(code.agreed_how if code else None),
    )  # fmt: skip


async def _show_again(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    """The form of both links; which of them, its address says."""
    found = await message_of(request)
    person = await read.person_view(service_of(request), actor_of(request), found.message.author_id)
    code, place = person.code_agreed, request.path.rsplit("/", 1)[1]
    heard = await spoken.newest(service_of(request), actor_of(request), found.message.id)
    return page(
        request, "again_link", found, form, status=status, person=person, place=place, heard=heard,
        channels=channel_choices(code.agreed_how if code else None),
    )  # fmt: skip


async def _show_preview(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    person = await read.person_view(service_of(request), actor_of(request), found.message.author_id)
    code = person.code_agreed
    return page(
        request, "preview_link", found, form, status=status, version=newest_of(found), person=person,
        channels=channel_choices(code.agreed_how if code else None),
    )  # fmt: skip


ROUTES = [
    frame.Route("GET", "/cases/{case}/invite", invite_page, Permission.PUT_IN),
    frame.Route("POST", "/cases/{case}/invite", invite, Permission.PUT_IN),
    frame.Route("GET", "/messages/{message}/preview-link", preview_page, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/preview-link", preview, Permission.CONSENT),
    frame.Route("GET", "/messages/{message}/stop-link", stop_page, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/stop-link", stop_link, Permission.CONSENT),
    frame.Route("GET", "/messages/{message}/revise-link", again_page, Permission.PUT_IN),
    frame.Route("POST", "/messages/{message}/revise-link", revise_link, Permission.PUT_IN),
    frame.Route("GET", "/messages/{message}/replace-link", again_page, Permission.PUT_IN),
    frame.Route("POST", "/messages/{message}/replace-link", replace_link, Permission.PUT_IN),
    frame.Route("GET", "/links/{link}", link_page, Permission.CASE_CHANGE),
    frame.Route("POST", "/links/{link}/revoke", revoke, Permission.REVOKE),
]
