"""The portal as a running server for tests, and a browser-like visitor: one cookie jar, forms with tokens."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from exchange.store.service import Service
from exchange.web.frame import FrameRunner
from exchange.web.portal.app import create

TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')
AGREEING = ("/preview", "/accept", "/beforehand")
"""Pages whose form brings back which words stood on it."""


def hidden(page: str) -> dict[str, str]:
    """Which words a page shows, as its form says."""
    return dict(re.findall(r'<input type="hidden" name="(wording|language)" value="([^"]*)"', page))


@dataclass
class Answer:
    """One answer, its body read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("Location", "")


@dataclass
class Visitor:
    """One browser. `get` and `post` follow nothing by themselves."""

    url: str
    client: aiohttp.ClientSession
    seen: list[Answer] = field(default_factory=list)
    token: str = ""

    async def ask(self, method: str, path: str, **kwargs: object) -> Answer:
        """Any request."""
        async with self.client.request(method, self.url + path, allow_redirects=False, **kwargs) as response:  # type: ignore[arg-type]
            answer = Answer(response.status, response.headers, await response.read(), path)
        found = TOKEN.search(answer.body.decode("utf-8", "replace"))
        self.token = found[1] if found else self.token
        self.seen.append(answer)
        return answer

    async def get(self, path: str, **kwargs: object) -> Answer:
        """A page."""
        return await self.ask("GET", path.split("#", maxsplit=1)[0], **kwargs)

    async def post(self, path: str, **fields: str) -> Answer:
        """A form, with the newest token this browser saw."""
        if not self.token:
            await self.get("/l")
        if path.endswith(AGREEING):
            fields = {**hidden((await self.get(path)).text), **fields}
        return await self.ask("POST", path, data={"csrf": self.token, **fields})

    async def follow(self, answer: Answer) -> Answer:
        """The page at the end of redirects."""
        while answer.status == 303:
            answer = await self.get(answer.location)
        return answer

    async def open(self, secret: str, code: str) -> str:
        """Land with a link, enter the code; the path of the session."""
        await self.get("/l")
        answer = await self.post("/l", link=secret, code=code)
        assert answer.status == 303, answer.text
        return answer.location.rstrip("#")


@dataclass
class PortalSite:
    """A running portal."""

    url: str
    app: web.Application

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Visitor]:
        """A fresh browser."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as client:
            yield Visitor(self.url, client)


@asynccontextmanager
async def running_portal(service: Service) -> AsyncIterator[PortalSite]:
    """The portal over `service` on a free port of loopback."""
    app = await create(service)
    runner = FrameRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield PortalSite(f"http://127.0.0.1:{runner.addresses[0][1]}", app)
    finally:
        await runner.cleanup()
