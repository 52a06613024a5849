"""What would be shared: the author sees exactly the approved version and agrees, does not, or talks first."""

from typing import ClassVar, Literal

from aiohttp import web

from exchange.core.errors import BadInput
from exchange.core.model import ConsentKind, Method, Purpose
from exchange.steps import consent, stop, view
from exchange.steps.consent import Said
from exchange.web import frame
from exchange.web.frame import N_, Route
from exchange.web.portal.agreeing import Agreeing, words_of
from exchange.web.portal.deciding import ASKED_TO_TALK
from exchange.web.portal.reading import contents
from exchange.web.portal.visits import Door, onward, service_of, show, visiting
from exchange.web.taken_out import told

ASKED_FOR_TRANSLATION = frame.notice(
    "asked-for-translation",
    N_(
        "Nothing was shared. Your facilitator makes a version with only the translation. You see it and decide before "
        "anybody gets it."
    ),
)


class Share(Agreeing):
    """Share exactly this, or not."""

    answer: Literal["share", "do_not_share", "talk_first", "only_translation"]
    sentences: ClassVar = {"answer": N_("Choose one of the answers")}


async def preview(request: web.Request) -> web.Response:
    """GET …/preview."""
    if request.method == "HEAD":
        return web.Response()
    return await _preview(request, frame.blank())


async def decide(request: web.Request) -> web.Response:
    """POST …/preview: the consent names the version that this link showed."""
    found = visiting(request, Purpose.PREVIEW)
    form = await frame.parse(request, Share)
    if isinstance(form, frame.ErrorSummary):
        return await _preview(request, form, 422)
    service, person = service_of(request), found.link.participant_id
    if form.answer == "talk_first":
        await stop.tell(service, found, kind="talk_first")
        return onward(request, "/preview", ASKED_TO_TALK)
    said = Said(Method.LINK, form.wording, form.language)
    only = form.answer == "only_translation"
    if only and not _may_leave_out(await view.shelf(service, found)):
        return await _preview(request, frame.blank(), 422)
    share = form.answer == "share"
    about = {"message_id": found.link.message_id, "digest": found.payload["digest"]}
    try:
        await consent.record(service, found.actor, person, ConsentKind.SHARE, share, said, **about)
    except BadInput as error:
        return await _preview(request, await frame.entered(request, error, "answer"), 422)
    if only:  # the version with both is not shared; the team makes the other one
        await stop.tell(service, found, kind="only_translation")
        return onward(request, "/preview", ASKED_FOR_TRANSLATION)
    return onward(request, "/shared?said=" + ("yes" if share else "no"))


def _may_leave_out(shelf: view.Shelf) -> bool:
    return view.has_translation(shelf.parts) and not shelf.alone


async def thanks(request: web.Request) -> web.Response:
    """GET …/shared: what was said, what happens next."""
    visiting(request, Purpose.PREVIEW)
    return show(request, "shared.html", said="yes" if request.query.get("said") == "yes" else "no")


async def _preview(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    found = visiting(request, Purpose.PREVIEW)
    shelf = await view.shelf(service_of(request), found)
    words = await words_of(request, ConsentKind.SHARE)
    context = await contents(request, shelf)
    context |= {"alone": shelf.alone, "may_leave_out": _may_leave_out(shelf)}
    context["taken_out"] = told(found.payload.get("edits", []))
    return show(request, "preview.html", form=form, words=words, status=status, pages_shown=True, **context)


ROUTES = [
    Route("GET", "/s/{session}/preview", preview, Door.PAGE),
    Route("POST", "/s/{session}/preview", decide, Door.PAGE),
    Route("GET", "/s/{session}/shared", thanks, Door.PAGE),
]
