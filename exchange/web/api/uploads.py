"""Uploads by tus 1.0 (tus.io/protocols/resumable-upload) at /api/v1/uploads; `web/tus.py` does the work.

The protocol speaks in headers, so its operations are described here by hand; a test compares them with the
routes that are served. `Upload-Metadata` carries `message` (the id of a message that was begun), `filename`
and, for pages that were photographed one by one, `position`.
"""

from dataclasses import dataclass

from aiohttp import web

from exchange.core.access import Permission
from exchange.web.api.endpoint import PREFIX
from exchange.web.frame.routing import Csrf
from exchange.web.frame.state import ACTOR
from exchange.web.tus import BODY_TYPE, UploadActor, tus_routes

PLACE = PREFIX + "/uploads"
ONE = PLACE + "/{upload}"


@dataclass(frozen=True)
class Operation:
    """One operation of the protocol: its request headers (name → needed), status and errors."""

    method: str
    path: str
    summary: str
    status: int
    headers: tuple[tuple[str, bool], ...] = ()
    errors: tuple[int, ...] = (401, 403, 404, 405, 409, 410, 412, 500, 503)
    body: str = ""


async def _resolve(request: web.Request) -> UploadActor:
    return UploadActor(request[ACTOR])


_BYTES = (400, 413, 415, 422, 460, 507)
_USUAL = Operation.errors
ROUTES = tus_routes(PLACE, _resolve, permission=Permission.PUT_IN, csrf=Csrf.BEARER)
OPERATIONS = [
    Operation("OPTIONS", PLACE, "What this server can do.", 204),
    Operation("OPTIONS", ONE, "What this server can do.", 204),
    Operation(
        "POST",
        PLACE,
        "Announce a file, perhaps with its first bytes.",
        201,
        (("Upload-Metadata", True), ("Upload-Length", False), ("Upload-Defer-Length", False)),
        _USUAL + _BYTES,
    ),
    Operation("GET", ONE, "How far it is (like HEAD).", 200),
    Operation("HEAD", ONE, "How far it is: Upload-Offset and Upload-Length.", 200),
    Operation(
        "PATCH",
        ONE,
        "The next bytes from Upload-Offset on.",
        204,
        (("Upload-Offset", True), ("Upload-Checksum", False)),
        _USUAL + _BYTES,
        BODY_TYPE,
    ),
    Operation("DELETE", ONE, "Take the file away again.", 204),
    Operation(
        "POST",
        ONE,
        "PATCH, DELETE or HEAD for environments that know no other methods.",
        204,
        (("X-HTTP-Method-Override", True),),
        (200, *_USUAL, *_BYTES),
    ),
]
