"""Help, accessibility, cookies: the three pages that every footer leads to."""

from aiohttp import web

from exchange.web import frame


async def page(request: web.Request) -> web.StreamResponse:
    """One of them."""
    return frame.render(request, f"console/about_{request.path.strip('/')}.html")


ROUTES = [frame.Route("GET", path, page, frame.PUBLIC) for path in ("/help", "/accessibility", "/cookies")]
