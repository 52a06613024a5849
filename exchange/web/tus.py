"""Resumable uploads: a tus 1.0.0 server (tus.io/protocols/resumable-upload) over `steps.upload`.

Core, creation, creation-with-upload, creation-defer-length, expiration, termination, checksum (sha256, sha1).
Bodies are read from the socket and counted by our own counter: never multipart, never a body read whole, so
that neither a limit of the framework nor a temporary file stands between the socket and the cipher. A file's
name travels in `Upload-Metadata`, is hostile, and goes sealed into its column; the key `recorded` there marks
what the portal's own page records.

    routes = tus_routes("/api/v1/uploads", resolve, permission=Permission.PUT_IN, csrf=Csrf.BEARER)

`resolve(request)` says who uploads and, for a visitor, under which key; it raises where nobody may.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from exchange.core.errors import BadInput, ExchangeError, NotFound
from exchange.core.model import Actor
from exchange.steps import upload
from exchange.steps.putting_in import Visitor
from exchange.steps.stream import Checksum
from exchange.steps.upload import Standing
from exchange.store.service import Service
from exchange.web.frame.routing import Csrf, Handler, Route
from exchange.web.frame.state import SERVICE

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum"
BODY_TYPE = "application/offset+octet-stream"
SILENCE_SECONDS = 60.0
STORING_SECONDS = 10.0
LONGEST_METADATA = 4096
LARGEST = 2**53


@dataclass(frozen=True)
class UploadActor:
    """Who uploads; `visitor` with the key of their link, None for staff."""

    actor: Actor
    visitor: Visitor | None = None


Resolve = Callable[[web.Request], Awaitable[UploadActor]]


class TusProblem(ExchangeError):
    """This upload request could not be understood. Nothing was changed."""

    def __init__(self, status: int, sentence: str | None = None) -> None:
        super().__init__(sentence)
        self.status = status


def tus_routes(prefix: str, resolve: Resolve, *, permission: Any, csrf: Csrf = Csrf.HEADER) -> list[Route]:
    """The routes of one tus end point at `prefix`, all with the same permission."""
    tus = _Tus(prefix, resolve)
    one = prefix + "/{upload:[0-9a-f-]{36}}"
    listed: list[tuple[str, str, Handler]] = [
        ("OPTIONS", prefix, tus.options),
        ("OPTIONS", one, tus.options),
        ("POST", prefix, tus.create),
        ("GET", one, tus.state),
        ("PATCH", one, tus.patch),
        ("DELETE", one, tus.delete),
        ("POST", one, tus.override),
    ]
    return [Route(method, path, _spoken(handler), permission, csrf=csrf) for method, path, handler in listed]


class _Tus:
    """The handlers. Each one: headers checked, the actor resolved, one step, the answer's headers."""

    def __init__(self, prefix: str, resolve: Resolve) -> None:
        self._prefix = prefix
        self._resolve = resolve
        self._bodies: dict[UUID, tuple[web.Request, asyncio.Event]] = {}

    async def options(self, request: web.Request) -> web.Response:
        """What this server can do."""
        await self._resolve(request)
        told = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(_service(request).settings.max_upload),
            "Tus-Checksum-Algorithm": ",".join(Checksum.ALGORITHMS),
        }
        return web.Response(status=204, headers=told)

    async def create(self, request: web.Request) -> web.Response:
        """POST: announce a file, perhaps with its first bytes. What was refused with it is taken away again."""
        if _method(request) == "OPTIONS":
            return await self.options(request)
        if _method(request) != "POST":
            raise TusProblem(405)
        who = await self._resolve(request)
        size, told = _size_announced(request), _metadata(request)
        with_body = _has_body(request)
        checksum = _checksum(request) if with_body else None
        made = await upload.begin_upload(
            _service(request),
            who.actor,
            _uuid(told.get("message", "")),
            size=size,
            untrusted_name=told.get("filename", ""),
            position=_number(told.get("position", "0")),
            visitor=who.visitor,
            recorded="recorded" in told,
        )
        if with_body:
            try:
                await self._append(request, who, made, 0, checksum)
            except ExchangeError:
                await upload.drop_upload(_service(request), who.actor, made)  # nobody was told of it
                raise
        headers = {"Location": f"{self._prefix}/{made}"}
        return await self._answer(request, who, made, 201, headers, offset=with_body)

    async def state(self, request: web.Request) -> web.Response:
        """HEAD (and GET): how far it is."""
        who, made = await self._resolve(request), _upload_id(request)
        await upload.standing(_service(request), who.actor, made)  # theirs, or refused here
        await self._end_earlier(made)
        return await self._answer(request, who, made, 200, {}, offset=True, length=True)

    async def patch(self, request: web.Request) -> web.Response:
        """PATCH: the next bytes from Upload-Offset on."""
        if request.content_type != BODY_TYPE:
            raise TusProblem(415)
        who, made = await self._resolve(request), _upload_id(request)
        offset = _number(request.headers.get("Upload-Offset", ""))
        checksum = _checksum(request)
        if "Upload-Length" in request.headers:
            size = _number(request.headers["Upload-Length"])
            await upload.set_size(_service(request), who.actor, made, size, at=offset)
        await self._append(request, who, made, offset, checksum)
        return await self._answer(request, who, made, 204, {}, offset=True)

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE: take the file away again."""
        who = await self._resolve(request)
        await upload.drop_upload(_service(request), who.actor, _upload_id(request))
        return web.Response(status=204)

    async def override(self, request: web.Request) -> web.Response:
        """POST with X-HTTP-Method-Override, for environments that know no PATCH."""
        known = {"PATCH": self.patch, "DELETE": self.delete, "HEAD": self.state, "OPTIONS": self.options}
        if _method(request) not in known:
            raise TusProblem(405)
        return await known[_method(request)](request)

    async def _append(
        self, request: web.Request, who: UploadActor, made: UUID, offset: int, checksum: Checksum | None
    ) -> None:
        service, visitor = _service(request), who.visitor
        stored = asyncio.Event()
        self._bodies[made] = request, stored
        try:
            await upload.append(service, who.actor, made, offset, _body(request), checksum=checksum, visitor=visitor)
        finally:
            stored.set()
            if self._bodies.get(made, (None,))[0] is request:
                del self._bodies[made]

    async def _end_earlier(self, made: UUID) -> None:
        """Who asks how far it is has lost the connection before: what came by that one is stored first.

        Otherwise the answer would be too small, and what is on its way into the store be sent again.
        """
        if made in self._bodies:
            request, stored = self._bodies[made]
            request.content.set_exception(ConnectionResetError())
            with suppress(TimeoutError):
                async with asyncio.timeout(STORING_SECONDS):
                    await stored.wait()

    async def _answer(
        self,
        request: web.Request,
        who: UploadActor,
        made: UUID,
        status: int,
        headers: dict[str, str],
        *,
        offset: bool = False,
        length: bool = False,
    ) -> web.Response:
        found = await upload.standing(_service(request), who.actor, made)
        told = _told(found, offset=offset, length=length)
        return web.Response(status=status, headers=headers | told)


def _spoken(handler: Handler) -> Handler:
    """Both sides speak tus 1.0.0; the answer says so, refusals included, and is never cached."""

    async def speak(request: web.Request) -> web.StreamResponse:
        spoken = request.headers.get("Tus-Resumable")
        if _method(request) != "OPTIONS" and spoken != VERSION:
            return _refused(412, "Upload with the tus protocol, version 1.0.0.", {"Tus-Version": VERSION})
        try:
            response = await handler(request)
        except ExchangeError as error:
            return _refused(error.status, str(error), {"X-Error": type(error).__name__})
        except TimeoutError:
            return _refused(408, "Nothing came for a while. What had come is kept; ask where to go on.", {})
        response.headers["Tus-Resumable"] = VERSION
        response.headers["Cache-Control"] = "no-store"
        return response

    return speak


def _method(request: web.Request) -> str:
    """What is asked for: X-HTTP-Method-Override counts where it is there."""
    return request.headers.get("X-HTTP-Method-Override", request.method).upper()


def _refused(status: int, sentence: str, headers: dict[str, str]) -> web.Response:
    body = {"type": "about:blank", "title": sentence, "status": status, "detail": sentence}
    kept = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", **headers}
    return web.json_response(body, status=status, headers=kept, content_type="application/problem+json")


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    """The body as it comes from the socket; a minute of silence counts as a lost connection."""
    while True:
        async with asyncio.timeout(SILENCE_SECONDS):
            chunk = await request.content.readany()
        if not chunk:
            return
        yield chunk


def _told(found: Standing, *, offset: bool, length: bool) -> dict[str, str]:
    told = {}
    if offset:
        told["Upload-Offset"] = str(found.received)
    if length and found.size is None:
        told["Upload-Defer-Length"] = "1"
    elif length:
        told["Upload-Length"] = str(found.size)
    if found.expires_at is not None and not found.complete:
        told["Upload-Expires"] = format_datetime(found.expires_at, usegmt=True)
    return told


def _size_announced(request: web.Request) -> int | None:
    length, deferred = request.headers.get("Upload-Length"), request.headers.get("Upload-Defer-Length")
    if (length is None) == (deferred is None) or deferred not in (None, "1"):
        raise TusProblem(400, "Say how long the file is, or that its length comes later.")
    return None if length is None else _number(length)


def _metadata(request: web.Request) -> dict[str, str]:
    """Upload-Metadata: `key base64, key base64`, each key once, a value may be empty; every value is hostile."""
    untrusted = request.headers.get("Upload-Metadata")
    if untrusted is None:
        return {}
    if len(untrusted) > LONGEST_METADATA:
        raise TusProblem(400, "There is more said about this file than this service takes.")
    found: dict[str, str] = {}
    for pair in untrusted.split(","):
        name, _, value = pair.strip().partition(" ")
        if not name or name in found:
            raise TusProblem(400)
        try:
            found[name] = base64.b64decode(value.strip(), validate=True).decode("utf-8", "replace")
        except ValueError as error:
            raise TusProblem(400) from error
    return found


def _checksum(request: web.Request) -> Checksum | None:
    """Upload-Checksum: `algorithm base64`. An algorithm that is not offered: 400, as the protocol says."""
    untrusted = request.headers.get("Upload-Checksum")
    if untrusted is None:
        return None
    algorithm, _, value = untrusted.strip().partition(" ")
    try:
        return Checksum(algorithm, base64.b64decode(value.strip(), validate=True))
    except (ValueError, BadInput) as error:
        raise TusProblem(400, "This checksum could not be understood.") from error


def _has_body(request: web.Request) -> bool:
    if not request.body_exists or request.content_length == 0:
        return False
    if request.content_type != BODY_TYPE:
        raise TusProblem(415)
    return True


def _number(untrusted: str) -> int:
    if not (untrusted.isascii() and untrusted.isdigit() and len(untrusted) <= 16) or int(untrusted) > LARGEST:
        raise TusProblem(400)
    return int(untrusted)


def _uuid(untrusted: str) -> UUID:
    try:
        return UUID(untrusted)
    except ValueError as error:
        raise NotFound from error


def _upload_id(request: web.Request) -> UUID:
    return _uuid(request.match_info["upload"])


def _service(request: web.Request) -> Service:
    found = request.config_dict[SERVICE]
    assert isinstance(found, Service)
    return found
