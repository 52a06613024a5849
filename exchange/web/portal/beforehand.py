"""What the author says beforehand: share this one message, or not, if they die or nobody can reach them any more."""

from typing import ClassVar, Literal

from aiohttp import web

from exchange.core.errors import BadInput
from exchange.core.model import ConsentKind, Method, Purpose
from exchange.steps import consent, stop
from exchange.steps.consent import Said
from exchange.web import frame
from exchange.web.frame import N_, Route
from exchange.web.portal.agreeing import Agreeing, words_of
from exchange.web.portal.deciding import ASKED_TO_TALK
from exchange.web.portal.visits import Door, onward, service_of, show, visiting

NOTED = frame.notice("beforehand", N_("Thank you. You can change this at any time, here or by ringing us."))


class Answer(Agreeing):
    """Share it then, or not."""

    answer: Literal["share", "do_not_share", "talk_first"]
    sentences: ClassVar = {"answer": N_("Choose one of the answers")}


async def page(request: web.Request) -> web.Response:
    """GET …/beforehand."""
    return await _page(request, frame.blank())


async def answered(request: web.Request) -> web.Response:
    """POST …/beforehand: the newest answer counts."""
    found = visiting(request, Purpose.PREVIEW)
    form = await frame.parse(request, Answer)
    if isinstance(form, frame.ErrorSummary):
        return await _page(request, form, 422)
    service = service_of(request)
    if form.answer == "talk_first":
        await stop.tell(service, found, kind="talk_first")
        return onward(request, "/beforehand", ASKED_TO_TALK)
    kind, given = ConsentKind.SHARE_AFTER, form.answer == "share"
    said = Said(Method.LINK, form.wording, form.language)
    about = found.link.message_id
    try:
        await consent.record(service, found.actor, found.link.participant_id, kind, given, said, message_id=about)
    except BadInput as error:
        return await _page(request, await frame.entered(request, error, "answer"), 422)
    return onward(request, "/beforehand", NOTED)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    visiting(request, Purpose.PREVIEW)
    words = await words_of(request, ConsentKind.SHARE_AFTER)
    return show(request, "beforehand.html", form=form, words=words, status=status)


ROUTES = [
    Route("GET", "/s/{session}/beforehand", page, Door.PAGE),
    Route("POST", "/s/{session}/beforehand", answered, Door.PAGE),
]
