"""Before any page: does the service answer the public at all, and are reasons kept to staff."""

from aiohttp import web

from exchange.core.errors import ExchangeError, Refused
from exchange.steps import health
from exchange.web.frame import N_
from exchange.web.frame.routing import Handler
from exchange.web.portal.visits import service_of

ALWAYS = ("/static/", "/healthz", "/readyz", "/exit")
NOT_OPEN = N_("This service is not open at the moment. Nothing is lost. Please ring us, or come back later.")
NOT_NOW = N_("This is not possible at the moment. Nothing is lost. Please ring us, and we will sort it out with you.")


class NotReady(ExchangeError):
    """This service is not open at the moment. Nothing is lost. Please ring us, or come back later."""

    status = 503


@web.middleware
async def only_when_green(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The public is answered only while `exchange doctor` finds nothing wrong; the demonstration always."""
    service = service_of(request)
    always = service.settings.demo or request.path.startswith(ALWAYS)
    if not always and not await health.is_green(service):
        raise NotReady(NOT_OPEN)
    return await handler(request)


@web.middleware
async def no_reasons(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is missing is between the team and each person: a participant is never told about the other."""
    try:
        return await handler(request)
    except Refused as error:
        raise Refused(NOT_NOW if error.reasons else str(error)) from None
