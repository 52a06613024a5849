"""Recording sound or video in the page: sent in pieces while it is made, heard again before it is sent.

Only this page may use microphone and camera, the camera only where a video was asked for. The device keeps nothing:
what is heard again here comes back from where it lies sealed, opened with the visitor's own key.
"""

from uuid import UUID

from aiohttp import web

from exchange.core.errors import BadInput
from exchange.core.model import Kind
from exchange.steps import so_far
from exchange.steps.so_far import Recording
from exchange.web import frame
from exchange.web.attachment import named
from exchange.web.frame import Route
from exchange.web.portal.visits import Door, onward, service_of, show
from exchange.web.portal.writing import visiting_to_write
from exchange.web.streaming import asked_range

LONGEST = {Kind.AUDIO: 60, Kind.VIDEO: 30}
"""Minutes of a recording made here. At its bit rate that is 30 MB of sound, 220 MB of video."""
MEDIA = {Kind.AUDIO: ("microphone",), Kind.VIDEO: ("camera", "microphone")}
AWAKE = "screen-wake-lock"
"""The screen stays on while recording: a phone that sleeps stops the microphone."""


async def record(request: web.Request) -> web.Response:
    """GET …/record: the recorder; or, where something is here already, what to do with that."""
    return await _record(request, frame.blank())


async def keep(request: web.Request) -> web.Response:
    """POST …/upload/{upload}/keep: a recording that broke off is kept as far as it came."""
    found = visiting_to_write(request)
    try:
        await so_far.keep(service_of(request), found, UUID(request.match_info["upload"]))
    except BadInput as error:
        return await _record(request, frame.blank().add("", str(error)), error.status)
    return onward(request, "/check")


async def play(request: web.Request) -> web.StreamResponse:
    """GET …/upload/{upload}/play: what was recorded here, whole or a single range, to its author only."""
    found = visiting_to_write(request)
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    recording = await so_far.play(service_of(request), found, UUID(request.match_info["upload"]))
    asked = asked_range(request.headers.get("Range"), recording.size)
    start, stop = asked or (0, recording.size)
    if asked is not None and start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{recording.size}"})
    runs = recording.range(start, stop)
    first = await anext(runs, b"")  # what does not open is refused with a status, before any header
    response = _head(recording, start, stop, partial=asked is not None)
    await response.prepare(request)
    try:
        await response.write(first)
        async for run in runs:
            await response.write(run)
        await response.write_eof()
    except ConnectionError:
        pass  # the visitor went on to another place
    return response


async def _record(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    found = visiting_to_write(request)
    kind = Kind(found.payload.get("kind", Kind.LETTER))
    if kind not in LONGEST:
        return onward(request, "/way")
    files = await so_far.files(service_of(request), found)
    if not files:
        request[frame.FEATURES] = (*MEDIA[kind], AWAKE)
    return show(request, "record.html", form=form, kind=kind, minutes=LONGEST[kind], files=files, status=status)


def _head(recording: Recording, start: int, stop: int, *, partial: bool) -> web.StreamResponse:
    headers = named(f"file.{recording.format}", shown=True)
    response = web.StreamResponse(status=206 if partial else 200, headers=headers)
    response.headers["Content-Type"] = f"{recording.kind}/{recording.format}"
    response.headers["Accept-Ranges"] = "bytes"
    response.content_length = stop - start
    if partial:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{recording.size}"
    return response


ROUTES = [
    Route("GET", "/s/{session}/record", record, Door.PAGE),
    Route("POST", "/s/{session}/upload/{upload:[0-9a-f-]{36}}/keep", keep, Door.PAGE),
    Route("GET", "/s/{session}/upload/{upload:[0-9a-f-]{36}}/play", play, Door.BYTES),
]
