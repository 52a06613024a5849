"""The JSON API of the console at /api/v1 (DESIGN section 12): the same steps as its pages, described by itself.

`routes` is all of it, uploads and the description at /api/v1/openapi.json included.
"""

from exchange.web.api import uploads
from exchange.web.api.openapi import ROUTE
from exchange.web.api.table import ENDPOINTS
from exchange.web.frame.routing import Route

routes: list[Route] = [*(endpoint.route for endpoint in ENDPOINTS), *uploads.ROUTES, ROUTE]

__all__ = ["routes"]
