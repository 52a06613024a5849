"""What the metrics say of a site: how many answers of which kind, how long pages took. No path, no address, nobody."""

import time

from aiohttp import web
from prometheus_client import Counter, Histogram

from exchange.web.frame.routing import Handler
from exchange.web.frame.state import SITE

ANSWERS = Counter("exchange_answers", "Answers by site and kind of status.", ["site", "status"])
PAGES = Histogram(
    "exchange_page_seconds",
    "How long pages took, by site.",
    ["site"],
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5),
)


@web.middleware
async def figures_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts every answer; of pages also the time. What raises is counted as what it will be answered with."""
    begun, site = time.monotonic(), request.app[SITE].name
    try:
        response = await handler(request)
    except web.HTTPException as refused:
        ANSWERS.labels(site, _kind(refused.status)).inc()
        raise
    ANSWERS.labels(site, _kind(response.status)).inc()
    if response.content_type == "text/html":
        PAGES.labels(site).observe(time.monotonic() - begun)
    return response


def _kind(status: int) -> str:
    return f"{status // 100}xx"
