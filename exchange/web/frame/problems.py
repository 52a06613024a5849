"""Refusals and faults as pages, or as RFC 9457 problem details for `/api/` and our own scripts.

A page shows the error's safe sentence. Anything unexpected gets a reference; the log under that reference
names the route's pattern, the exception's class and where it was raised, never a value.
"""

import re
import traceback
from http import HTTPStatus
from secrets import token_hex
from typing import Any

import structlog
from aiohttp import web

from exchange.core.checklist import lines
from exchange.core.errors import ExchangeError, SignInNeeded
from exchange.web.frame import refusals
from exchange.web.frame.i18n import N_, gettext
from exchange.web.frame.rendering import render, see_other
from exchange.web.frame.routing import Handler
from exchange.web.frame.state import SITE

log = structlog.get_logger("web")
TITLES = {
    400: N_("This request could not be understood"),
    401: N_("Please sign in first"),
    403: N_("You cannot do this"),
    404: N_("There is nothing here"),
    405: N_("This cannot be done here"),
    409: N_("This is not possible yet"),
    410: N_("This is no longer here"),
    412: N_("This request could not be understood"),
    413: N_("This is too large"),
    415: N_("This request could not be understood"),
    422: N_("Something needs correcting"),
    429: N_("Please wait a while"),
    500: N_("Something went wrong"),
    503: N_("Please try again in a minute"),
    507: N_("There is no room left"),
}
SENTENCES = {
    404: N_("There is nothing here that you can see. Check the address, or go back."),
    400: N_("This request could not be understood. Nothing was changed."),
    405: N_("The page cannot be reached in this way. Go back and try again."),
    413: N_("What was sent is larger than this page takes. Nothing was kept."),
    415: N_("This type of content is not taken here. Nothing was changed."),
    500: N_("This is our fault, not yours. Nothing was changed. Please try again in a minute."),
}


@web.middleware
async def problem_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every exception into an answer in the visitor's language."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        refusals.note(request, error.status, type(error).__name__)
        return problem(request, error.status, headers=_kept(error))
    except ExchangeError as error:
        if isinstance(error, SignInNeeded) and _may_sign_in(request):
            return see_other(request, "/sign-in")
        refusals.note(request, error.status, type(error).__name__)
        wait = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
        return problem(request, error.status, str(error), error=error, headers=wait)
    except ConnectionResetError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it was, people get a page
        return _unexpected(request, error)


def problem(
    request: web.Request,
    status: int,
    sentence: str = "",
    *,
    error: ExchangeError | None = None,
    headers: dict[str, str] | None = None,
    reference: str = "",
) -> web.Response:
    """The answer for one refusal. A response that has begun cannot be replaced: the connection is cut."""
    if request.writer.output_size > 0:
        raise ConnectionResetError("The response had begun.")
    words = gettext(sentence or SENTENCES.get(status, SENTENCES[500]))
    title = gettext(TITLES.get(status, TITLES[500]))
    reasons = [gettext(line.sentence) for _, line in lines(getattr(error, "reasons", ()))]
    if wants_json(request):
        response = _details(status, title, words, error, reference)
    else:
        context = {
            "title": title,
            "sentence": words,
            "reasons": reasons,
            "reference": reference,
        }
        response = render(request, f"layout/problem_{request.app[SITE].name}.html", context, status=status)
    response.headers.update(headers or {})
    return response


def wants_json(request: web.Request) -> bool:
    """The API, and scripts of our own pages that ask for JSON."""
    accept = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or ("json" in accept and "html" not in accept)


def type_name(error: type[ExchangeError] | int) -> str:
    """The last part of a problem's type: the error's class, or the phrase of its status, in small letters."""
    words = HTTPStatus(error).phrase if isinstance(error, int) else re.sub("(?<!^)([A-Z])", r" \1", error.__name__)
    return words.lower().replace(" ", "-")


def _details(status: int, title: str, sentence: str, error: ExchangeError | None, reference: str) -> web.Response:
    """RFC 9457, with `reasons` where the gate refused and `errors` where fields are wrong."""
    name = type_name(type(error) if error else status)
    body: dict[str, Any] = {"type": f"/api/v1/problems/{name}", "title": title, "status": status}
    body["detail"] = sentence
    if found := lines(getattr(error, "reasons", ())):
        body["reasons"] = [
            {
                "condition": reason.condition,
                "code": reason.code,
                "sentence": gettext(line.sentence),
                "who": gettext(line.who),
                "form": line.form,
            }
            for reason, line in found
        ]
    field = getattr(error, "field", "")
    if errors := getattr(error, "errors", ()) or ([{"field": field, "sentence": sentence}] if field else []):
        body["errors"] = list(errors)
    if reference:
        body["instance"] = f"urn:reference:{reference}"
    return web.json_response(body, status=status, content_type="application/problem+json")


def _unexpected(request: web.Request, error: Exception) -> web.Response:
    reference = token_hex(4)
    where = traceback.extract_tb(error.__traceback__)
    log.error(
        "unexpected",
        reference=reference,
        method=request.method,
        route=getattr(request.match_info.route.resource, "canonical", ""),
        error=type(error).__name__,
        frames=[f"{frame.filename}:{frame.lineno}" for frame in where[-12:]],
    )
    return problem(request, 500, SENTENCES[500], reference=reference)


def _may_sign_in(request: web.Request) -> bool:
    console = request.app[SITE].name == "console"
    return console and not wants_json(request) and request.method in ("GET", "HEAD")


def _kept(error: web.HTTPException) -> dict[str, str]:
    return {name: error.headers[name] for name in ("Allow", "Accept-Encoding") if name in error.headers}
