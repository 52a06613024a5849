"""Sends one opened part with single ranges (RFC 9110 section 14); portal and console share it.

The part was opened by `steps.view`, so its leaf is committed. The first run is opened before any header goes
out, so that a part that does not pass its check is refused with a status. While bytes run, the stream is
watched: the moment it must stop, the connection is cut, also under a write that is blocked.
"""

import re
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from aiohttp import web

from exchange.core.errors import Refused
from exchange.steps import view
from exchange.steps.view import Opened
from exchange.store.service import Service
from exchange.store.watch import Stream
from exchange.web.attachment import named

INLINE = {
    "image/jpeg": "jpg", "image/png": "png", "audio/mp4": "m4a", "video/mp4": "mp4", "text/vtt": "vtt",
    "text/plain": "txt",
}  # fmt: skip
"""Shown in place, each with its ending: whoever saves it finds a name of ours that tells nothing."""
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def send_part(request: web.Request, service: Service, opened: Opened) -> web.StreamResponse:
    """200, 206 or 416 for GET. HEAD is refused (405): it would need a leaf and hand over nothing."""
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    size = opened.reader.size
    asked = asked_range(request.headers.get("Range"), size)
    if asked is not None and asked[0] >= asked[1]:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    start, stop = asked or (0, size)
    response = _head(opened, start, stop, partial=asked is not None)
    async with view.streaming(service, opened) as stream, aclosing(_runs(opened, start, stop)) as runs:
        first = await anext(runs, memoryview(b""))
        if not _may_begin(request, stream):
            return response
        stream.on_stop = lambda: _cut(request)
        await response.prepare(request)
        try:
            if first:
                await response.write(first)
            async for run in runs:
                if not stream.live:
                    break
                await response.write(run)
            if stream.live:
                await response.write_eof()
        except ConnectionError:
            pass  # the visitor went on to another place, or the stream was stopped
    if not stream.live:
        _cut(request)
    return response


def _may_begin(request: web.Request, stream: Stream) -> bool:
    """Raises Refused where it was stopped; False where nobody could say, and the line was cut in place of an answer.

    A player asks again after a broken line, and gives up for good after a refusal.
    """
    if stream.unchecked:
        _cut(request)
    elif not stream.live:
        raise Refused
    return stream.live


async def _runs(opened: Opened, start: int, stop: int) -> AsyncGenerator[memoryview, None]:
    await opened.reader.ready()
    if start < stop:
        async with aclosing(opened.reader.range(start, stop)) as found:  # type: ignore[type-var]
            async for run in found:
                yield run


def _head(opened: Opened, start: int, stop: int, *, partial: bool) -> web.StreamResponse:
    media_type: str = opened.part.media_type
    ending = INLINE.get(media_type.split(";", maxsplit=1)[0].strip())
    headers = named(f"file.{ending}", shown=True) if ending else named("file")
    response = web.StreamResponse(status=206 if partial else 200, headers=headers)
    response.headers["Content-Type"] = media_type if ending else "application/octet-stream"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "no-store"
    response.content_length = stop - start
    if partial:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{opened.reader.size}"
    return response


def asked_range(untrusted: str | None, size: int) -> tuple[int, int] | None:
    """[start, stop) of a single range; None where there is none we serve (several, other units, nonsense).

    An unsatisfiable one comes back empty. There are no validators here, so If-Range has nothing to say.
    """
    found = _RANGE.fullmatch((untrusted or "").strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        last = int(found[2])
        return (max(0, size - last), size) if last else (size, size)
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    return start, min(size, int(found[2]) + 1) if found[2] else size


def _cut(request: web.Request) -> None:
    """Reset the connection. Closing alone would let the kernel hand a slow reader the megabytes it still holds."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):  # it is gone already
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
