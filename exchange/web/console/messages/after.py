"""If the author dies or cannot be reached: what they say beforehand about one message, and a supervisor's approval."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.gate import GONE
from exchange.core.model import ConsentKind, Method
from exchange.steps import consent, gone, wordings
from exchange.steps.consent import Said
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, newest_of, page
from exchange.web.console.messages.consents import METHOD_CHOICES
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import choices
from exchange.web.frame import N_
from exchange.web.frame.i18n import current_language

SAID = frame.notice("said-beforehand", N_("Recorded. They can change this at any time."))
APPROVED = frame.notice("approved-after", N_("Approved. What else is needed stands on this page."))


class Beforehand(frame.Form):
    """Share it or not, if they die or cannot be reached."""

    wording: str
    language: str = Field(default="", max_length=5)
    given: Literal["yes", "no"]
    method: Literal["in_person", "phone", "writing", "paper"]
    note: str = Field(default="", max_length=4000)
    sentences: ClassVar = {
        "given": N_("Choose what the author decided"),
        "method": N_("Choose how they told you"),
    }


class Approval(frame.Form):
    """Which version, and why it is right to share it now."""

    digest: str = Field(max_length=64)
    reason: str = Field(max_length=4000)
    sentences: ClassVar = {"reason": N_("Write why it is right to share it now.")}


async def beforehand_page(request: web.Request) -> web.StreamResponse:
    """The words to read out, and what they say."""
    return await _beforehand(request, frame.blank(), 200)


async def beforehand(request: web.Request) -> web.StreamResponse:
    """Record it; the newest answer counts."""

    async def act(form: Beforehand) -> web.StreamResponse:
        found = await message_of(request)
        service, actor, message = service_of(request), actor_of(request), found.message
        said = Said(Method(form.method), form.wording, form.language, form.note)
        given = form.given == "yes"
        kind = ConsentKind.SHARE_AFTER
        await consent.record(service, actor, message.author_id, kind, given, said, message_id=message.id)
        return frame.see_other(request, f"/messages/{message.id}", done=SAID)

    return await asked(request, Beforehand, _beforehand, act, at="given")


async def approval_page(request: web.Request) -> web.StreamResponse:
    """What they said beforehand, and the supervisor's decision."""
    return await _approval(request, frame.blank(), 200)


async def approve(request: web.Request) -> web.StreamResponse:
    """Approve it, by somebody who has not done so before."""

    async def act(form: Approval) -> web.StreamResponse:
        service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
        await gone.approve(service, actor, message, form.digest, reason=form.reason)
        return frame.see_other(request, f"/messages/{message}", done=APPROVED)

    return await asked(request, Approval, _approval, act, at="reason")


async def _beforehand(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    said = next((row for row in found.consents if row.kind == ConsentKind.SHARE_AFTER), None)
    text = await wordings.in_use(service_of(request), ConsentKind.SHARE_AFTER, current_language())
    return page(
        request, "consent_after", found, form, status=status, text=text, said=said, methods=choices(METHOD_CHOICES)
    )


async def _approval(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    said = next((row for row in found.consents if row.kind == ConsentKind.SHARE_AFTER), None)
    is_gone = found.known.author.status in GONE
    return page(request, "after", found, form, status=status, version=newest_of(found), said=said, is_gone=is_gone)


ROUTES = [
    frame.Route("GET", "/messages/{message}/consent/after", beforehand_page, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/consent/after", beforehand, Permission.CONSENT),
    frame.Route("GET", "/messages/{message}/after", approval_page, Permission.FACT_SUPERVISED),
    frame.Route("POST", "/messages/{message}/after", approve, Permission.FACT_SUPERVISED),
]
