"""Clients that are not ours: tuspy, and tus-js-client under node, at the API with a token and at the portal by a visit.

Each end point is the real one: the console's application with its sign-in and CSRF rules, the portal's with its own
database role, cookie and token. What arrives is compared with what was sent, bit by bit.
"""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from yarl import URL

from exchange.core.model import Channel, Kind
from exchange.steps import intake, links
from exchange.store.service import Service
from tests.support.api import running_api
from tests.support.figures import say
from tests.support.node import tus_js_client
from tests.support.portal_site import Visitor, running_portal
from tests.support.putting_in import read_back
from tests.support.world import CODE, World, make_world

SIZE = 3 * 1024 * 1024 + 321
CHUNK = 512 * 1024
NAME = "Sŵn y môr, ein stori.wav"


@dataclass(frozen=True)
class Place:
    """A tus end point, what a client sends there, and where a file is looked at."""

    service: Service
    url: str
    headers: dict[str, str]
    message: str

    @property
    def told(self) -> dict[str, Any]:
        """Endpoint, headers and metadata for tus-js-client."""
        metadata = {"message": self.message, "filename": NAME}
        return {"endpoint": self.url, "headers": self.headers, "metadata": metadata, "chunk": CHUNK}

    async def kept(self, where: str) -> bytes:
        """What arrived, as a worker reads it."""
        return await read_back(self.service, UUID(where.rsplit("/", 1)[1]))

    async def status(self, where: str) -> int:
        """What HEAD answers."""
        async with (
            aiohttp.ClientSession() as http,
            http.head(where, headers={**self.headers, "Tus-Resumable": "1.0.0"}) as answer,
        ):
            return answer.status


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@pytest.fixture(params=["api", "portal"])
async def place(request: pytest.FixtureRequest, world: World, portal_service: Service) -> AsyncIterator[Place]:
    """The API with a facilitator's token, or the portal with an author's visit."""
    if request.param == "api":
        async with running_api(world.service) as api:
            yield await _at_the_api(world, api)
    else:
        async with running_portal(portal_service) as site, site.browser() as browser:
            yield await _at_the_portal(world, browser)


async def _at_the_api(world: World, api: Any) -> Place:
    caller = await api.as_(world.facilitator)
    who = {"author": world.author, "recipient": world.recipient}
    message = await intake.begin_message(world.service, world.facilitator, world.case, kind=Kind.AUDIO, **who)
    headers = {"Authorization": f"Bearer {caller.token}"}
    return Place(world.service, f"{caller.url}/api/v1/uploads", headers, str(message))


async def _at_the_portal(world: World, browser: Visitor) -> Place:
    invited = (world.author, world.recipient)
    link = await links.invite(world.service, world.facilitator, *invited, channel=Channel.EMAIL, kind="audio")
    session = await browser.open(link.secret, CODE)
    await browser.follow(await browser.post(session + "/me", answer="me"))
    await browser.get(session + "/upload")
    jar = browser.client.cookie_jar.filter_cookies(URL(browser.url))
    cookies = "; ".join(f"{name}={one.value}" for name, one in jar.items())
    headers = {"Cookie": cookies, "X-CSRF-Token": browser.token, "X-Visit": session.rsplit("/", 1)[1]}
    begun = await browser.ask("POST", session + "/upload/begin", headers={"X-CSRF-Token": browser.token})
    message = json.loads(begun.body)["message"]
    return Place(world.service, f"{browser.url}/uploads", headers, message)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is in no way regular."""
    path = tmp_path / "voice.wav"
    path.write_bytes(hashlib.shake_256(b"a voice").digest(SIZE))
    return path


def _tuspy(place: Place, file: Path, **more: Any) -> Any:
    client = TusClient(place.url, headers=place.headers)
    metadata = {"message": place.message, "filename": NAME}
    return client.uploader(file_stream=io.BytesIO(file.read_bytes()), chunk_size=CHUNK, metadata=metadata, **more)


async def test_tuspy_sends_stops_and_goes_on(place: Place, file: Path) -> None:
    """tuspy: pieces with checksums, stopped after a third; another run asks for the offset and finishes."""
    first = _tuspy(place, file, upload_checksum=True)
    await asyncio.to_thread(first.upload, CHUNK * 2)
    second = await asyncio.to_thread(lambda: _tuspy(place, file, url=first.url, upload_checksum=True))
    assert second.offset == 2 * CHUNK
    await asyncio.to_thread(second.upload)
    assert await place.kept(first.url) == file.read_bytes()


async def test_tuspy_is_refused_where_nobody_may(place: Place, file: Path) -> None:
    """tuspy without what says who it is: no upload is made."""
    client = TusClient(place.url, headers={})
    nobody = client.uploader(file_stream=io.BytesIO(file.read_bytes()), metadata={"message": place.message})
    with pytest.raises(TusCommunicationError) as refused:
        await asyncio.to_thread(nobody.upload)
    assert refused.value.status_code in (401, 403, 404)


async def test_tus_js_client_sends_a_file(place: Place, file: Path) -> None:
    """tus-js-client: one file in pieces, one after the other."""
    said = await tus_js_client(scenario="whole", file=str(file), **place.told)
    assert "error" not in said, said
    assert await place.kept(said["url"]) == file.read_bytes()
    assert said["bytes"] == SIZE


async def test_tus_js_client_sends_a_stream_of_unknown_length(place: Place, file: Path) -> None:
    """tus-js-client: a stream, its length told with the last piece, as a recording comes while it is made."""
    options = {"uploadLengthDeferred": True}
    said = await tus_js_client(scenario="whole", stream=True, options=options, file=str(file), **place.told)
    assert "error" not in said, said
    assert await place.kept(said["url"]) == file.read_bytes()


async def test_tus_js_client_goes_on_after_an_abort(place: Place, file: Path) -> None:
    """tus-js-client: aborted in the middle, then another Upload with the URL sends only the rest."""
    said = await tus_js_client(scenario="resume", stopAfter=SIZE // 2, file=str(file), **place.told)
    assert "error" not in said, said
    assert await place.kept(said["url"]) == file.read_bytes()
    assert CHUNK <= said["stopped"] < SIZE
    say(f"tus-js-client aborted at {said['stopped']}: {said['bytes']} bytes sent for a file of {SIZE}")
    assert said["bytes"] <= 1.05 * SIZE


@pytest.mark.parametrize("scenario", ["terminate", "terminate-later"])
async def test_tus_js_client_takes_a_file_away(place: Place, file: Path, scenario: str) -> None:
    """tus-js-client: abort(true), and Upload.terminate(url): 410 from then on."""
    said = await tus_js_client(scenario=scenario, stopAfter=CHUNK, file=str(file), **place.told)
    assert "error" not in said, said
    assert await place.status(said["url"]) == 410


async def test_tus_js_client_with_first_bytes_and_no_patch(place: Place, file: Path) -> None:
    """tus-js-client: bytes along with the creation, POST in place of PATCH, request ids."""
    options = {"uploadDataDuringCreation": True, "overridePatchMethod": True, "addRequestId": True}
    said = await tus_js_client(scenario="whole", options=options, file=str(file), **place.told)
    assert "error" not in said, said
    assert await place.kept(said["url"]) == file.read_bytes()
    assert said["requests"] == -(-SIZE // CHUNK)
