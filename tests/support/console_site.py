"""The console on a free port, and clients that are signed in as somebody: real sessions, real cookies."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import func, insert

from exchange.core.links import new_secret, session_hash
from exchange.core.model import Actor
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.console.app import create
from exchange.web.frame import FrameRunner

PROVIDER = {
    "oidc_issuer": "https://staff.example",
    "oidc_client_id": "exchange",
    "oidc_client_secret": SecretStr("x" * 32),
}
"""Settings of single sign-on, so that its pages are there; nobody goes to that address."""


@dataclass
class Client:
    """A browser at the console."""

    url: str
    http: aiohttp.ClientSession
    cookie: str = ""

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text; of a picture what there is of text. Redirects are not followed."""
        async with self.http.get(self.url + path, allow_redirects=False) as response:
            return response.status, await response.text(errors="replace")

    async def where(self, path: str) -> str:
        """Where a GET leads: the Location of a redirect, "" otherwise."""
        async with self.http.get(self.url + path, allow_redirects=False) as response:
            return response.headers.get("Location", "")

    async def send(self, path: str, page: str | None = None, **fields: Any) -> tuple[int, str, str]:
        """Send a form with the token of `page` (default: the same path): status, text, Location."""
        _, text = await self.get(page or path)
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
        data = [("csrf", found[1] if found else "")]
        for name, value in fields.items():
            data += [(name, str(one)) for one in (value if isinstance(value, list) else [value])]
        return await self.post(path, data)

    async def post(self, path: str, data: list[tuple[str, str]]) -> tuple[int, str, str]:
        """Send fields as they are."""
        async with self.http.post(self.url + path, data=aiohttp.FormData(data), allow_redirects=False) as response:
            return response.status, await response.text(), response.headers.get("Location", "")


@dataclass
class Console:
    """A console that listens."""

    service: Service
    url: str
    app: web.Application
    opened: list[aiohttp.ClientSession] = field(default_factory=list)

    def client(self, cookie: str = "") -> Client:
        """A new browser, with this session cookie or none."""
        jar = aiohttp.CookieJar(unsafe=True)
        http = aiohttp.ClientSession(cookie_jar=jar, cookies={"console": cookie} if cookie else None)
        self.opened.append(http)
        return Client(self.url, http, cookie)

    async def as_(self, actor: Actor, *, stepped_up: bool = True) -> Client:
        """A browser in which this member of staff is signed in, freshly confirmed or an hour ago."""
        assert actor.id
        return self.client(await session_cookie(self.service, actor.id, stepped_up=stepped_up))


async def session_cookie(service: Service, account: UUID, *, stepped_up: bool = True) -> str:
    """The cookie of a new open session of an account."""
    cookie = new_secret()
    since = func.now() if stepped_up else func.now() - timedelta(hours=1)
    row = {"account_id": account, "cookie_hash": session_hash(cookie), "second_factor": True}
    async with reading(service) as conn:
        await conn.execute(insert(t.account_session).values(**row, stepped_up_at=since))
    return cookie


@asynccontextmanager
async def running_console(service: Service) -> AsyncIterator[Console]:
    """Run the console over `service` until the block ends."""
    app = await create(service)
    runner = FrameRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    console = Console(service, f"http://127.0.0.1:{runner.addresses[0][1]}", app)
    try:
        yield console
    finally:
        for client in console.opened:
            await client.close()
        await runner.cleanup()
