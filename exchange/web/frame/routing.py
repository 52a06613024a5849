"""Routes with a declared permission. What is not declared is refused: at the start and at every request."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Public(Enum):
    """The explicit permission of a page that anybody may see."""

    PUBLIC = "public"


PUBLIC = Public.PUBLIC


class Csrf(Enum):
    """How an unsafe request proves that it comes from one of our own pages."""

    FORM = "form"  # the form field `csrf`, or the header X-CSRF-Token
    HEADER = "header"  # the header only; the body is not read (tus, recordings)
    HANDLER = "handler"  # the handler calls csrf.require() with the first part of a multipart body
    BEARER = "bearer"  # the API: cookies count for nothing, so there is nothing to forge


@dataclass(frozen=True)
class Route:
    """One page or endpoint.

    `permission` is what `authorise` decides on, or PUBLIC. `features` names what Permissions-Policy allows
    on this page for our own origin, such as `("camera", "microphone")`. `max_body` in bytes is the cap for
    bodies that are read whole.
    """

    method: str
    path: str
    handler: Handler
    permission: Any
    csrf: Csrf = Csrf.FORM
    features: tuple[str, ...] = ()
    max_body: int = 1024 * 1024


class UndeclaredRouteError(Exception):
    """A route without a method, path, handler and permission."""


Authorise = Callable[[web.Request, Route], Awaitable[Any]]
ROUTES: web.AppKey[dict[Any, Route]] = web.AppKey("routes", dict)


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Register routes; GET also answers HEAD. Raises UndeclaredRouteError where a permission is missing."""
    known = app.setdefault(ROUTES, {})
    for route in routes:
        if not isinstance(route, Route) or route.permission is None or route.permission == "":
            raise UndeclaredRouteError(repr(route))
        if route.csrf is Csrf.BEARER and not route.path.startswith("/api/"):
            raise UndeclaredRouteError(f"{route.path}: bearer tokens belong to /api/")
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            known[app.router.add_route(method, route.path, route.handler)] = route


def route_of(request: web.Request) -> Route | None:
    """The declared route of a request; None where the router found no page (404, 405).

    Raises UndeclaredRouteError if the router knows a page that was never declared.
    """
    info = request.match_info
    if info.http_exception is not None:
        return None
    route = request.config_dict[ROUTES].get(info.route)
    if route is None:
        raise UndeclaredRouteError(request.method)
    return route


def route_census(app: web.Application) -> list[tuple[str, str, Any]]:
    """(method, path, permission) of everything the router answers; None marks what was never declared."""
    known = app.get(ROUTES, {})
    census = []
    for resource in app.router.resources():
        for entry in resource:
            declared = known.get(entry)
            census.append((entry.method, resource.canonical, declared.permission if declared else None))
    return census
