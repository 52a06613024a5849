"""Sends a ZIP that leaves the service for good: never shown in place, never kept by a browser's cache."""

from contextlib import suppress

from aiohttp import web

from exchange.steps.own_copy import HandedOut


async def send_zip(request: web.Request, handed: HandedOut) -> web.StreamResponse:
    """All of it. Its first run is proved before any header goes out."""
    runs = handed.bytes
    first = await anext(runs, memoryview(b""))
    response = web.StreamResponse()
    response.headers["Content-Type"] = "application/zip"
    response.headers["Content-Disposition"] = f'attachment; filename="copy-{handed.reference}.zip"'
    response.headers["Cache-Control"] = "no-store"
    response.content_length = handed.size
    await response.prepare(request)
    with suppress(ConnectionError):  # whoever fetched it went away
        await response.write(first)
        async for run in runs:
            await response.write(run)
        await response.write_eof()
    return response
