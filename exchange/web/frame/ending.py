"""How a site's process ends: told to, it sends nobody away in the middle, and nobody new comes in.

1. For `notice` seconds everything goes on, but `/readyz` answers 503 and every answer closes its connection: whoever
   shares the visitors out among several processes sees it, and sends the next ones elsewhere.
2. Then it listens no more, and idle connections are closed.
3. What runs (an upload's piece, a film being watched, a page) goes on for at most `seconds`.
4. What is left is cut. An upload goes on elsewhere from the last byte that was counted, a player from the next range.

A second signal cuts at once.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiohttp import web

LOOK_SECONDS = 0.1
log = structlog.get_logger("web")


@dataclass
class Ending:
    """Whether this process was told to end."""

    begun: bool = False


ENDING = web.AppKey("ending", Ending)


async def close_connection(request: web.Request, response: web.StreamResponse) -> None:
    """A signal for `on_response_prepare`: once the process is ending, no connection is used twice."""
    if request.app[ENDING].begun:
        response.force_close()


async def end(runner: web.AppRunner, *, notice: float, seconds: float, at_once: asyncio.Event) -> int:
    """As above until 3; the number of connections that are left to be cut, which is done by `runner.cleanup()`.

    `at_once`, once set, shortens every wait.
    """
    runner.app[ENDING].begun = True
    await _pause(at_once, notice)
    for site in list(runner.sites):
        await site.stop()
    left = await _ended_by_themselves(runner, seconds, at_once)
    log.info("ending", cut=left)
    return left


async def _ended_by_themselves(runner: web.AppRunner, seconds: float, at_once: asyncio.Event) -> int:
    """How many connections are still there when the time is over, or 0 as soon as there is none."""
    assert runner.server is not None
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        runner.server.pre_shutdown()  # closes what is idle now; the rest once its answer is out
        left = len(runner.server.connections)
        if not left or at_once.is_set() or loop.time() >= until:
            return left
        await _pause(at_once, LOOK_SECONDS)


async def _pause(at_once: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(at_once.wait(), seconds)
