"""A session's frame: where it leads, "is this for me", Exit, the locked page."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.errors import BadInput, ExchangeError, LinkDead, NotAllowed, SignInNeeded, WaitAWhile
from exchange.core.model import Purpose
from exchange.steps import draft, view, visit
from exchange.web import frame
from exchange.web.frame import N_, PUBLIC, Csrf, Route
from exchange.web.frame.forms import form_of
from exchange.web.portal.keeping import open_text
from exchange.web.portal.landing import dead
from exchange.web.portal.visits import VISIT, Door, cookie_of, onward, service_of, session_id, show

FIRST_PAGE = {
    Purpose.VIEW: "/before",
    Purpose.PREVIEW: "/preview",
    Purpose.DECIDE: "/decide",
    Purpose.SUBMIT: "/guidance",
    Purpose.STOP: "/stop",
}


class ForMe(frame.Form):
    """Is this for me?"""

    answer: Literal["me", "not_me"]
    sentences: ClassVar = {"answer": N_("Choose one of the answers")}


class Code(frame.Form):
    """The code, to go on."""

    code: str = Field(max_length=200)
    kept: str = ""
    sentences: ClassVar = {"code": N_("Enter the code that you agreed with us")}


async def start(request: web.Request) -> web.Response:
    """GET /s/{session}: to the page that comes next."""
    found = request[VISIT]
    if found.purpose is Purpose.STOP:
        return onward(request, "/stop")
    if found.is_me is None:
        return onward(request, "/me")
    if found.purpose is Purpose.SUBMIT and "receipt" in found.payload:
        return onward(request, "/receipt")
    if found.purpose is Purpose.DECIDE and await can_read(request):
        return onward(request, "/before")
    if found.purpose is Purpose.SUBMIT and ("reason" in found.payload or "rejected" in found.payload):
        return onward(request, "/changes")
    return onward(request, FIRST_PAGE[found.purpose])


async def can_read(request: web.Request) -> bool:
    """Whether there is something on this visit's shelf right now."""
    try:
        await view.shelf(service_of(request), request[VISIT])
    except ExchangeError:
        return False
    return True


async def for_me(request: web.Request) -> web.Response:
    """GET /s/{session}/me: the form of name, nothing else."""
    return show(request, "for_me.html")


async def said_for_me(request: web.Request) -> web.Response:
    """POST: yes goes on; no ends everything of this link at once."""
    form = await frame.parse(request, ForMe)
    if isinstance(form, frame.ErrorSummary):
        return show(request, "for_me.html", form=form, status=422)
    await visit.is_for_me(service_of(request), request[VISIT], form.answer == "me")
    if form.answer == "me":
        return onward(request)
    return frame.see_other(request, "/not-for-me")


async def not_for_me(request: web.Request) -> web.Response:
    """GET /not-for-me: thanks, and nothing about whose it was."""
    return frame.render(request, "portal/not_for_me.html")


async def locked(request: web.Request) -> web.Response:
    """GET /s/{session}/locked: the code, nothing else."""
    return locked_page(request, frame.blank())


async def unlock(request: web.Request) -> web.Response:
    """POST: the code opens the session again; what was typed meanwhile is kept."""
    session = session_id(request)
    form = await frame.parse(request, Code)
    if isinstance(form, frame.ErrorSummary):
        return locked_page(request, form, 422, kept=form.value("kept"))
    try:
        await visit.unlock(service_of(request), cookie_of(request), session, form.code)
    except (SignInNeeded, LinkDead):
        return dead(request)
    except (BadInput, WaitAWhile) as error:
        return locked_page(request, frame.blank().add("code", str(error)), error.status, kept=form.kept)
    return frame.see_other(request, f"/s/{session}" + await _keep_typed(request, form.kept))


async def _keep_typed(request: web.Request, untrusted_kept: str) -> str:
    """Save what the locked page carried; the page to go on with."""
    cookie, session = cookie_of(request), session_id(request)
    text = open_text(cookie, session, untrusted_kept) if cookie and untrusted_kept else None
    if text is None:
        return ""
    found = await visit.load(service_of(request), cookie, session)
    if found.purpose is not Purpose.SUBMIT:
        return ""
    await draft.save(service_of(request), found, text)
    return "/write"


def locked_page(request: web.Request, form: frame.ErrorSummary, status: int = 200, *, kept: str = "") -> web.Response:
    """The locked page. `kept` is a sealed text it carries."""
    context = {"form": form, "here": f"/s/{session_id(request)}", "kept": kept}
    return frame.render(request, "portal/locked.html", context, status=status)


async def leave(request: web.Request) -> web.Response:
    """POST /exit: lock every session of this browser and go to the neutral page.

    Leaving always works, also from the dead-link page, which carries no token; locking asks for the token or
    for the browser's own word that it was our page.
    """
    cookie = cookie_of(request)
    if cookie and await _from_our_page(request):
        await visit.lock_all(service_of(request), cookie)
    return frame.leave(request)


async def _from_our_page(request: web.Request) -> bool:
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    try:
        frame.require_token(request, (await form_of(request)).get("csrf", ""))
    except NotAllowed:
        return False
    return True


ROUTES = [
    Route("GET", "/s/{session}", start, Door.PAGE),
    Route("GET", "/s/{session}/me", for_me, Door.PAGE),
    Route("POST", "/s/{session}/me", said_for_me, Door.PAGE),
    Route("GET", "/not-for-me", not_for_me, PUBLIC),
    Route("GET", "/s/{session}/locked", locked, PUBLIC),
    Route("POST", "/s/{session}/locked", unlock, PUBLIC),
    Route("POST", "/exit", leave, PUBLIC, csrf=Csrf.HANDLER),
]
