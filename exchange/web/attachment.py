"""What a browser calls a file of ours, and how one leaves the service for good. The one place that names files."""

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from exchange.steps.own_copy import HandedOut

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def named(name: str, *, shown: bool = False) -> dict[str, str]:
    """Headers of a file with a name of ours: to be saved, or `shown` in place. ValueError for a name that is not."""
    if not _NAME.fullmatch(name):
        raise ValueError  # a name that is not ours
    return {"Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}"'}


async def send_zip(request: web.Request, handed: "HandedOut") -> web.StreamResponse:
    """All of it, never shown in place, never kept by a browser's cache. Its first run is proved before any header."""
    runs = handed.bytes
    first = await anext(runs, memoryview(b""))
    response = web.StreamResponse(headers=named(f"copy-{handed.reference}.zip"))
    response.headers["Content-Type"] = "application/zip"
    response.headers["Cache-Control"] = "no-store"
    response.content_length = handed.size
    await response.prepare(request)
    with suppress(ConnectionError):  # whoever fetched it went away
        await response.write(first)
        async for run in runs:
            await response.write(run)
        await response.write_eof()
    return response
