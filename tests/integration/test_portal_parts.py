"""Bytes of a part: ranges, no leaf no bytes, and a withdrawal that stops a running stream within a second."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientPayloadError, ClientResponse
from sqlalchemy import func, select, text, update

from exchange.core import keys
from exchange.steps import consent
from exchange.store import parts
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.portal_site import PortalSite, Visitor, running_portal
from tests.support.roles import as_owner
from tests.support.world import CODE, World, make_world

SIZE = 5 * 1024 * 1024 + 4321


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, without keys."""
    async with running_portal(portal_service) as running:
        yield running


@pytest.fixture
async def browser(site: PortalSite) -> AsyncIterator[Visitor]:
    """One browser."""
    async with site.browser() as found:
        yield found


def _content(size: int) -> bytes:
    block = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(256))
    return (block * (size // len(block) + 1))[:size]


async def _film(world: World, service: Service, message: UUID, size: int = SIZE) -> bytes:
    """Put a large made-up film beside the letter, under the same data key; its bytes."""
    data = _content(size)
    async with reading(service) as conn:
        row = (await conn.execute(select(t.revision).where(t.revision.c.message_id == message))).one()
        opener = await opener_of(service, conn, world.case)
        key = opener.open_key(row.key_sealed, "revision.key", row.id)
        name = parts.part_key(row.id, "picture")
        bound = parts.part_context(world.case, message, row.id, "picture")
        await parts.put_bytes(service.objects, name, key, bound, data)
        await conn.execute(
            t.part.insert().values(
                id=uuid4(), revision_id=row.id, name="picture", media_type="video/mp4", size=size,
                sha256="", object_key=name, sealed_in=row.id, position=9,
            )
        )  # fmt: skip
    return data


async def _open(world: World, browser: Visitor, service: Service, size: int = SIZE) -> tuple[UUID, str, bytes]:
    message, link = await world.released()
    data = await _film(world, service, message, size)
    session = await browser.open(link.secret, CODE)
    await browser.post(session + "/me", answer="me")
    return message, session + "/part/picture", data


async def _leaves(service: Service) -> int:
    async with reading(service) as conn:
        return int((await conn.execute(select(func.count()).select_from(t.access_leaf))).scalar_one())


async def test_ranges_are_exact(world: World, browser: Visitor, service: Service) -> None:
    """Whole, first, middle, last, over the end: the very bytes; one leaf for all of them."""
    _, path, data = await _open(world, browser, service)
    whole = await browser.get(path)
    assert (whole.status, whole.body) == (200, data)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"] == "no-store"
    assert whole.headers["Content-Type"] == "video/mp4"
    asked = {
        "bytes=0-0": (0, 1), "bytes=0-": (0, SIZE), "bytes=16383-16384": (16383, 16385),
        "bytes=1048570-2100000": (1048570, 2100001), "bytes=-1000": (SIZE - 1000, SIZE),
        f"bytes={SIZE - 1}-": (SIZE - 1, SIZE), f"bytes=10-{SIZE * 2}": (10, SIZE),
        f"bytes=-{SIZE * 2}": (0, SIZE),
    }  # fmt: skip
    for header, (start, stop) in asked.items():
        answer = await browser.get(path, headers={"Range": header, "If-Range": '"x"'})
        assert answer.status == 206, header
        assert answer.body == data[start:stop], header
        assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    for header in (f"bytes={SIZE}-", "bytes=-0", f"bytes={SIZE + 5}-{SIZE + 9}"):
        answer = await browser.get(path, headers={"Range": header})
        assert (answer.status, answer.body) == (416, b"")
        assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    for header in ("bytes=5-2", "bytes=0-1,4-5", "chapters=1-2", "bytes=-", "bytes=a-b"):
        assert (await browser.get(path, headers={"Range": header})).status == 200
    assert await _leaves(service) == 1


async def test_what_is_saved_has_a_name_of_ours(world: World, browser: Visitor, service: Service) -> None:
    """Shown in place under a fixed name, never the one it was put in with (ASVS 5.0.0 5.4.1, 5.4.2)."""
    _, path, _ = await _open(world, browser, service, 2000)
    assert (await browser.get(path)).headers["Content-Disposition"] == 'inline; filename="file.mp4"'
    letter = await browser.get(path.replace("picture", "text"))
    assert letter.status == 200
    assert letter.headers["Content-Disposition"] == 'inline; filename="file.txt"'
    assert letter.headers["Content-Type"] == "text/plain; charset=utf-8"


async def test_head_opens_nothing(world: World, browser: Visitor, service: Service) -> None:
    """No leaf for a HEAD, because nothing is handed over."""
    _, path, _ = await _open(world, browser, service)
    assert (await browser.ask("HEAD", path)).status == 405
    assert (await browser.ask("HEAD", path.replace("part/picture", "read"))).body == b""
    assert await _leaves(service) == 0


async def test_no_leaf_no_bytes(world: World, browser: Visitor, service: Service) -> None:
    """With a ledger that takes nothing, neither the page nor a part shows a word."""
    _, path, data = await _open(world, browser, service)
    async with reading(as_owner(service)) as conn:
        query = text("select oid::regprocedure::text from pg_proc where proname like 'ledger_append%'")
        found = (await conn.execute(query)).scalars().all()
        assert found
        for name in found:
            await conn.execute(text(f"alter function {name} rename to hidden_for_a_test"))
    part = await browser.get(path)
    assert part.status >= 500
    assert data[:64] not in part.body
    page = await browser.get(path.replace("part/picture", "read"))
    assert page.status >= 500
    assert "I am sorry" not in page.text
    assert await _leaves(service) == 0


async def test_what_does_not_open_is_refused_whole(world: World, browser: Visitor, service: Service) -> None:
    """A part whose object was swapped gives a status and not one byte of either."""
    _, path, _ = await _open(world, browser, service)
    async with reading(service) as conn:
        other = keys.new_data_key().hex()
        await service.objects.put(other, b"x" * 70_000)
        await conn.execute(update(t.part).where(t.part.c.name == "picture").values(object_key=other))
    answer = await browser.get(path)
    assert answer.status == 500
    assert b"xxxx" not in answer.body


async def test_a_withdrawal_stops_a_running_stream_within_a_second(
    world: World, site: PortalSite, browser: Visitor, service: Service
) -> None:
    """Also while the server is blocked in a write, because the visitor reads slowly."""
    message, path, data = await _open(world, browser, service, 40 * 1024 * 1024)
    async with browser.client.get(site.url + path) as response:
        got = len(await response.content.readexactly(100_000))
        await asyncio.sleep(1.0)  # the window fills, the server's write blocks
        await consent.withdraw_message(service, world.facilitator, message)
        await asyncio.sleep(0.9)  # the visitor does not read: the server has to end it by itself
        with pytest.raises(ClientPayloadError):
            got += await _rest(response)
    assert got < len(data) / 2  # what the visitor's own machine held; nothing of what the server's kernel held
    assert (await browser.get(path)).status in (403, 404)


async def _rest(response: ClientResponse) -> int:
    taken = 0
    while chunk := await response.content.readany():
        taken += len(chunk)
    return taken


async def test_a_stranger_and_another_browser_get_no_byte(
    world: World, site: PortalSite, browser: Visitor, service: Service
) -> None:
    """The address alone opens nothing."""
    _, path, data = await _open(world, browser, service)
    async with site.browser() as other:
        await other.get("/l")
        answer = await other.get(path)
    assert answer.status == 404
    assert data[:32] not in answer.body
