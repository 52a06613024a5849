"""Sending files: with scripts by tus (resumable, with progress), without them as one streamed form.

The form's fields are read one after the other straight from the socket into the cipher; nothing is spooled. What is
unfinished is listed from here: the device remembers nothing.
"""

from collections.abc import AsyncIterator
from typing import ClassVar, Literal
from uuid import UUID

from aiohttp import BodyPartReader, web
from pydantic import Field

from exchange.core.errors import BadInput, ExchangeError, TooLarge
from exchange.core.model import Kind, Purpose
from exchange.steps import draft, sending, so_far, upload
from exchange.web import frame
from exchange.web.frame import N_, Csrf, Route
from exchange.web.portal.visits import Door, onward, service_of, show, visiting
from exchange.web.portal.writing import visiting_to_write
from exchange.web.tus import UploadActor, tus_routes

FORM_BYTES = 64 * 1024 * 1024
UPLOADS = "/uploads"
TYPES = {
    "letter": ".txt,.pdf,.docx,.odt,.rtf,.doc,.jpg,.jpeg,.png,.heic,.tif,.tiff",
    "audio": "audio/*,.m4a,.mp3,.wav,.flac,.ogg,.webm,.amr,.3gp",
    "video": "video/*,.mp4,.mov,.webm,.mkv,.avi,.3gp",
}


class Away(frame.Form):
    """Take it away, and on which page that was asked."""

    on: Literal["check", "upload", "record"] = "check"
    sentences: ClassVar = {"on": N_("Choose one of the answers")}


class SoFar(frame.Form):
    """What the visitor's file begins with: SHA-256 over the SHA-256 of each 4 MiB, in hex, up to `offset`."""

    offset: int = Field(ge=0)
    digest: str = Field(pattern="^[0-9a-fA-F]{64}$")


async def choose(request: web.Request) -> web.Response:
    """GET …/upload."""
    return await _page(request, frame.blank())


async def begin(request: web.Request) -> web.Response:
    """POST …/upload/begin: scripts ask which message their files belong to. `{"message": id}`."""
    found = visiting_to_write(request)
    return web.json_response({"message": str(await sending.begin(service_of(request), found))})


async def same(request: web.Request) -> web.Response:
    """POST …/upload/{upload}/same: is it the file that was begun? `{"same": bool}`."""
    found = visiting_to_write(request)
    form = await frame.parse(request, SoFar)
    if isinstance(form, frame.ErrorSummary):
        raise BadInput
    one = UUID(request.match_info["upload"])
    is_same = await so_far.is_same(service_of(request), found, one, form.offset, form.digest)
    return web.json_response({"same": is_same})


async def send(request: web.Request) -> web.Response:
    """POST …/upload: a form with files, up to 64 MiB together, streamed."""
    visiting_to_write(request)
    try:
        await _take(request)
    except (BadInput, TooLarge) as error:
        return await _page(request, frame.blank().add("file", str(error)), error.status)
    return onward(request, "/check")


async def drop(request: web.Request) -> web.Response:
    """POST …/upload/{upload}/drop: take one file away again."""
    found = visiting_to_write(request)
    form = await frame.parse(request, Away)
    await upload.drop_upload(service_of(request), found.actor, UUID(request.match_info["upload"]))
    return onward(request, "/check" if isinstance(form, frame.ErrorSummary) else f"/{form.on}")


async def _take(request: web.Request) -> None:
    """First the token, then the files. Raises BadInput where there is none."""
    if not request.content_type.startswith("multipart/"):
        raise BadInput("Choose a file first.", field="file")
    reader = await request.multipart()
    first = await reader.next()
    if not isinstance(first, BodyPartReader) or first.name != "csrf":
        raise BadInput
    frame.require_token(request, (await first.read_chunk(200)).decode("ascii", "replace"))
    await first.release()
    position, room = await _next(request), FORM_BYTES
    while isinstance(part := await reader.next(), BodyPartReader) and part.name == "file" and part.filename:
        room -= await _put_in(request, part, position, room)
        position += 1
    if room == FORM_BYTES:
        raise BadInput("Choose a file first.", field="file")


async def _put_in(request: web.Request, untrusted: BodyPartReader, position: int, room: int) -> int:
    service, found = service_of(request), visiting(request, Purpose.SUBMIT)
    message = await sending.begin(service, found)
    who, name = draft.visitor(found), untrusted.filename or ""
    made = await upload.begin_upload(
        service, found.actor, message, size=None, untrusted_name=name, position=position, visitor=who
    )
    try:
        size = await upload.append(service, found.actor, made, 0, _chunks(untrusted, room), visitor=who)
        await upload.set_size(service, found.actor, made, size)
    except (ExchangeError, OSError):
        await upload.drop_upload(service, found.actor, made)
        raise
    return size


async def _chunks(untrusted: BodyPartReader, room: int) -> AsyncIterator[bytes]:
    taken = 0
    while chunk := await untrusted.read_chunk(256 * 1024):
        taken += len(chunk)
        if taken > room:
            raise TooLarge("This file is larger than 64 MB. Please ring us, and we will find a way together.")
        yield chunk


async def _page(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    found = visiting_to_write(request)
    kind = str(found.payload.get("kind", Kind.LETTER))
    told = {
        "types": TYPES.get(kind, ""),
        "largest": service_of(request).settings.max_upload,
        "files": await so_far.files(service_of(request), found),
        "position": await _next(request),
    }
    return show(request, "upload.html", form=form, kind=kind, status=status, **told)


async def _next(request: web.Request) -> int:
    """Where the next file stands: after those that are here, and after the typed letter."""
    return 1 + len(await so_far.files(service_of(request), visiting_to_write(request)))


async def _who(request: web.Request) -> UploadActor:
    found = visiting_to_write(request)
    return UploadActor(found.actor, draft.visitor(found))


ROUTES = [
    Route("GET", "/s/{session}/upload", choose, Door.PAGE),
    Route("POST", "/s/{session}/upload", send, Door.PAGE, csrf=Csrf.HANDLER),
    Route("POST", "/s/{session}/upload/begin", begin, Door.BYTES, csrf=Csrf.HEADER),
    Route("POST", "/s/{session}/upload/{upload:[0-9a-f-]{36}}/drop", drop, Door.PAGE),
    Route("POST", "/s/{session}/upload/{upload:[0-9a-f-]{36}}/same", same, Door.BYTES),
    *tus_routes(UPLOADS, _who, permission=Door.BYTES, csrf=Csrf.HEADER),
]
