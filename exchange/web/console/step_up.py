"""Confirming with the second factor once more, without losing what was entered.

Where a step needs it, the page that asks for the code carries the whole form along and sends it to the same
address with the code beside it: right code, and the form goes on as if nothing had happened.
"""

from urllib.parse import urlencode

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import BadInput, StepUpNeeded, WaitAWhile
from exchange.steps import demo_code, sessions
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.session import SESSION, service_of
from exchange.web.frame.csrf import FIELD
from exchange.web.frame.problems import wants_json
from exchange.web.frame.rendering import own_path
from exchange.web.frame.routing import Handler
from exchange.web.frame.state import FORM

CODE = "step_up_code"
CONFIRMED = frame.notice("step-up", frame.N_("Thank you. This counts for the next five minutes."))


class Code(frame.Form):
    """The code, and the page to go back to."""

    code: str
    to: str = "/"
    sentences = {"code": frame.N_("Enter the code that your app shows now")}  # noqa: RUF012


@web.middleware
async def step_up_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take the code that came with a form, and ask for it where a step says that it is needed."""
    try:
        await _confirm(request)
    except (BadInput, WaitAWhile) as error:
        return await _ask(request, frame.blank().add(CODE, str(error)), error.status)
    try:
        return await handler(request)
    except StepUpNeeded:
        if SESSION not in request or wants_json(request):
            raise
        if request.method in ("GET", "HEAD"):
            return frame.see_other(request, "/step-up?" + urlencode({"to": request.path_qs}))
        if FORM not in request:
            raise
        return await _ask(request, frame.blank(), 403)


async def page(request: web.Request) -> web.StreamResponse:
    """The code on a page of its own, before a page that needs it."""
    return await _page(request, frame.blank(to=request.query.get("to", "/")), 200)


async def confirm(request: web.Request) -> web.StreamResponse:
    """Check it and go back."""

    async def act(form: Code) -> web.StreamResponse:
        await sessions.step_up(service_of(request), request[SESSION], form.code)
        try:
            return frame.see_other(request, own_path(form.to), done=CONFIRMED)
        except ValueError as error:
            raise BadInput from error

    return await asked(request, Code, _page, act, at="code")


async def _confirm(request: web.Request) -> None:
    if SESSION not in request or CODE not in request.get(FORM, ()):
        return
    untrusted = request[FORM].popall(CODE)[-1]
    stepped = await sessions.step_up(service_of(request), request[SESSION], untrusted)
    request[SESSION], request[frame.ACTOR] = stepped, stepped.actor


async def _ask(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    kept = [(name, value) for name, value in request[FORM].items() if name not in (FIELD, CODE)]
    shown = await demo_code.code_to_show(service_of(request), request[SESSION])
    context = {"form": form, "kept": kept, "action": request.path_qs, "field": CODE, "demo_code": shown}
    return frame.render(request, "console/step_up.html", context, status=status)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    shown = await demo_code.code_to_show(service_of(request), request[SESSION])
    kept = [("to", form.value("to", "/"))]
    context = {"form": form, "kept": kept, "action": "/step-up", "field": "code", "demo_code": shown}
    return frame.render(request, "console/step_up.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/step-up", page, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/step-up", confirm, Permission.OWN_ACCOUNT),
]
