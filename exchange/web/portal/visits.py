"""The visitor of a request: their browser's cookie, their open session, and what pages know of it.

The cookie is a random secret made on landing. It never stands in a page or an address; the session's id in
the path is no secret and opens nothing without it.
"""

from enum import Enum
from typing import Any
from uuid import UUID

from aiohttp import web

from exchange.core import links
from exchange.core.errors import LinkDead, NotFound, SessionLocked, SignInNeeded
from exchange.core.model import VISITOR, Actor, Purpose
from exchange.steps import visit
from exchange.steps.visit import Visit
from exchange.store.service import Service
from exchange.web import frame
from exchange.web.frame.problems import wants_json
from exchange.web.portal import easy

COOKIE = "portal"
SESSION_HEADER = "X-Visit"
KEEP_DAYS = 30
VISIT = web.RequestKey("visit", Visit)


class Door(Enum):
    """What the portal's routes ask for besides PUBLIC: an open session of this browser.

    PAGE leads a locked or ended visitor to a page that helps; BYTES just refuses (parts, uploads, scripts).
    KEEP lets a locked visitor's form through to a handler that opens nothing and only carries what was typed.
    """

    PAGE = "page"
    KEEP = "keep"
    BYTES = "bytes"


def service_of(request: web.Request) -> Service:
    """The portal's service."""
    found = request.config_dict[frame.SERVICE]
    assert isinstance(found, Service)
    return found


def cookie_of(request: web.Request) -> str | None:
    """The browser's secret, if it has a well-formed one."""
    untrusted = frame.private_cookie(request, COOKIE)
    try:
        return untrusted if untrusted and links.parse_secret(untrusted) == untrusted else None
    except LinkDead:
        return None


def keep_cookie(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    """Give the browser its secret. Lax: a Strict one is absent on the way in from an e-mail."""
    frame.set_private_cookie(request, response, COOKIE, secret, max_age=KEEP_DAYS * 24 * 3600)


async def authorise(request: web.Request, route: frame.Route) -> Actor:
    """The participant of the session in the path (or, for uploads, in the header)."""
    session = session_id(request)
    try:
        found = await visit.load(service_of(request), cookie_of(request), session)
    except SessionLocked:
        if route.permission is Door.BYTES or wants_json(request):
            raise
        if route.permission is Door.KEEP:
            return VISITOR
        raise web.HTTPSeeOther(f"/s/{session}/locked") from None
    except (SignInNeeded, LinkDead):
        if route.permission is Door.BYTES or wants_json(request):
            raise NotFound from None
        raise web.HTTPSeeOther("/closed") from None
    request[VISIT] = found
    return found.actor


def session_id(request: web.Request) -> UUID:
    """The session that the request names."""
    untrusted = request.match_info.get("session") or request.headers.get(SESSION_HEADER, "")
    try:
        return UUID(untrusted)
    except ValueError:
        raise NotFound from None


def visiting(request: web.Request, *purposes: Purpose) -> Visit:
    """The visit, if it is for one of these purposes and the person has said that it is for them."""
    found = request[VISIT]
    if found.purpose not in purposes:
        raise NotFound
    if found.is_me is not True and found.purpose is not Purpose.STOP:
        raise web.HTTPSeeOther(f"/s/{found.id}/me")
    return found


def show(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """A page of the visit: `here` is its path, `carried` what the link told (names, kind, note)."""
    found = request[VISIT]
    known = {
        "here": f"/s/{found.id}",
        "carried": found.payload,
        "purpose": found.purpose.value,
        "idle": service_of(request).settings.idle_lock_seconds,
        "form": frame.blank(),
    }
    return easy.page(request, template, {**known, **context}, status)


def onward(request: web.Request, page: str = "", done: Any = None) -> web.Response:
    """303 to another page of the same visit."""
    return frame.see_other(request, f"/s/{request[VISIT].id}{page}", done=done)
