"""The yardstick: plain aiohttp, raw PUT into a file and a streamed GET of it, nothing else."""

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

RUN = 1024 * 1024


async def put(request: web.Request) -> web.Response:
    """The body, as it comes, into a file of its own, as a service has to keep each; durable before the answer.

    To write one file over and over would reuse its pages in the kernel's cache, which is several times as fast.
    """
    path = request.app[FOLDER] / "coming"
    with path.open("wb") as file:
        async for chunk in request.content.iter_any():
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    kept = request.app[FOLDER] / "plain"
    if kept.exists():
        kept.rename(request.app[FOLDER] / f"plain-{kept.stat().st_ino}")
    path.rename(kept)
    return web.Response()


async def get(request: web.Request) -> web.StreamResponse:
    """The file in runs of 1 MiB."""
    response = web.StreamResponse()
    with (request.app[FOLDER] / "plain").open("rb") as file:
        response.content_length = os.fstat(file.fileno()).st_size
        await response.prepare(request)
        while run := await asyncio.to_thread(file.read, RUN):
            await response.write(run)
    await response.write_eof()
    return response


FOLDER = web.AppKey("folder", Path)


def main() -> None:
    """`python -m bench.plain FOLDER PORT`."""
    app = web.Application(client_max_size=0)
    app[FOLDER] = Path(sys.argv[1])
    app.router.add_put("/", put)
    app.router.add_get("/", get)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), print=None)


if __name__ == "__main__":
    main()
