"""Easy Read: the key pages once more, one idea on a line with a picture beside it, and the same meaning.

A page that has it offers it by a button (a GET changes nothing); the choice lasts as long as the browser is open. A
link for somebody whose recorded access needs name Easy Read (rule 19) begins with it.
"""

from typing import Any, Literal

from aiohttp import web

from exchange.core.errors import BadInput
from exchange.web import frame
from exchange.web.frame import PUBLIC, Route
from exchange.web.frame.rendering import own_path

COOKIE = "easy"
PAGES = frozenset({
    "accept.html", "before.html", "decide.html", "exit_explained.html", "guidance.html", "privacy.html", "start.html",
    "stop.html",
})  # fmt: skip


class Choice(frame.Form):
    """Easy Read or not, and the page to go back to."""

    easy: Literal["yes", "no"]
    back: str = "/"


def page(request: web.Request, template: str, context: dict[str, Any] | None = None, status: int = 200) -> web.Response:
    """A page of the portal, in Easy Read where it has that and the visitor wants it."""
    offered = template in PAGES
    on = offered and frame.private_cookie(request, COOKIE) == "yes"
    folder = "portal/easy" if on else "portal"
    known = {**(context or {}), "easy": {"offered": offered, "on": on}}
    return frame.render(request, f"{folder}/{template}", known, status=status)


def begin(request: web.Request, response: web.Response) -> None:
    """Somebody who needs it has opened a link; a choice that was made in this browser stands."""
    if frame.private_cookie(request, COOKIE) is None:
        frame.set_private_cookie(request, response, COOKIE, "yes")


async def change(request: web.Request) -> web.Response:
    """POST /easy-read: keep the choice until the browser is closed, and go back."""
    form = await frame.parse(request, Choice)
    if isinstance(form, frame.ErrorSummary):
        raise BadInput
    try:
        response = frame.see_other(request, own_path(form.back))
    except ValueError as error:
        raise BadInput from error
    frame.set_private_cookie(request, response, COOKIE, form.easy)
    return response


ROUTES = [Route("POST", "/easy-read", change, PUBLIC)]
