"""The watch over streams under a crowd: what cannot be checked is not shown, and what can be is not cut."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from bench.streams import BLOCK, MIB, Stage, released
from exchange.core.errors import Refused
from exchange.store.engine import POOL_OVERFLOW, POOL_SIZE
from exchange.store.service import Service
from exchange.store.watch import Stream
from exchange.web.streaming import _may_begin
from tests.support.portal_site import running_portal
from tests.support.redeeming import browsers
from tests.support.transfers import Watcher
from tests.support.world import make_world

FILM = 8 * MIB


async def take_all(crowd: AsyncExitStack, service: Service) -> None:
    """Take every connection of the pool; TimeoutError where somebody else keeps one."""
    for _ in range(POOL_SIZE + POOL_OVERFLOW):
        async with asyncio.timeout(3):
            await crowd.enter_async_context(service.engine.connect())


async def test_a_crowd_that_waits_for_connections_cuts_no_film(service: Service, portal_service: Service) -> None:
    """Every connection of the pool is taken for seconds; a film that runs goes on, for the watch has its own."""
    world = await make_world(service)
    stage = Stage(service, world.facilitator, world.case, world.author, world.recipient)
    session, cookie, _ = await released(stage, FILM)
    hurry = asyncio.Event()
    async with running_portal(portal_service) as site, browsers() as http:
        url = f"{site.url}/s/{session}/part/picture"
        watcher = Watcher(url=url, cookie=cookie, content=BLOCK, size=FILM)
        watching = asyncio.create_task(watcher.run(http, hurry))
        await asyncio.sleep(1)
        async with AsyncExitStack() as crowd:
            with pytest.raises(TimeoutError):
                await take_all(crowd, portal_service)
            await asyncio.sleep(1)
        hurry.set()
        await asyncio.wait_for(watching, 60)
    assert (watcher.ended, watcher.broke, watcher.fault) == (True, 0, "")


@pytest.mark.parametrize("unchecked", [True, False])
async def test_a_stream_that_nobody_could_check_is_cut_and_not_refused(unchecked: bool) -> None:
    """A player asks again after a broken line; after a refusal, which is for what was taken back, it does not."""
    stream = Stream(uuid4(), None, None, lambda: asyncio.sleep(0, result=True))
    stream.stop(unchecked=unchecked)

    async def handler(request: web.Request) -> web.Response:
        try:
            return web.Response(status=206 if _may_begin(request, stream) else 200)
        except Refused:
            return web.Response(status=409)

    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as client:
            asked = client.get(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            if unchecked:
                with pytest.raises(aiohttp.ClientError):
                    await asked
            else:
                async with asked as answer:
                    assert answer.status == 409
    finally:
        await runner.cleanup()
