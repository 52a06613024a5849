"""A proxy in front of a real S3 server that answers as stores and networks do when things go wrong.

    python -m tests.faults.s3_proxy 127.0.0.1:8080      # prints its own port

What goes wrong follows from a seed (`PUT /-/plan`): how often, what, and which object the store itself spoils after it
has acknowledged it. `GET /-/tally` says what was done. Requests are handed on byte for byte, so their signatures hold.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, web
from yarl import URL

ON_THE_WAY = ("refused", "slow", "silent before", "silent after", "reset", "cut", "short", "flipped", "swapped")
"""What may pass: the next answer is right."""
READS_ONLY = {"cut", "short", "flipped", "swapped"}
FOR_GOOD = ("lost", "rotten", "shortened", "exchanged")
"""What the store does to an object after it has acknowledged it."""
SILENCE = 1.2
"""Seconds; longer than the tests' clients wait."""
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_REFUSED = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Slow down.</Message></Error>"
_GONE = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>No such key.</Message></Error>"


@dataclass
class Trouble:
    """One run's: about every `often`-th request goes wrong. `spoil`: what becomes of the `nth` object put `under`."""

    seed: int = 0
    often: int = 0
    spoil: str = ""
    nth: int = 1
    under: str = "upload/"


@dataclass
class Proxy:
    """The proxy of one campaign."""

    upstream: str
    trouble: Trouble = field(default_factory=Trouble)
    dice: random.Random = field(default_factory=random.Random)
    tally: Counter[str] = field(default_factory=Counter)
    seen: dict[str, bytes] = field(default_factory=dict)
    spoiled: dict[str, str] = field(default_factory=dict)
    put: int = 0

    async def plan(self, request: web.Request) -> web.Response:
        """A run begins."""
        self.trouble = Trouble(**await request.json())
        self.dice = random.Random(self.trouble.seed)
        self.seen.clear()
        self.spoiled.clear()
        self.put = 0
        return web.Response()

    async def told(self, _: web.Request) -> web.Response:
        """What was done in all runs, and which objects are spoiled in this one."""
        return web.json_response({"tally": self.tally, "spoiled": self.spoiled})

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """One request of a client."""
        what = self._what(request)
        self.tally["requests"] += 1
        self.tally[what] += bool(what)
        body = await request.read()
        if what == "refused":
            return web.Response(status=503, body=_REFUSED, content_type="application/xml")
        if what == "slow":
            await asyncio.sleep(0.05)
        if what == "silent before":
            await asyncio.sleep(SILENCE)
        if what in ("reset", "silent before"):
            return _hung_up(request)
        status, headers, answer = await self._ask(request, body)
        self._remember(request, status, body)
        if what == "silent after":
            await asyncio.sleep(SILENCE)
            return _hung_up(request)
        status, answer = self._as_spoiled(request, status, answer)
        if answer == _GONE:
            headers["Content-Type"] = "application/xml"
        if what == "cut" and len(answer) > 1:
            return await _broken_off(request, status, headers, answer)
        return _answer(request, status, headers, self._changed(what, answer))

    def _what(self, request: web.Request) -> str:
        if not self.trouble.often or self.dice.randrange(self.trouble.often):
            return ""
        what = self.dice.choice(ON_THE_WAY)
        is_object = request.method == "GET" and _key(request) != ""
        return "slow" if what in READS_ONLY and not is_object else what

    async def _ask(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        url = URL(f"http://{self.upstream}{request.raw_path}", encoded=True)
        kept = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        async with request.app[CLIENT].request(request.method, url, headers=kept, data=body or None) as answer:
            whole = await answer.read()
            return answer.status, dict(answer.headers), whole

    def _remember(self, request: web.Request, status: int, body: bytes) -> None:
        """What was stored, and which object goes bad from now on."""
        key = _key(request)
        if request.method != "PUT" or status != 200 or not key:
            return
        self.seen[key] = body
        if self.trouble.spoil and key.startswith(self.trouble.under):
            self.put += 1
            if self.put == self.trouble.nth:
                self.spoiled[key] = self.trouble.spoil
                self.tally[self.trouble.spoil] += 1

    def _as_spoiled(self, request: web.Request, status: int, answer: bytes) -> tuple[int, bytes]:
        kind = self.spoiled.get(_key(request), "")
        if not kind or request.method not in ("GET", "HEAD") or status not in (200, 206):
            return status, answer
        if kind == "lost":
            return 404, b"" if request.method == "HEAD" else _GONE
        changes = {"rotten": "flipped", "shortened": "short", "exchanged": "swapped"}
        return status, self._changed(changes[kind], answer)

    def _changed(self, what: str, answer: bytes) -> bytes:
        if what == "flipped" and answer:
            at = self.dice.randrange(len(answer))
            return answer[:at] + bytes([answer[at] ^ 1 << self.dice.randrange(8)]) + answer[at + 1 :]
        if what == "short":
            return answer[: len(answer) // 2]
        if what == "swapped" and self.seen:
            other = self.dice.choice(sorted(self.seen))
            return self.seen[other][: len(answer)].ljust(len(answer), b"\0")
        return answer


CLIENT: web.AppKey[ClientSession] = web.AppKey("client", ClientSession)


def _key(request: web.Request) -> str:
    """The object's key: what stands behind the bucket's name; "" for requests about a bucket."""
    return request.path.strip("/").partition("/")[2] if "uploads" not in request.query else ""


def _answer(request: web.Request, status: int, headers: dict[str, str], answer: bytes) -> web.Response:
    kept = {name: value for name, value in headers.items() if name.lower() not in _HOP}
    if request.method == "HEAD":
        kept["Content-Length"] = headers.get("Content-Length", "0") if status == 200 else "0"
    return web.Response(status=status, headers=kept, body=None if request.method == "HEAD" else answer)


def _hung_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _broken_off(request: web.Request, status: int, headers: dict[str, str], answer: bytes) -> web.StreamResponse:
    """Half of what was announced, then nothing."""
    kept = {name: value for name, value in headers.items() if name.lower() not in _HOP}
    response = web.StreamResponse(status=status, headers=kept)
    response.content_length = len(answer)
    await response.prepare(request)
    await response.write(answer[: len(answer) // 2])
    _hung_up(request)
    return response


async def serve(upstream: str) -> None:
    """Until it is killed."""
    proxy = Proxy(upstream)
    app = web.Application(client_max_size=1 << 30)
    app.router.add_put("/-/plan", proxy.plan)
    app.router.add_get("/-/tally", proxy.told)
    app.router.add_route("*", "/{path:.*}", proxy.pass_on)
    async with ClientSession(
        auto_decompress=False, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=60)
    ) as client:
        app[CLIENT] = client
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(json.dumps({"port": _port(runner)}), flush=True)
        await asyncio.Event().wait()


def _port(runner: Any) -> int:
    return int(runner.addresses[0][1])


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
