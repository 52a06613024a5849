"""Confirming with the second factor once more, without losing what was entered.

Where a step needs it, the page that asks for the code carries the whole form along and sends it to the same
address with the code, or a passkey's answer, beside it: right, and the form goes on as if nothing had happened.
"""

from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import BadInput, StepUpNeeded, WaitAWhile
from exchange.steps import demo_code, passkeys, sessions
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.session import SESSION, service_of
from exchange.web.frame.csrf import FIELD
from exchange.web.frame.problems import wants_json
from exchange.web.frame.rendering import own_path
from exchange.web.frame.routing import Handler
from exchange.web.frame.state import FORM

CODE, PASSKEY = "step_up_code", "step_up_passkey"
GET = ("publickey-credentials-get",)
CODE_MISSING = frame.N_("Enter the code that your app shows now")
CONFIRMED_NOW = web.RequestKey("step_up_confirmed", bool)
CONFIRMED = frame.notice("step-up", frame.N_("Thank you. This counts for the next five minutes."))


class Code(frame.Form):
    """The code, or a passkey's answer (which the middleware has taken), and the page to go back to."""

    code: str = Field("", max_length=100)
    to: str = "/"


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
        if not request.get(CONFIRMED_NOW):
            if not form.code:
                raise BadInput(CODE_MISSING, field="code")
            await sessions.step_up(service_of(request), request[SESSION], form.code)
        try:
            return frame.see_other(request, own_path(form.to), done=CONFIRMED)
        except ValueError as error:
            raise BadInput from error

    return await asked(request, Code, _page, act, at="code")


async def begin_passkey(request: web.Request) -> web.StreamResponse:
    """What the passkey is to sign, for this session's step-up."""
    options = await passkeys.begin_use(service_of(request), request[SESSION])
    return web.Response(text=options, content_type="application/json")


async def _confirm(request: web.Request) -> None:
    """The code or the passkey's answer that came with a form; both are taken out of it."""
    form = request.get(FORM)
    if SESSION not in request or not form or not (CODE in form or PASSKEY in form):
        return
    service, session = service_of(request), request[SESSION]
    code, answer = (form.popall(name, [""])[-1] for name in (CODE, PASSKEY))
    stepped = await (passkeys.step_up(service, session, answer) if answer else sessions.step_up(service, session, code))
    request[SESSION], request[frame.ACTOR], request[CONFIRMED_NOW] = stepped, stepped.actor, True


async def _ask(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    kept = [(name, value) for name, value in request[FORM].items() if name not in (FIELD, CODE, PASSKEY)]
    return await _shown(request, form, status, kept=kept, action=request.path_qs, field=CODE)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    kept = [("to", form.value("to", "/"))]
    return await _shown(request, form, status, kept=kept, action="/step-up", field="code")


async def _shown(request: web.Request, form: frame.ErrorSummary, status: int, **context: Any) -> web.Response:
    """The page; where the account has a passkey that works here, this one answer lets the browser ask for it."""
    service, session = service_of(request), request[SESSION]
    able = await passkeys.may_be_asked(service, session.account_id)
    if able:
        request[frame.FEATURES] = GET
    shown = await demo_code.code_to_show(service, session)
    context |= {"form": form, "demo_code": shown, "passkey": able, "passkey_field": PASSKEY}
    return frame.render(request, "console/step_up.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/step-up", page, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/step-up", confirm, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/step-up/passkey/begin", begin_passkey, Permission.OWN_ACCOUNT),
]
