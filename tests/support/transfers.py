"""People in the middle of something, over HTTP: they send a file or watch a film until told to come to an end.

Both do what the pages' own programs do when a line breaks: `Sender` as tus-js-client with the delays of upload.js
(the offset is asked for, and what the service has is not sent again), `Watcher` as Chromium's player (the next
range from where it stood). Both compare every byte.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

import aiohttp
from yarl import URL

from exchange.core.model import Channel
from exchange.steps import links
from tests.support.portal_site import Visitor
from tests.support.world import CODE, World

MIB = 1024 * 1024
DELAYS = (0.0, 1.0, 3.0, 5.0, 10.0, 20.0)
"""Seconds before each further try; the count begins anew whenever something has arrived."""
SLOW_BYTES, SLOW_SECONDS = 8 * 1024, 0.1
TRIES_OF_A_PLAYER = 30


@dataclass
class Transfer:
    """What became of it: how often its line broke, and what it could not go on from ("" is well)."""

    broke: int = 0
    fault: str = ""
    ended: bool = False


@dataclass
class Sender(Transfer):
    """One file sent at a trickle, in one request after another, until `hurry` is set; then as fast as it goes."""

    url: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    request: int = 512 * 1024

    async def run(self, http: aiohttp.ClientSession, hurry: asyncio.Event) -> None:
        """Send it to its end; what goes wrong stands in `fault`."""
        at, tries = 0, 0
        while at < len(self.content) and not self.fault:
            try:
                status, told = await self._patch(http, at, hurry)
            except aiohttp.ClientError:
                status, told = 0, ""
            if status == HTTPStatus.NO_CONTENT:
                at, tries = int(told), 0
                continue
            self.broke += 1
            if (status and status < 500 and status not in (409, 423)) or tries == len(DELAYS):
                self.fault = f"answered {status} at {at} after {tries} tries"
                return
            await asyncio.sleep(DELAYS[tries])
            known = await self._offset(http)
            at, tries = (at, tries + 1) if known is None else (known, 0 if known > at else tries + 1)
        self.ended = not self.fault

    async def _patch(self, http: aiohttp.ClientSession, at: int, hurry: asyncio.Event) -> tuple[int, str]:
        body = self.content[at : at + self.request]
        named = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
        headers = {**self.headers, **named, "Tus-Resumable": "1.0.0", "Content-Length": str(len(body))}
        async with http.patch(self.url, headers=headers, data=_trickle(body, hurry)) as answer:
            return answer.status, answer.headers.get("Upload-Offset", "")

    async def _offset(self, http: aiohttp.ClientSession) -> int | None:
        try:
            async with http.head(self.url, headers={**self.headers, "Tus-Resumable": "1.0.0"}) as answer:
                return int(answer.headers["Upload-Offset"]) if answer.status == HTTPStatus.OK else None
        except aiohttp.ClientError:
            return None


async def _trickle(body: bytes, hurry: asyncio.Event) -> AsyncIterator[bytes]:
    for at in range(0, len(body), SLOW_BYTES):
        yield body[at : at + SLOW_BYTES]
        if not hurry.is_set():
            await asyncio.sleep(SLOW_SECONDS)


@dataclass
class Watcher(Transfer):
    """One film watched by open-ended ranges, from the beginning again at its end, until `hurry` is set."""

    url: str = ""
    cookie: str = field(default="", repr=False)
    content: bytes = field(default=b"", repr=False)
    size: int = 0
    at: int = 0

    async def run(self, http: aiohttp.ClientSession, hurry: asyncio.Event) -> None:
        """Watch it; once hurried, to its end."""
        tries = 0
        while not self.fault and not (hurry.is_set() and self.at == self.size):
            self.at %= self.size
            before = self.at
            try:
                await self._range(http, hurry)
            except aiohttp.ClientError:
                self.broke += 1
                tries = 0 if self.at > before else tries + 1
                self.fault = "" if tries < TRIES_OF_A_PLAYER else f"nothing more after {self.at}"
                await asyncio.sleep(0.25)
        self.ended = not self.fault

    async def _range(self, http: aiohttp.ClientSession, hurry: asyncio.Event) -> None:
        headers = {"Cookie": f"portal={self.cookie}", "Range": f"bytes={self.at}-"}
        async with http.get(self.url, headers=headers, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.PARTIAL_CONTENT:
                self.fault = f"answered {answer.status} at {self.at}"
                return
            while data := await answer.content.read(8 * SLOW_BYTES):
                if data != self._part(len(data)):
                    self.fault = f"other bytes at {self.at}"
                    return
                self.at += len(data)
                if not hurry.is_set():
                    await asyncio.sleep(SLOW_SECONDS)

    def _part(self, length: int) -> bytes:
        """What must come now: `content` over and over."""
        start = self.at % len(self.content)
        return (self.content[start:] + self.content)[:length]


async def sender_at(portal: str, world: World, size: int) -> tuple[Sender, UUID]:
    """An author at the upload page of a link of their own, and the upload that was begun there."""
    link = await links.invite(
        world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL, kind="audio"
    )
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        browser = Visitor(portal, client)
        session = await browser.open(link.secret, CODE)
        await browser.follow(await browser.post(session + "/me", answer="me"))
        await browser.get(session + "/upload")
        begun = await browser.ask("POST", session + "/upload/begin", headers={"X-CSRF-Token": browser.token})
        jar = client.cookie_jar.filter_cookies(URL(portal))
        headers = {
            "Cookie": "; ".join(f"{name}={one.value}" for name, one in jar.items()),
            "X-CSRF-Token": browser.token, "X-Visit": session.rsplit("/", 1)[1],
        }  # fmt: skip
        metadata = f"message {_b64(json.loads(begun.body)['message'])},filename {_b64('voice.wav')}"
        asked = {**headers, "Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata}
        made = await browser.ask("POST", "/uploads", headers=asked)
    assert made.status == HTTPStatus.CREATED, made.text
    upload = made.location.rsplit("/", 1)[1]
    content = hashlib.shake_256(upload.encode()).digest(size)
    return Sender(url=f"{portal}/uploads/{upload}", headers=headers, content=content), UUID(upload)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
