"""What two people agreed about writing, the question that is answered, and what passed between them so far."""

from typing import Any, ClassVar, Literal

from aiohttp import web

from exchange.core.errors import Conflict, ExchangeError
from exchange.core.ground_rules import from_plain
from exchange.core.model import Purpose
from exchange.steps import agreeing, stop, view
from exchange.steps.own_thread import own_thread
from exchange.steps.visit import Visit
from exchange.web import frame
from exchange.web.frame import N_, Route
from exchange.web.frame.i18n import current_language
from exchange.web.portal.deciding import ASKED_TO_TALK
from exchange.web.portal.reading import contents
from exchange.web.portal.visits import Door, onward, service_of, show, visiting

SEEN_BY = (Purpose.SUBMIT, Purpose.VIEW, Purpose.DECIDE, Purpose.PREVIEW)


class Answer(frame.Form):
    """Agree to the ground rules, or talk first."""

    answer: Literal["agree", "talk_first"]
    sentences: ClassVar = {"answer": N_("Choose one of the answers")}


async def page(request: web.Request) -> web.Response:
    """GET …/rules: the ground rules, and whether one agrees."""
    return await _page(request, frame.blank())


async def answered(request: web.Request) -> web.Response:
    """POST …/rules."""
    found = visiting(request, Purpose.SUBMIT)
    form = await frame.parse(request, Answer)
    if isinstance(form, frame.ErrorSummary):
        return await _page(request, form, 422)
    if form.answer == "talk_first":
        await stop.tell(service_of(request), found, kind="talk_first")
        return onward(request, "/rules", ASKED_TO_TALK)
    try:
        await agreeing.agree(service_of(request), found, current_language())
    except Conflict as error:
        return await _page(request, frame.blank().add("", str(error)), 409)
    return onward(request, "/guidance")


async def must_agree(request: web.Request, found: Visit) -> None:
    """On to the ground rules, unless this person has agreed to them as they stand; nobody needs that to write for
    themselves."""
    if not found.payload.get("never_sent") and not (await agreeing.standing(service_of(request), found)).agreed:
        raise web.HTTPSeeOther(f"/s/{found.id}/rules")


async def beside(request: web.Request, found: Visit) -> dict[str, Any]:
    """What stands above a page where somebody writes: the rules that they agreed to, and the question they answer."""
    return {"rules": _rules(found), "question": await _question(request, found)}


async def thread(request: web.Request) -> web.Response:
    """GET …/thread: what passed so far."""
    found = visiting(request, *SEEN_BY)
    return show(request, "thread.html", entries=await own_thread(service_of(request), found))


async def _question(request: web.Request, found: Visit) -> dict[str, Any] | None:
    """The question, if the gate shows it at this moment. A HEAD opens nothing."""
    if "answers" not in found.payload or request.method == "HEAD":
        return None
    try:
        shelf = await view.shelf(service_of(request), found)
        return await contents(request, shelf)
    except ExchangeError:
        return None


def _rules(found: Visit) -> tuple[str, tuple[str, ...]] | None:
    carried = found.payload.get("rules")
    return from_plain(carried).shown(current_language()) if carried else None


async def _page(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    found = visiting(request, Purpose.SUBMIT)
    standing = await agreeing.standing(service_of(request), found)
    return show(request, "rules.html", form=form, status=status, standing=standing, rules=_rules(found))


ROUTES = [
    Route("GET", "/s/{session}/rules", page, Door.PAGE),
    Route("POST", "/s/{session}/rules", answered, Door.PAGE),
    Route("GET", "/s/{session}/thread", thread, Door.PAGE),
]
