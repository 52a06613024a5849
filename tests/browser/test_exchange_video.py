"""One video as a phone makes it, from the author's own upload to the recipient's screen, and stopped while it runs."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, Response
from sqlalchemy import func, select

from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.browser import PATIENCE, Participant, Staff, id_of, newest_message, press, say, tick, told
from tests.support.recordings import SECRETS, camera_video
from tests.support.running import Exchange

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
NOTE = "A minute, filmed in a kitchen. Nobody else is in it."
SECONDS = 120
SEEN = "video => video.currentTime > 0.3 && video.videoWidth > 0 && !video.error"


async def test_a_video_is_sought_in_and_stops_when_it_is_taken_back(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path
) -> None:
    """Upright, without its place, by ranges; a withdrawal ends a slow stream within a second and the player too."""
    world = await exchange.case(inside)
    fern = await Staff.signed_in(exchange, visitors, "fern")
    author = await Participant.with_link(visitors, await _invitation(fern, world.case, world.author))
    stop_link = await _send(author, camera_video(tmp_path / "phone.mov", SECONDS))
    message = await newest_message(inside, world.case)
    await fern.made_safe(message)
    link = await _released(fern, message)

    watcher = await Participant.with_link(visitors, link)
    await watcher.read_on()
    await _watch_and_seek(watcher.page)
    await _holds_no_secret(watcher)
    async with _slow(watcher) as stream:
        await stream.running.wait()
        await author.open(stop_link)
        assert await watcher.page.evaluate("() => !document.querySelector('video').paused")
        gone = asyncio.create_task(_taken_off_the_screen(watcher))
        await press(author.page, "Take it back")
        await told(author.page, "Done. If it has not been shared, it will not be.")
    after = stream.last - await _withdrawn_at(inside, message)
    screen = await gone - await _withdrawn_at(inside, message)
    say(f"stream stopped {after:.2f} s after the withdrawal, {stream.received} of {stream.size} bytes received")
    say(f"the player was gone {screen:.2f} s after it")
    assert 0 < stream.received < stream.size
    assert after <= 1.0
    assert screen <= 5.0  # it asks each second; the rest is this machine's
    await _player_is_stopped(watcher)


async def _invitation(fern: Staff, case: object, author: object) -> str:
    await fern.go(f"/cases/{case}/invite")
    await tick(fern.page, "author", str(author))
    await tick(fern.page, "kind", "video")
    await tick(fern.page, "channel", "email")
    await press(fern.page, "Make the link")
    return await fern.link()


async def _send(author: Participant, film: Path) -> str:
    """Upload by the page's own script with progress, check, send: the receipt's stop link."""
    page = author.page
    await author.go("/upload")
    await page.locator("#file").set_input_files(film)
    await page.get_by_role("button", name="Send this file").click()
    await page.wait_for_url("**/check", timeout=4 * PATIENCE)
    await press(page, "Send it to my facilitator")
    return (await page.locator("#stop-link").inner_text()).strip()


async def _released(fern: Staff, message: str) -> str:
    await fern.approve(message)
    await fern.record(message, "share", given="yes", method="in_person")
    await fern.offer(message, NOTE, by_link=False)
    await fern.record(message, "receive", answer="yes", method="in_person", how="alone")
    return await fern.hand_over(message, "link")


async def _watch_and_seek(page: Page) -> None:
    """It plays upright; a jump towards the end is answered with 206 and a range that begins far into the file."""
    ranges: list[Response] = []
    page.on("response", lambda response: ranges.append(response) if response.url.endswith("/part/picture") else None)
    await page.reload()
    video = await page.wait_for_selector("video")
    await video.evaluate("video => { video.muted = true; return video.play(); }")
    await page.wait_for_function(SEEN, arg=video)
    width, height = await video.evaluate("video => [video.videoWidth, video.videoHeight]")
    assert width < height
    before = len(ranges)
    await video.evaluate(
        "video => new Promise(done => { video.onseeked = done; video.currentTime = 0.8 * video.duration; })"
    )
    at = await video.evaluate("video => video.currentTime")
    await page.wait_for_function("([video, at]) => video.currentTime > at + 0.2", arg=[video, at])
    sought = [await _range(response) for response in ranges[before:]]
    assert {response.status for response in ranges} == {206}
    assert any(start > 0.6 * size for start, size in sought), sought
    await video.evaluate("video => { video.loop = true; return video.play(); }")


async def _range(response: Response) -> tuple[int, int]:
    """First byte and size of what a 206 served, as its own header says."""
    served = (await response.all_headers())["content-range"]
    span, size = served.removeprefix("bytes ").split("/")
    return int(span.split("-")[0]), int(size)


async def _holds_no_secret(watcher: Participant) -> None:
    whole = await (await watcher.context.request.get(f"{watcher.here}/part/picture")).body()
    assert whole[4:8] == b"ftyp"
    assert [secret for secret in SECRETS if secret.encode() in whole] == []


@dataclass
class _Stream:
    """What a slow reader got, and when the last of it."""

    size: int = 0
    received: int = 0
    last: float = 0.0
    running: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def _slow(watcher: Participant) -> AsyncIterator[_Stream]:
    """Read the film with the recipient's cookies, as over a poor line, until the connection ends: about 250 kB/s."""
    stream, cookies = _Stream(), await watcher.cookies()

    def narrow(address: Any) -> socket.socket:
        made = socket.socket(*address[:3])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        made.setblocking(False)
        return made

    async def read() -> None:
        connector = aiohttp.TCPConnector(socket_factory=narrow)
        async with (
            aiohttp.ClientSession(connector=connector, read_bufsize=8 * 1024) as client,
            client.get(f"{watcher.here}/part/picture", cookies=cookies) as answer,
        ):
            stream.size = int(answer.headers["Content-Length"])
            with suppress(aiohttp.ClientError, ConnectionError):
                while chunk := await answer.content.read(8 * 1024):
                    stream.received += len(chunk)
                    stream.last = time.time()
                    stream.running.set()
                    await asyncio.sleep(0.032)

    reader = asyncio.create_task(read())
    try:
        yield stream
        async with asyncio.timeout(20):
            await reader
    finally:
        reader.cancel()


async def _withdrawn_at(inside: Service, message: str) -> float:
    """When the withdrawal's transaction began, which is before its commit. Seconds, this machine's clock."""
    m = t.message
    async with reading(inside) as conn:
        query = select(m.c.state, func.extract("epoch", m.c.state_since)).where(m.c.id == id_of(message))
        state, at = (await conn.execute(query)).one()
    assert state == "withdrawn"
    return float(at)


async def _taken_off_the_screen(watcher: Participant) -> float:
    """When the film that was playing, all of it loaded already, is no longer on the page."""
    await watcher.page.wait_for_function("() => !document.querySelector('video')", timeout=20_000)
    return time.time()


async def _player_is_stopped(watcher: Participant) -> None:
    """The page gets no further range, and does not open again."""
    part = f"{watcher.here}/part/picture"
    asked = "url => fetch(url, {headers: {Range: 'bytes=100-200'}}).then(answer => answer.status)"
    assert await watcher.page.evaluate(asked, part) == 404
    await watcher.go("/read")
    assert await watcher.page.locator("video").count() == 0
