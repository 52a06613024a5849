"""A process that only receives uploads, to be killed: `python -m tests.support.uploads ACCOUNT`.

Prints its port; settings come from the environment.
"""

import asyncio
import sys
from uuid import UUID

from aiohttp import web

from exchange.core.model import Actor, ActorKind, Role
from exchange.settings import Settings
from exchange.store.service import open_service
from exchange.web.frame.routing import PUBLIC, Csrf, add_routes
from exchange.web.frame.state import SERVICE
from exchange.web.tus import UploadActor, tus_routes

PREFIX = "/api/v1/uploads"


async def main(account: UUID) -> None:
    """Serve until killed."""
    actor = Actor(ActorKind.STAFF, account, frozenset({Role.FACILITATOR}))

    async def resolve(_: web.Request) -> UploadActor:
        return UploadActor(actor)

    async with open_service(Settings.load(), with_keys=True) as service:
        app = web.Application()
        app[SERVICE] = service
        add_routes(app, tus_routes(PREFIX, resolve, permission=PUBLIC, csrf=Csrf.BEARER))
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(UUID(sys.argv[1])))
