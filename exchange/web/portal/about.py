"""Start, and the honest pages: privacy, accessibility, cookies, what Exit does and cannot do."""

from aiohttp import web

from exchange.steps import wording
from exchange.web import frame
from exchange.web.frame import PUBLIC, Route
from exchange.web.frame.i18n import current_language
from exchange.web.portal import easy


async def start(request: web.Request) -> web.Response:
    """GET /."""
    return easy.page(request, "start.html")


async def privacy(request: web.Request) -> web.Response:
    """GET /privacy."""
    words = wording.current("privacy", current_language()).paragraphs
    return easy.page(request, "privacy.html", {"words": words})


async def accessibility(request: web.Request) -> web.Response:
    """GET /accessibility."""
    return frame.render(request, "portal/accessibility.html")


async def cookies(request: web.Request) -> web.Response:
    """GET /cookies."""
    return frame.render(request, "portal/cookies.html")


async def exit_explained(request: web.Request) -> web.Response:
    """GET /exit-explained."""
    return easy.page(request, "exit_explained.html")


ROUTES = [
    Route("GET", "/", start, PUBLIC),
    Route("GET", "/privacy", privacy, PUBLIC),
    Route("GET", "/accessibility", accessibility, PUBLIC),
    Route("GET", "/cookies", cookies, PUBLIC),
    Route("GET", "/exit-explained", exit_explained, PUBLIC),
]
