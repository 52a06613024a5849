"""Sending a file: with scripts by tus (resumable, with progress), without them as one streamed form.

The form's fields are read one after the other straight from the socket into the cipher; nothing is spooled.
"""

from collections.abc import AsyncIterator
from uuid import UUID

from aiohttp import BodyPartReader, web

from exchange.core.errors import BadInput, ExchangeError, TooLarge
from exchange.core.model import Purpose
from exchange.steps import draft, sending, upload
from exchange.web import frame
from exchange.web.frame import Csrf, Route
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


async def choose(request: web.Request) -> web.Response:
    """GET …/upload."""
    return await _page(request, frame.blank())


async def begin(request: web.Request) -> web.Response:
    """POST …/upload/begin: scripts ask which message their files belong to. `{"message": id}`."""
    found = visiting_to_write(request)
    return web.json_response({"message": str(await sending.begin(service_of(request), found))})


async def send(request: web.Request) -> web.Response:
    """POST …/upload: a form with a file, up to 64 MiB, streamed."""
    visiting_to_write(request)
    try:
        await _take(request)
    except (BadInput, TooLarge) as error:
        return await _page(request, frame.blank().add("file", str(error)), error.status)
    return onward(request, "/check")


async def drop(request: web.Request) -> web.Response:
    """POST …/upload/{upload}/drop: take one file away again."""
    found = visiting_to_write(request)
    await upload.drop_upload(service_of(request), found.actor, UUID(request.match_info["upload"]))
    return onward(request, "/check")


async def _take(request: web.Request) -> None:
    """First the token, then the file. Raises BadInput where there is none."""
    if not request.content_type.startswith("multipart/"):
        raise BadInput("Choose a file first.", field="file")
    reader = await request.multipart()
    first = await reader.next()
    if not isinstance(first, BodyPartReader) or first.name != "csrf":
        raise BadInput
    frame.require_token(request, (await first.read_chunk(200)).decode("ascii", "replace"))
    await first.release()
    part = await reader.next()
    if not isinstance(part, BodyPartReader) or part.name != "file" or not part.filename:
        raise BadInput("Choose a file first.", field="file")
    await _put_in(request, part)


async def _put_in(request: web.Request, untrusted: BodyPartReader) -> None:
    service, found = service_of(request), visiting(request, Purpose.SUBMIT)
    message = await sending.begin(service, found)
    who = draft.visitor(found)
    made = await upload.begin_upload(
        service, found.actor, message, size=None, untrusted_name=untrusted.filename or "", visitor=who
    )
    try:
        size = await upload.append(service, found.actor, made, 0, _chunks(untrusted), visitor=who)
        await upload.set_size(service, found.actor, made, size)
    except (ExchangeError, OSError):
        await upload.drop_upload(service, found.actor, made)
        raise


async def _chunks(untrusted: BodyPartReader) -> AsyncIterator[bytes]:
    taken = 0
    while chunk := await untrusted.read_chunk(256 * 1024):
        taken += len(chunk)
        if taken > FORM_BYTES:
            raise TooLarge("This file is larger than 64 MB. Please ring us, and we will find a way together.")
        yield chunk


async def _page(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    found = visiting_to_write(request)
    kind = str(found.payload.get("kind", "letter"))
    largest = service_of(request).settings.max_upload
    return show(request, "upload.html", form=form, kind=kind, types=TYPES.get(kind, ""), largest=largest,
                status=status)  # fmt: skip


async def _who(request: web.Request) -> UploadActor:
    found = visiting_to_write(request)
    return UploadActor(found.actor, draft.visitor(found))


ROUTES = [
    Route("GET", "/s/{session}/upload", choose, Door.PAGE),
    Route("POST", "/s/{session}/upload", send, Door.PAGE, csrf=Csrf.HANDLER),
    Route("POST", "/s/{session}/upload/begin", begin, Door.BYTES, csrf=Csrf.HEADER),
    Route("POST", "/s/{session}/upload/{upload:[0-9a-f-]{36}}/drop", drop, Door.PAGE),
    *tus_routes(UPLOADS, _who, permission=Door.BYTES, csrf=Csrf.HEADER),
]
