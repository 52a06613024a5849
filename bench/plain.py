"""The yardstick: plain aiohttp, raw PUT into a file and a streamed GET of it, nothing else."""

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

RUN = 1024 * 1024


async def put(request: web.Request) -> web.Response:
    """The body, as it comes, into one file; durable before the answer, as ours is."""
    path = request.app[FOLDER] / "plain"
    with path.open("wb") as file:
        async for chunk in request.content.iter_any():
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
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
