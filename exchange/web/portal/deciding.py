"""The recipient decides: accept, not now, no, talk first. No countdown; every answer can be changed (rules 1-6).

Where it may be read in the same sitting, a worker hands the key to this very session after the answer; the
page waits for that and says so.
"""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.errors import BadInput, Refused
from exchange.core.model import ConsentKind, Method, Purpose, Receiving
from exchange.steps import consent, offer, stop
from exchange.steps.consent import Said
from exchange.steps.visit import Visit
from exchange.web import frame
from exchange.web.frame import N_, Route, gettext
from exchange.web.portal.agreeing import Agreeing, words_of
from exchange.web.portal.session import can_read
from exchange.web.portal.visits import Door, onward, service_of, show, visiting

MAY_LEARN = ("offered", "accepted", "opened")
ASKED_TO_TALK = frame.notice("asked-to-talk", N_("Thank you. Your facilitator will get in touch to talk first."))


class Answer(frame.Form):
    """What to do about it."""

    answer: Literal["accept", "not_now", "no", "talk_first"]
    sentences: ClassVar = {"answer": N_("Choose one of the answers")}


class Accepting(Agreeing):
    """How to receive it (rule 3) and what the author may learn (rule 4; nothing unless ticked)."""

    how: Receiving
    learn: list[Literal["offered", "accepted", "opened"]] = Field(default_factory=list)
    sentences: ClassVar = {"how": N_("Choose how you want to receive it"), "learn": N_("Choose one of the answers")}


async def ask(request: web.Request) -> web.Response:
    """GET …/decide."""
    return show(request, "decide.html") if await _stands(request) else _not_ready(request)


async def answered(request: web.Request) -> web.Response:
    """POST …/decide: everything but accepting is recorded at once; accepting asks how first."""
    found = visiting(request, Purpose.DECIDE)
    form = await frame.parse(request, Answer)
    if isinstance(form, frame.ErrorSummary):
        return show(request, "decide.html", form=form, status=422) if await _stands(request) else _not_ready(request)
    if form.answer == "accept":
        return onward(request, "/accept")
    service, message = service_of(request), found.link.message_id
    if form.answer == "talk_first":
        await stop.tell(service, found, kind="talk_first")
        return onward(request, "/decide", ASKED_TO_TALK)
    if form.answer == "not_now":
        await consent.postpone(service, found.actor, found.link.participant_id, message, await _said(request))
        return onward(request, "/answered?said=not-now")
    await consent.record(
        service, found.actor, found.link.participant_id, ConsentKind.RECEIVE, False, await _said(request),
        message_id=message,
    )  # fmt: skip
    return onward(request, "/answered?said=no")


async def accepting(request: web.Request) -> web.Response:
    """GET …/accept: how, what the other person may learn, and the words one agrees to."""
    return await _accepting(request, frame.blank()) if await _stands(request) else _not_ready(request)


async def accept(request: web.Request) -> web.Response:
    """POST …/accept."""
    found = visiting(request, Purpose.DECIDE)
    form = await frame.parse(request, Accepting)
    if isinstance(form, frame.ErrorSummary):
        return await _again(request, form)
    said = Said(Method.LINK, form.wording, form.language, how_to_receive=form.how, author_may_learn=tuple(form.learn))
    person, about = found.link.participant_id, found.link.message_id
    try:
        await consent.record(
            service_of(request), found.actor, person, ConsentKind.RECEIVE, True, said, message_id=about
        )
    except BadInput as error:
        return await _again(request, await frame.entered(request, error, "how"))
    return onward(request, "/moment" if _at_once(found, form.how) else "/answered?said=yes")


async def moment(request: web.Request) -> web.Response:
    """GET …/moment: waits for the worker. Works by its button; with scripts it asks by itself."""
    visiting(request, Purpose.DECIDE)
    ready = await can_read(request)
    if "json" in request.headers.get("Accept", ""):
        words = gettext("Ready.") if ready else gettext("We are preparing it for you. This takes a few seconds.")
        return web.json_response({"state": "ready" if ready else "waiting", "words": words})
    return onward(request, "/before") if ready else show(request, "moment.html")


async def thanks(request: web.Request) -> web.Response:
    """GET …/answered: what was said, and that it can be changed."""
    visiting(request, Purpose.DECIDE)
    said = request.query.get("said", "")
    return show(request, "answered.html", said=said if said in ("yes", "no", "not-now") else "yes")


async def _stands(request: web.Request) -> bool:
    """Whether the offer may be seen at this moment: a hold or a pause hides who and what it is about."""
    try:
        await offer.require_standing(service_of(request), visiting(request, Purpose.DECIDE))
    except Refused:
        return False
    return True


def _not_ready(request: web.Request) -> web.Response:
    """Says nothing of what is there, nor why it is out of sight."""
    return show(request, "not_ready.html")


async def _again(request: web.Request, form: frame.ErrorSummary) -> web.Response:
    return await _accepting(request, form, 422) if await _stands(request) else _not_ready(request)


async def _accepting(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    words = await words_of(request, ConsentKind.RECEIVE)
    return show(request, "accept.html", form=form, words=words, status=status)


async def _said(request: web.Request) -> Said:
    """An answer that needs no words: which would have been shown is noted."""
    words = await words_of(request, ConsentKind.RECEIVE)
    return Said(Method.LINK, words.id, words.language)


def _at_once(found: Visit, how: Receiving) -> bool:
    return bool(found.payload.get("on_acceptance")) and how is Receiving.ALONE


ROUTES = [
    Route("GET", "/s/{session}/decide", ask, Door.PAGE),
    Route("POST", "/s/{session}/decide", answered, Door.PAGE),
    Route("GET", "/s/{session}/accept", accepting, Door.PAGE),
    Route("POST", "/s/{session}/accept", accept, Door.PAGE),
    Route("GET", "/s/{session}/moment", moment, Door.PAGE),
    Route("GET", "/s/{session}/answered", thanks, Door.PAGE),
]
