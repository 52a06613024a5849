"""Single sign-on: to the organisation's provider and back.

Leaving is by `Refresh`, since `form-action` covers redirects. The way back is a GET that changes nothing: its page
sends what the provider said as a form of ours, with its token, and that signs in.
"""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.errors import NotFound, SignInNeeded, SignOnSilent, WaitAWhile
from exchange.steps import sign_on
from exchange.web import frame
from exchange.web.console import sign_in
from exchange.web.console.session import COOKIE, service_of

ATTEMPT = "sign-on"
LASTS = 600
SENT = ("code", "state", "iss")


class Back(frame.Form):
    """What the provider sent, word by word."""

    state: str = Field(default="", max_length=100)
    code: str = Field(default="", max_length=4000)
    iss: str = Field(default="", max_length=1000)
    failed: str = Field(default="", max_length=3)
    sentences: ClassVar = {}


async def begin(request: web.Request) -> web.StreamResponse:
    """Away to the provider, with a cookie that only this browser has."""
    service = service_of(request)
    try:
        attempt, address = await sign_on.begin(service)
    except SignOnSilent as error:
        return await _refused(request, error)
    context = {"provider": sign_on.offered(service), "address": address}
    response = frame.render(request, "console/sign_on_leave.html", context)
    response.headers["Refresh"] = f"0; url={address}"
    frame.set_private_cookie(request, response, ATTEMPT, attempt, max_age=LASTS)
    return response


async def back_page(request: web.Request) -> web.StreamResponse:
    """Back from the provider: one press, which a script does by itself."""
    if not sign_on.offered(service_of(request)):
        raise NotFound
    if "state" not in request.query:
        return frame.see_other(request, "/sign-in")
    sent = [(name, request.query[name]) for name in SENT if name in request.query]
    if "code" not in request.query:
        sent.append(("failed", "yes"))
    return frame.render(request, "console/sign_on_back.html", {"sent": sent})


async def finish(request: web.Request) -> web.StreamResponse:
    """Sign in whoever the provider says it is."""
    form = await frame.parse(request, Back)
    service = service_of(request)
    if not sign_on.offered(service):
        raise NotFound
    answer = sign_on.Answer("", failed=True)
    if not isinstance(form, frame.ErrorSummary):
        answer = sign_on.Answer(form.state, form.code, form.iss, bool(form.failed))
    attempt, before = frame.private_cookie(request, ATTEMPT), frame.private_cookie(request, COOKIE)
    try:
        signed = await sign_on.finish(service, answer, attempt=attempt, cookie=before)
    except (SignInNeeded, WaitAWhile, SignOnSilent) as error:
        return await _refused(request, error)
    opened = signed.session.second_factor
    response = sign_in.entered(request, signed) if opened else await sign_in.half_way(request, signed)
    frame.clear_private_cookie(request, response, ATTEMPT)
    return response


async def _refused(request: web.Request, error: SignInNeeded | WaitAWhile | SignOnSilent) -> web.StreamResponse:
    return await sign_in.show(request, frame.blank().add("", str(error)), error.status)


ROUTES = [
    frame.Route("POST", "/sign-in/provider", begin, frame.PUBLIC),
    frame.Route("GET", sign_on.BACK, back_page, frame.PUBLIC),
    frame.Route("POST", sign_on.BACK, finish, frame.PUBLIC),
]
