"""Whether the process lives (`/healthz`) and whether it can work (`/readyz`), for supervisors and load balancers."""

from aiohttp import web

from exchange.steps import health
from exchange.web.frame.ending import ENDING
from exchange.web.frame.routing import PUBLIC, Route
from exchange.web.frame.state import SERVICE


async def alive(_request: web.Request) -> web.Response:
    """GET /healthz: this process answers."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: the database answers and has the schema of this version; else 503, and no reason here.

    Likewise 503 from the moment the process was told to end: nobody new is to be sent here.
    """
    if request.app[ENDING].begun:
        return web.Response(text="ending\n", status=503)
    (found,) = await health.run(request.app[SERVICE], (("Database", health.database),))
    return web.Response(text="ready\n" if found.ok else "not ready\n", status=200 if found.ok else 503)


ROUTES = (Route("GET", "/healthz", alive, PUBLIC), Route("GET", "/readyz", ready, PUBLIC))
