"""One application per site: middlewares in their order, templates, static files, declared routes."""

from collections.abc import Iterable
from typing import Any, Protocol

from aiohttp import web

from exchange.web.frame import figures, health, i18n, language, refusals, rendering
from exchange.web.frame.address import networks
from exchange.web.frame.csrf import csrf_middleware
from exchange.web.frame.ending import ENDING, Ending, close_connection
from exchange.web.frame.headers import add_headers
from exchange.web.frame.pace import Allowance, Pace, pace_middleware
from exchange.web.frame.problems import problem_middleware
from exchange.web.frame.routing import PUBLIC, Authorise, Handler, Route, add_routes, route_of
from exchange.web.frame.site import LoadFacts, SiteName, SiteSettings, site_from
from exchange.web.frame.state import ACTOR, PACE, PROXIES, REFUSALS, SERVICE, SITE, STATICS
from exchange.web.frame.statics import Statics

MAX_FORM = 1024 * 1024


class HasSettings(Protocol):
    """The part of `store.service.Service` that the frame itself needs."""

    @property
    def settings(self) -> SiteSettings: ...


def base_application(
    service: HasSettings,
    *,
    site: SiteName,
    authorise: Authorise,
    routes: Iterable[Route],
    facts: LoadFacts | None = None,
) -> web.Application:
    """An application that answers `routes`, `/static/`, `/language` and health, and refuses everything else.

    `authorise(request, route)` runs before the handler of every route that is not PUBLIC: it returns the
    actor or raises an ExchangeError. An exception of any kind means no. `facts` reads what administration
    says about the service; without it the defaults of ServiceFacts are shown.
    """
    outer = [figures.figures_middleware, language.language_middleware, problem_middleware, pace_middleware, _as_it_is]
    chain = [*outer, csrf_middleware, _authorising(authorise)]
    app = web.Application(middlewares=chain, client_max_size=MAX_FORM)
    app[SERVICE] = service
    app[SITE] = site_from(service.settings, site, facts)
    app[STATICS] = Statics()
    app[PACE] = _pace(service.settings)
    app[REFUSALS] = refusals.new_allowance()
    app[ENDING] = Ending()
    app[PROXIES] = networks(service.settings.trusted_proxies)
    if service.settings.mirrored_language:
        i18n.offer_mirrored()
    rendering.setup(app)
    static = Route("GET", "/static/{digest}/{name:.+}", app[STATICS].serve, PUBLIC)
    add_routes(app, [static, language.ROUTE, *health.ROUTES, *routes])
    app.on_response_prepare.append(add_headers)
    app.on_response_prepare.append(close_connection)
    return app


def _pace(settings: SiteSettings) -> Pace:
    s = settings
    per_minute = s.requests_per_minute, s.knocks_per_minute, s.tries_per_link, s.references_per_minute
    return Pace(*(Allowance(one) for one in per_minute))


@web.middleware
async def _as_it_is(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No body is unpacked here: a small one could be made to fill the memory, and an upload would not be what was sent.

    RFC 9110, 8.4 and 15.5.16.
    """
    if request.body_exists and request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(headers={"Accept-Encoding": "identity"})
    return await handler(request)


def _authorising(authorise: Authorise) -> Any:
    @web.middleware
    async def authorise_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = route_of(request)
        if route is not None and route.permission is not PUBLIC:
            request[ACTOR] = await authorise(request, route)
        return await handler(request)

    return authorise_middleware
