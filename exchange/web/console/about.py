"""Help, accessibility, cookies: the three pages that every footer leads to, signed in or not."""

from aiohttp import web

from exchange.web import frame
from exchange.web.console.session import recognise


async def page(request: web.Request) -> web.StreamResponse:
    """One of them; whoever is signed in keeps the menu and the way out."""
    await recognise(request)
    return frame.render(request, f"console/about_{request.path.strip('/')}.html")


ROUTES = [frame.Route("GET", path, page, frame.PUBLIC) for path in ("/help", "/accessibility", "/cookies")]
