"""A tus end point of its own, a plain client that speaks the protocol, and a message that is being put in."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from aiohttp import ClientSession, web

from exchange.core.errors import SignInNeeded
from exchange.core.model import Kind
from exchange.store.service import Service
from exchange.web.frame.routing import PUBLIC, Csrf, add_routes
from exchange.web.frame.state import SERVICE
from exchange.web.tus import BODY_TYPE, UploadActor, tus_routes
from tests.support.putting_in import Case, begin, make_case

PREFIX = "/api/v1/uploads"
SPEAK = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True)
class Desk:
    """A running end point, a client, and a message that is being put in."""

    service: Service
    client: ClientSession
    url: str
    case: Case
    message: UUID

    def told(self, name: str = "voice.wav", position: int = 0) -> dict[str, str]:
        """Upload-Metadata of a file of this message."""
        values = {"message": str(self.message), "filename": name, "position": str(position)}
        pairs = [f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items()]
        return {"Upload-Metadata": ",".join(pairs)}

    async def create(self, size: int | None = 100, **headers: str) -> str:
        """The URL of a new upload."""
        length = {"Upload-Defer-Length": "1"} if size is None else {"Upload-Length": str(size)}
        sent = SPEAK | length | self.told() | headers
        async with self.client.post(self.url + PREFIX, headers=sent) as answer:
            assert answer.status == 201, await answer.text()
            return self.url + answer.headers["Location"]

    async def patch(self, where: str, offset: int, body: object, **headers: str) -> tuple[int, str | None]:
        """Status and Upload-Offset of one PATCH."""
        sent = SPEAK | {"Upload-Offset": str(offset), "Content-Type": BODY_TYPE}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.patch(where, data=body, headers=sent) as answer:
            return answer.status, answer.headers.get("Upload-Offset")

    async def head(self, where: str) -> tuple[int, dict[str, str]]:
        """Status and headers of one HEAD."""
        async with self.client.head(where, headers=SPEAK) as answer:
            return answer.status, dict(answer.headers)


@asynccontextmanager
async def tus_desk(service: Service, *, cancelled: bool = False) -> AsyncIterator[Desk]:
    """Run it. `cancelled`: the server cancels handlers whose client has gone, or tells them by an error."""
    case = await make_case(service)
    message = await begin(service, case, Kind.AUDIO)

    async def resolve(request: web.Request) -> UploadActor:
        if request.headers.get("Authorization") == "Bearer nobody":
            raise SignInNeeded
        return UploadActor(case.staff)

    app = web.Application()
    app[SERVICE] = service
    add_routes(app, tus_routes(PREFIX, resolve, permission=PUBLIC, csrf=Csrf.BEARER))
    runner = web.AppRunner(app, handler_cancellation=cancelled)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession() as client:
            yield Desk(service, client, url, case, message)
    finally:
        await runner.cleanup()
