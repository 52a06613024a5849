"""Post that came back: the code on a reply sheet leads to the case, and to putting the letter in (rule 20)."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.steps import replies
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_

HANDED_ON = frame.notice(
    "reply-handed-on",
    N_("This reply belongs to another team's case. They have been told. Keep it closed until they collect it."),
)


class Code(frame.Form):
    """The code as it stands on the sheet."""

    code: str = Field(min_length=1, max_length=64)
    sentences: ClassVar = {"code": N_("Enter the code that begins with P")}


async def page(request: web.Request) -> web.StreamResponse:
    """Ask for the code."""
    return await _show(request, frame.blank(), 200)


async def find(request: web.Request) -> web.StreamResponse:
    """Begin the answer and go on to its pages; or say that its team knows."""

    async def act(form: Code) -> web.StreamResponse:
        message = await replies.begin_reply(service_of(request), actor_of(request), form.code)
        if message is None:
            return frame.see_other(request, "/post", done=HANDED_ON)
        return frame.see_other(request, f"/messages/{message}/upload?what=scan")

    return await asked(request, Code, _show, act, at="code")


async def _show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    return frame.render(request, "console/post.html", {"form": form}, status=status)


ROUTES = [
    frame.Route("GET", "/post", page, Permission.CASE_OPEN),
    frame.Route("POST", "/post", find, Permission.CASE_OPEN),
]
