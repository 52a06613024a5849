"""Who is at the console: the session's cookie becomes an Actor, and every route asks for its permission.

Only roles are judged here; how near somebody is to a case is judged by the steps and reads themselves, which
answer "there is nothing here" to whoever may not even know.
"""

from typing import NoReturn
from uuid import UUID

from aiohttp import web

from exchange.core import access
from exchange.core.access import Relation
from exchange.core.errors import NotAllowed, NotFound, SignInNeeded
from exchange.core.model import Actor, Role
from exchange.steps import sessions, tokens
from exchange.steps.sessions import Session
from exchange.store.service import Service
from exchange.web import frame
from exchange.web.frame.state import ASKING

COOKIE = "console"
SESSION: web.RequestKey[Session] = web.RequestKey("console_session", Session)
BEARER = "Bearer "


async def authorise(request: web.Request, route: frame.Route) -> Actor:
    """The actor of a request. SignInNeeded without a session, NotAllowed where no role has the permission."""
    actor = await (_by_token(request) if route.path.startswith("/api/") else _by_cookie(request))
    request[ASKING] = actor
    # nearness to a case is the step's question: the role alone is asked here
    if not access.may(actor, route.permission, Relation.LEAD):
        raise NotAllowed
    return actor


async def recognise(request: web.Request) -> None:
    """Name whoever is signed in on a page that is for everybody, so that it keeps its menu. Allows nothing."""
    session = await session_of(request)
    if session is not None and session.second_factor and not session.password_temporary:
        request[frame.ACTOR] = session.actor
        request[frame.SIGNED_IN_NAME] = session.display_name


async def session_of(request: web.Request) -> Session | None:
    """The session of this browser, open or half open; None where it has ended."""
    if SESSION not in request:
        found = await sessions.load(service_of(request), frame.private_cookie(request, COOKIE))
        if found is None:
            return None
        request[SESSION] = found
    return request[SESSION]


def keep_session(request: web.Request, response: web.StreamResponse, cookie: str) -> None:
    """Give the browser the cookie of its session; it ends with the browser."""
    frame.set_private_cookie(request, response, COOKIE, cookie)


def service_of(request: web.Request) -> Service:
    """The service that every step takes first."""
    service: Service = request.config_dict[frame.SERVICE]
    return service


def actor_of(request: web.Request) -> Actor:
    """Who asks; only on routes with a permission."""
    actor: Actor = request[frame.ACTOR]
    return actor


def is_supervisor(request: web.Request) -> bool:
    """Whether the page offers what only a supervisor may do; the step asks again."""
    return Role.SUPERVISOR in actor_of(request).roles


def id_of(request: web.Request, name: str) -> UUID:
    """A UUID of the address; NotFound where it is none."""
    return as_id(request.match_info[name])


def as_id(untrusted: str) -> UUID:
    """A UUID that somebody sent; NotFound where it is none."""
    try:
        return UUID(untrusted)
    except ValueError:
        raise NotFound from None


async def _by_cookie(request: web.Request) -> Actor:
    session = await session_of(request)
    if session is None:
        raise SignInNeeded
    if not session.second_factor:
        _go(request, "/sign-in/code")
    if session.password_temporary:
        _go(request, "/sign-in/password")
    request[frame.SIGNED_IN_NAME] = session.display_name
    return session.actor


async def _by_token(request: web.Request) -> Actor:
    """A cookie counts for nothing at the API, so there is nothing to forge."""
    untrusted = request.headers.get("Authorization", "")
    if not untrusted.startswith(BEARER):
        raise SignInNeeded
    return await tokens.resolve(service_of(request), untrusted.removeprefix(BEARER))


def _go(request: web.Request, path: str) -> NoReturn:
    """To the next page of signing in; what was to be changed is not."""
    if request.method not in ("GET", "HEAD"):
        raise SignInNeeded
    raise web.HTTPSeeOther(path)
