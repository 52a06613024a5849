"""The stop link: pause, withdraw, replace, or ask for a call. It shows nothing, and its answer is always the same."""

from typing import ClassVar, Literal

from aiohttp import web

from exchange.core.errors import Conflict, Refused
from exchange.core.model import Purpose
from exchange.steps import stop
from exchange.web import frame
from exchange.web.frame import N_, Route
from exchange.web.portal.visits import Door, onward, service_of, show, visiting

ANSWER = N_(
    "Done. If it has not been shared, it will not be. If it has, we cannot take it back, and we do not say which."
)


class Wish(frame.Form):
    """What should happen."""

    wish: Literal["pause", "withdraw", "replace", "call"]
    sentences: ClassVar = {"wish": N_("Choose what you want to happen.")}


async def ask(request: web.Request) -> web.Response:
    """GET …/stop."""
    visiting(request, Purpose.STOP)
    return show(request, "stop.html")


async def do(request: web.Request) -> web.Response:
    """POST …/stop: whatever came of it, the answer is the same."""
    found = visiting(request, Purpose.STOP)
    form = await frame.parse(request, Wish)
    if isinstance(form, frame.ErrorSummary):
        return show(request, "stop.html", form=form, status=422)
    try:
        await stop.stop(service_of(request), found, wish=form.wish)
    except (Refused, Conflict):
        await stop.stop(service_of(request), found, wish="call")
    return onward(request, "/stopped")


async def done(request: web.Request) -> web.Response:
    """GET …/stopped: always alike."""
    visiting(request, Purpose.STOP)
    return show(request, "stopped.html", answer=ANSWER)


ROUTES = [
    Route("GET", "/s/{session}/stop", ask, Door.PAGE),
    Route("POST", "/s/{session}/stop", do, Door.PAGE),
    Route("GET", "/s/{session}/stopped", done, Door.PAGE),
]
