"""The API over HTTP: a running console, and callers who hold a token of somebody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from sqlalchemy import func, update

from exchange.core.model import OPERATOR, Actor
from exchange.steps import tokens
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Console, running_console

PREFIX = "/api/v1"


@dataclass
class Answered:
    """An answer: status, media type, headers, and the JSON (None where there is none)."""

    status: int
    media_type: str
    headers: Any
    json: Any
    body: bytes


@dataclass
class Caller:
    """Somebody at the API."""

    url: str
    http: aiohttp.ClientSession
    token: str

    async def ask(self, method: str, path: str, json: Any = None, **given: Any) -> Answered:
        """One request below /api/v1."""
        if json is not None:
            given["json"] = json
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= given.pop("headers", {})
        async with self.http.request(method, self.url + PREFIX + path, headers=headers, **given) as response:
            body = await response.read()
            known = "json" in response.content_type and "jsonl" not in response.content_type
            found = await response.json(content_type=None) if known and body else None
            return Answered(response.status, response.content_type, response.headers, found, body)

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET that must succeed."""
        found = await self.ask("GET", path, params=query)
        assert found.status == 200, (path, found.status, found.body)
        return found.json

    async def do(self, method: str, path: str, json: Any = None) -> Any:
        """The JSON (or None) of a change that must succeed."""
        found = await self.ask(method, path, json)
        assert 200 <= found.status < 300, (path, found.status, found.body)
        return found.json


@dataclass
class Api:
    """A console that listens, and its callers."""

    console: Console
    http: aiohttp.ClientSession

    @property
    def service(self) -> Service:
        """What it serves."""
        return self.console.service

    async def as_(self, actor: Actor, *, stepped_up: bool = False) -> Caller:
        """A caller with a fresh token of this account."""
        made = await tokens.create_token(self.service, OPERATOR, label="test", account_id=actor.id)
        if stepped_up:
            async with reading(self.service) as conn:
                mine = update(t.api_token).where(t.api_token.c.id == made.id)
                await conn.execute(mine.values(stepped_up_at=func.now()))
        return Caller(self.console.url, self.http, made.secret)

    def nobody(self) -> Caller:
        """A caller without a token."""
        return Caller(self.console.url, self.http, "")


@asynccontextmanager
async def running_api(service: Service) -> AsyncIterator[Api]:
    """Run the console until the block ends."""
    async with running_console(service) as console, aiohttp.ClientSession() as http:
        yield Api(console, http)
