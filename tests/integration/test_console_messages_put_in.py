"""One letter through the console's own pages: put in, reviewed, agreed to, offered, handed over."""

import base64
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from exchange.core.links import lookup_hash
from exchange.core.model import State
from exchange.steps import process
from exchange.store import read
from exchange.store.service import Service
from exchange.web.console.messages import arriving
from tests.support.console_site import Client, Console, running_console
from tests.support.message_pages import approve, begun, id_of
from tests.support.putting_in import read_back
from tests.support.world import LETTER, World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The console, listening."""
    async with running_console(service) as running:
        yield running


@pytest.fixture
async def fern(world: World, console: Console) -> Client:
    """The facilitator's browser."""
    return await console.as_(world.facilitator)


async def test_a_letter_from_put_in_to_handed_over(world: World, fern: Client) -> None:
    """Every page in turn, as a facilitator goes through them."""
    service = world.service
    path = await begun(fern, world, "typed")
    status, _, where = await fern.send(f"{path}/upload/typed", f"{path}/upload?what=typed", text=LETTER)
    assert (status, where) == (303, path)
    _, text = await fern.get(path)
    assert "Being made safe" in text
    assert "Check again" in text
    message = id_of(path)
    await process.process_message(service, message)

    _, text = await fern.get(path)
    assert "To review" in text
    assert "A facilitator has not approved this version." in text
    _, desk = await fern.get(f"{path}/review")
    assert "I think about that evening often." in desk
    assert "Form harmed" in desk
    assert "harmed@people.example" in desk
    digest = await world.digest(message)
    status, _, where = await approve(fern, world, message)
    assert (status, where) == (303, path)
    assert await world.state(message) == State.APPROVED

    said = {"digest": digest, "wording": "share-2026-01", "language": "en", "given": "yes", "method": "in_person"}
    assert (await fern.send(f"{path}/consent/share", **said))[0] == 303
    offer = {"content_note": "A short letter about that evening.", "length": "a page", "asks": "self"}
    assert (await fern.send(f"{path}/offer", **offer))[0] == 303
    assert await world.state(message) == State.OFFERED
    answer = {"wording": "receive-2026-01", "language": "en", "answer": "yes", "method": "phone", "how": "alone"}
    assert (await fern.send(f"{path}/consent/receive", **answer))[0] == 303

    text = await handed_over(fern, path)
    found = re.search(r"/l#([\w-]{43})<", text)
    assert found
    assert len(lookup_hash(found[1])) == 32
    assert "By e-mail" in text
    assert "Read out on the phone" in text
    assert "<svg" in text
    assert await world.state(message) == State.RELEASED


async def handed_over(fern: Client, path: str) -> str:
    """Hand it over by link; the page that shows the link."""
    status, _, where = await fern.send(f"{path}/hand-over", way="link", channel="email")
    assert status == 303
    assert where.startswith("/links/")
    return (await fern.get(where))[1]


async def test_files_arrive_by_a_plain_form(world: World, fern: Client) -> None:
    """Without scripts: a multipart form, streamed; the list shows what came; one can be taken away."""
    path = await begun(fern, world, "scan")
    data = [("files", b"first page" * 30_000, "one.jpg"), ("files", b"second", "two.jpg")]
    status, where = await sent_files(fern, f"{path}/upload?what=scan", data)
    assert (status, where) == (303, f"{path}/upload?what=scan")
    arrived = await read.uploads_of(world.service, world.facilitator, id_of(path))
    assert [(f.untrusted_name, f.size, f.complete) for f in arrived] == [
        ("one.jpg", 300_000, True),
        ("two.jpg", 6, True),
    ]
    assert await read_back(world.service, arrived[0].id) == b"first page" * 30_000
    away = f"{path}/upload/{arrived[1].id}/away"
    assert (await fern.send(away, f"{path}/upload"))[0] == 303
    _, text = await fern.get(f"{path}/upload?what=scan")
    assert "one.jpg" in text
    assert "two.jpg" not in text
    status, _, where = await fern.send(f"{path}/send", f"{path}/upload")
    assert (status, where) == (303, path)
    assert await world.state(id_of(path)) == State.QUARANTINED


async def test_a_form_without_a_file_or_with_an_empty_one_gets_a_sentence(world: World, fern: Client) -> None:
    """Nothing chosen, an empty file, nothing at all put in: each is told, and nothing is kept."""
    path = await begun(fern, world, "audio")
    status, text = await sent_files(fern, f"{path}/upload", [("files", b"", "")])
    assert status == 422
    assert "Choose a file first." in text
    status, text = await sent_files(fern, f"{path}/upload", [("files", b"", "empty.mp3")])
    assert status == 422
    assert "This file is empty." in text
    status, text, _ = await fern.send(f"{path}/send", f"{path}/upload")
    assert status == 422
    assert "Nothing has been put in yet." in text
    assert await read.uploads_of(world.service, world.facilitator, id_of(path)) == []


async def test_more_than_the_form_takes_is_refused_by_our_own_counter(
    world: World, fern: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum of all files counts; the one that goes over is taken away again, the one before is kept."""
    monkeypatch.setattr(arriving, "MOST_AT_ONCE", 1_000_000)
    path = await begun(fern, world, "file")
    files = [("files", b"a" * 600_000, "a.txt"), ("files", b"b" * 600_000, "b.txt")]
    status, text = await sent_files(fern, f"{path}/upload", files)
    assert status == 422
    assert "larger than this form takes" in text
    arrived = await read.uploads_of(world.service, world.facilitator, id_of(path))
    assert [f.untrusted_name for f in arrived] == ["a.txt"]


async def test_a_multipart_form_needs_its_token_first(world: World, fern: Client) -> None:
    """A forged upload is refused before a byte of a file is kept."""
    path = await begun(fern, world, "file")
    status, _ = await sent_files(fern, f"{path}/upload", [("files", b"x", "a.txt")], token="0" * 80)
    assert status == 403
    assert await read.uploads_of(world.service, world.facilitator, id_of(path)) == []


async def test_a_lost_upload_goes_on_through_tus(world: World, fern: Client) -> None:
    """The console's tus end point: half a file, then the page says how much is here, then the rest."""
    path = await begun(fern, world, "video")
    _, page = await fern.get(f"{path}/upload")
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found
    metadata = f"message {b64(str(id_of(path)))},filename {b64('clip.mp4')}"
    headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": found[1]}
    told = {**headers, "Upload-Length": "10", "Upload-Metadata": metadata}
    async with fern.http.post(fern.url + "/uploads", headers=told) as response:
        assert response.status == 201
        where = response.headers["Location"]
    assert await patched(fern, where, headers, 0, b"hello") == (204, "5")
    _, page = await fern.get(f"{path}/upload")
    assert "50 % is here" in page
    assert 'data-name="clip.mp4"' in page
    assert await patched(fern, where, headers, 5, b"world") == (204, "10")
    _, page = await fern.get(f"{path}/upload")
    assert "All of it is here" in page
    without = {name: value for name, value in told.items() if name != "X-CSRF-Token"}
    async with fern.http.post(fern.url + "/uploads", headers=without) as response:
        assert response.status == 403


async def test_the_progress_is_told_as_json_and_the_reason_why_not(world: World, fern: Client) -> None:
    """Polling gets state and percent; what could not be used says so in the media's words, and can come again."""
    path = await begun(fern, world, "audio")
    await sent_files(fern, f"{path}/upload", [("files", b"not a sound", "a.mp3")])
    await fern.send(f"{path}/send", f"{path}/upload")
    async with fern.http.get(f"{fern.url}{path}/progress") as response:
        told = await response.json()
    assert (told["state"], told["percent"]) == ("quarantined", 0)
    await process.process_message(world.service, id_of(path))
    _, text = await fern.get(path)
    assert "It could not be used" in text
    assert "Nothing is lost" in text
    status, _, where = await fern.send(f"{path}/put-in-again", path)
    assert (status, where) == (303, f"{path}/upload")
    assert await world.state(id_of(path)) == State.RECEIVING


async def test_an_invitation_shows_its_link_until_it_is_opened(world: World, fern: Client) -> None:
    """The code went by phone; a link by text reaches the same phone, and the page says so."""
    asked = {"author": world.author, "kind": "letter"}
    status, _, where = await fern.send(f"/cases/{world.case}/invite", channel="text", **asked)
    assert status == 303
    _, text = await fern.get(where)
    assert "reach the same phone" in text
    assert "/l#" in text
    status, _, _ = await fern.send(f"{where}/revoke", where)
    assert status == 303
    _, text = await fern.get(where)
    assert "/l#" not in text
    assert "cannot be shown any more" in text


async def sent_files(
    client: Client, path: str, files: list[tuple[str, bytes, str]], token: str | None = None
) -> tuple[int, str]:
    """A multipart form as a browser sends it: status, and the Location or the page."""
    _, page = await client.get(path)
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("csrf", token or (found[1] if found else ""))
    for name, data, filename in files:
        form.add_field(name, data, filename=filename, content_type="application/octet-stream")
    async with client.http.post(client.url + path, data=form, allow_redirects=False) as response:
        return response.status, response.headers.get("Location") or await response.text()


async def patched(client: Client, where: str, headers: dict[str, str], offset: int, data: bytes) -> tuple[int, str]:
    """One PATCH of a tus upload: status and the offset that is safe now."""
    sent = {**headers, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    async with client.http.patch(client.url + where, data=data, headers=sent) as response:
        return response.status, response.headers.get("Upload-Offset", "")


def b64(text: str) -> str:
    """As Upload-Metadata has it."""
    return base64.b64encode(text.encode()).decode()
