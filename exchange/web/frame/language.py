"""The language of a request, and the form in the footer that changes it."""

import structlog
from aiohttp import web

from exchange.core.errors import BadInput
from exchange.web.frame.cookies import private_cookie, set_private_cookie
from exchange.web.frame.forms import ErrorSummary, Form, parse
from exchange.web.frame.i18n import LANGUAGES, choose_language, use_language
from exchange.web.frame.rendering import own_path, see_other
from exchange.web.frame.routing import PUBLIC, Handler, Route
from exchange.web.frame.state import SITE

log = structlog.get_logger("web")
COOKIE = "lang"
YEAR = 365 * 24 * 3600


class Choice(Form):
    """The language chosen, and the page to go back to."""

    lang: str
    back: str = "/"


@web.middleware
async def language_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Choose the language, and know the service's name and phone, before anything is said."""
    use_language(choose_language(private_cookie(request, COOKIE), request.headers.get("Accept-Language", "")))
    try:
        await request.app[SITE].refresh()
    except Exception as error:  # noqa: BLE001  # a page with yesterday's phone number beats no page
        log.warning("facts_not_read", error=type(error).__name__)
    return await handler(request)


async def change_language(request: web.Request) -> web.Response:
    """POST /language: keep the choice for a year and go back."""
    form = await parse(request, Choice)
    if isinstance(form, ErrorSummary) or form.lang not in LANGUAGES:
        raise BadInput
    try:
        response = see_other(request, own_path(form.back))
    except ValueError as error:
        raise BadInput from error
    set_private_cookie(request, response, COOKIE, form.lang, max_age=YEAR)
    return response


ROUTE = Route("POST", "/language", change_language, PUBLIC)
