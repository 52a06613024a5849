"""What came back: what the author is asked to change, to read and perhaps to hear, before going on (rule 7)."""

from aiohttp import web

from exchange.core.errors import NotFound, Refused
from exchange.core.model import Purpose
from exchange.steps import again, hearing
from exchange.steps.rejections import SENTENCES
from exchange.steps.visit import Visit
from exchange.web.frame import Route, gettext
from exchange.web.portal.visits import Door, onward, service_of, show, visiting
from exchange.web.portal.writing import visiting_to_write
from exchange.web.streaming import send_part


async def changes(request: web.Request) -> web.Response:
    """GET …/changes."""
    found = visiting_to_write(request)
    if not came_back(found):
        return onward(request, "/guidance")
    try:
        await again.require_standing(service_of(request), found)
    except Refused:
        return show(request, "not_ready.html")
    return show(request, "changes.html", reason=_reason(found), heard="spoken" in found.payload)


async def hear(request: web.Request) -> web.StreamResponse:
    """GET …/spoken: the reason in the facilitator's own voice, with ranges."""
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    found = visiting(request, Purpose.SUBMIT)
    if not came_back(found):
        raise NotFound
    service = service_of(request)
    return await send_part(request, service, await hearing.open_for_author(service, found))


def came_back(found: Visit) -> bool:
    """Whether this link is for changing something."""
    return "reason" in found.payload or "rejected" in found.payload


def _reason(found: Visit) -> str:
    """The facilitator's words as they are, or ours for what could not be used."""
    code = found.payload.get("rejected")
    return gettext(SENTENCES[code]) if code in SENTENCES else str(found.payload.get("reason", ""))


ROUTES = [
    Route("GET", "/s/{session}/changes", changes, Door.PAGE),
    Route("GET", "/s/{session}/spoken", hear, Door.BYTES),
]
