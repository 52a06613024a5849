"""What an author has put in so far: told by name and size, gone on with, heard again, kept; by nobody else."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from sqlalchemy import select, text

from exchange.core.model import Channel, Kind
from exchange.steps import links, so_far
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.portal_site import Answer, PortalSite, Visitor, running_portal
from tests.support.world import CODE, World, make_world

MIB = 1024 * 1024
NAME = "Planted – name of a file.mp4"


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


async def invited(world: World, browser: Visitor, kind: Kind = Kind.VIDEO) -> str:
    """An open visit of somebody who was asked to send something of this kind."""
    people = (world.author, world.recipient)
    link = await links.invite(world.service, world.facilitator, *people, channel=Channel.EMAIL, kind=kind)
    session = await browser.open(link.secret, CODE)
    await browser.post(session + "/me", answer="me")
    await browser.get(session + "/upload")
    return session


def headers(browser: Visitor, session: str) -> dict[str, str]:
    """What a script of the page sends along."""
    told = {"X-CSRF-Token": browser.token, "X-Visit": session.rsplit("/", maxsplit=1)[-1], "Tus-Resumable": "1.0.0"}
    return {**told, "Accept": "application/json"}


async def begun(browser: Visitor, session: str, size: int | None, *, name: str = NAME, recorded: bool = False) -> str:
    """A new upload: its path. `size` None: it is not known yet."""
    told = await browser.ask("POST", session + "/upload/begin", headers=headers(browser, session))
    message = re.search(r"[0-9a-f-]{36}", told.text)
    assert message
    values = {"message": message[0], "filename": name} | ({"recorded": "1"} if recorded else {})
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
    length = {"Upload-Defer-Length": "1"} if size is None else {"Upload-Length": str(size)}
    made = await browser.ask(
        "POST", "/uploads", headers={**headers(browser, session), **length, "Upload-Metadata": metadata}
    )
    assert made.status == 201, made.text
    return made.location


async def patch(browser: Visitor, session: str, where: str, offset: int, data: bytes, **more: str) -> Answer:
    """The next bytes."""
    told = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
    told |= {name.replace("_", "-"): value for name, value in more.items()}
    return await browser.ask("PATCH", where, data=BytesIO(data), headers=headers(browser, session) | told)


def digest(data: bytes) -> str:
    """As the page's script makes it: SHA-256 over the SHA-256 of each 4 MiB."""
    blocks = [hashlib.sha256(data[at : at + so_far.BLOCK]).digest() for at in range(0, len(data), so_far.BLOCK)]
    return hashlib.sha256(b"".join(blocks)).hexdigest()


async def same(browser: Visitor, session: str, where: str, offset: int, found: str) -> Answer:
    """Ask whether a file is the one that was begun."""
    path = f"{session}/upload/{where.rpartition('/')[2]}/same"
    told = {"offset": str(offset), "digest": found}
    return await browser.ask("POST", path, data=told, headers=headers(browser, session))


async def leaves(service: Service, act: str) -> int:
    """How often the record tells of this act."""
    async with reading(service) as conn:
        query = text("select count(*) from ledger_leaf where leaf::jsonb->>'act' = :act")
        return int((await conn.execute(query, {"act": act})).scalar_one())


async def test_an_unfinished_file_is_told_by_its_name_to_its_author_only(
    world: World, site: PortalSite, browser: Visitor, service: Service
) -> None:
    """Name, what is here, until when; in no column of the database in plain; another visit is told nothing."""
    session = await invited(world, browser)
    where = await begun(browser, session, 3 * MIB)
    await patch(browser, session, where, 0, bytes(MIB))
    page = (await browser.get(session + "/upload")).text
    assert NAME in page
    assert "1.0 of 3.1 MB are here" in page
    assert f'data-upload="{where.rpartition("/")[2]}" data-size="{3 * MIB}"' in page
    check = (await browser.get(session + "/check")).text
    assert "You cannot send it yet" in check
    assert "Send it to my facilitator" not in check
    refused = await browser.post(session + "/check")
    assert refused.status == 422
    assert "has not arrived completely" in refused.text
    async with reading(service) as conn:
        row = (await conn.execute(select(t.upload))).one()
    assert b"Planted" not in row.about_wrapped + row.name_sealed
    async with site.browser() as other:
        elsewhere = await invited(world, other)
        assert NAME not in (await other.get(elsewhere + "/upload")).text
        assert (await same(other, elsewhere, where, MIB, digest(bytes(MIB)))).status == 404
        for act in ("keep", "drop"):
            refused = await other.post(f"{elsewhere}/upload/{where.rpartition('/')[2]}/{act}")
            assert refused.status == 404
        assert (await other.get(f"{elsewhere}/upload/{where.rpartition('/')[2]}/play")).status == 404


async def test_a_file_is_the_same_only_if_every_byte_that_came_is(world: World, browser: Visitor) -> None:
    """Across pieces and blocks; a byte in the middle, one less, a wrong offset: never "the same"."""
    session = await invited(world, browser)
    data = hashlib.shake_256(b"film").digest(10 * MIB)
    where = await begun(browser, session, len(data) + 5)
    at = 0
    for size in (3 * MIB + 7, 5 * MIB, len(data) - 8 * MIB - 7):
        await patch(browser, session, where, at, data[at : at + size])
        at += size
    assert (await same(browser, session, where, at, digest(data))).text == '{"same": true}'
    other = bytearray(data)
    other[5 * MIB] ^= 1
    assert (await same(browser, session, where, at, digest(bytes(other)))).text == '{"same": false}'
    assert (await same(browser, session, where, at - 1, digest(data[:-1]))).status == 409
    assert (await same(browser, session, where, at, "x")).status == 422


async def test_a_recording_that_broke_off_is_kept_as_far_as_it_came(
    world: World, browser: Visitor, service: Service
) -> None:
    """A file never is: a part of it is no recording. Kept twice is kept once."""
    session = await invited(world, browser)
    film = await begun(browser, session, None, name="recording.webm", recorded=True)
    one = f"{session}/upload/{film.rpartition('/')[2]}"
    assert (await browser.post(one + "/keep")).status == 422
    await patch(browser, session, film, 0, b"\x1a\x45\xdf\xa3" * 1000)
    assert "This recording broke off." in (await browser.get(session + "/record")).text
    assert (await browser.post(one + "/keep")).location == session + "/check"
    assert (await browser.post(one + "/keep")).location == session + "/check"
    assert "Send it to my facilitator" in (await browser.get(session + "/check")).text
    assert await leaves(service, "upload.sized") == 1
    file = await begun(browser, session, 5000)
    await patch(browser, session, file, 0, bytes(1000))
    assert (await browser.post(f"{session}/upload/{file.rpartition('/')[2]}/keep")).status == 422


async def test_what_was_recorded_is_played_to_its_author_and_told_in_the_record(
    world: World, browser: Visitor, service: Service
) -> None:
    """Ranges across pieces are right; its type is one of ours, never what was claimed; a file is not played."""
    session = await invited(world, browser)
    data = hashlib.shake_256(b"sound").digest(3 * MIB)
    film = await begun(browser, session, None, name="recording.webm", recorded=True)
    for at in range(0, len(data), MIB):
        await patch(browser, session, film, at, data[at : at + MIB])
    await patch(browser, session, film, len(data), b"", Upload_Length=str(len(data)))
    play = f"{session}/upload/{film.rpartition('/')[2]}/play"
    whole = await browser.get(play)
    assert (whole.status, whole.body, whole.headers["Content-Type"]) == (200, data, "video/webm")
    assert whole.headers["Cache-Control"] == "no-store"
    part = await browser.get(play, headers={"Range": f"bytes={MIB - 5}-{2 * MIB + 4}"})
    assert (part.status, part.body) == (206, data[MIB - 5 : 2 * MIB + 5])
    assert part.headers["Content-Range"] == f"bytes {MIB - 5}-{2 * MIB + 4}/{len(data)}"
    assert (await browser.get(play, headers={"Range": f"bytes={len(data)}-"})).status == 416
    assert await leaves(service, "original.replayed") == 1
    for name, recorded in (("page.html", True), ("film.webm", False)):
        other = await begun(browser, session, 10, name=name, recorded=recorded)
        await patch(browser, session, other, 0, b"<script>x<")
        assert (await browser.get(f"{session}/upload/{other.rpartition('/')[2]}/play")).status == 404


async def test_the_end_of_a_recording_may_be_told_twice(world: World, browser: Visitor) -> None:
    """As after a lost answer: the same length again is right, a byte more is not, another length neither."""
    session = await invited(world, browser)
    film = await begun(browser, session, None, name="recording.webm", recorded=True)
    assert (await patch(browser, session, film, 0, b"12345", Upload_Length="5")).status == 204
    again = await patch(browser, session, film, 5, b"", Upload_Length="5")
    assert (again.status, again.text) == (204, "")
    assert again.headers["Upload-Offset"] == "5"
    assert (await patch(browser, session, film, 5, b"6", Upload_Length="5")).status == 409
    assert (await patch(browser, session, film, 5, b"", Upload_Length="6")).status == 409


async def test_who_asks_how_far_it_is_ends_the_connection_that_was_lost(world: World, browser: Visitor) -> None:
    """A body that stays silent is ended, and what came by it counts at once: nothing of it is sent again."""
    session = await invited(world, browser)
    where = await begun(browser, session, 2 * MIB)

    async def stuck() -> AsyncIterator[bytes]:
        yield bytes(MIB)
        await asyncio.sleep(30)

    sent = {**headers(browser, session), "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    hanging = asyncio.create_task(browser.ask("PATCH", where, data=stuck(), headers=sent))
    await asyncio.sleep(1)
    try:
        async with asyncio.timeout(10):
            told = await browser.ask("HEAD", where, headers=headers(browser, session))
        assert told.headers["Upload-Offset"] == str(MIB)
        assert (await patch(browser, session, where, MIB, bytes(MIB))).status == 204
    finally:
        hanging.cancel()


async def test_a_letter_changed_after_it_was_put_in_goes_as_the_check_page_shows_it(
    world: World, browser: Visitor, service: Service
) -> None:
    """Kept later than put in: the later words are what arrives."""
    session = await invited(world, browser, Kind.LETTER)
    assert (await browser.post(session + "/write", text="First words.", go="attach")).location == session + "/upload"
    await browser.post(session + "/write", text="Second words.", go="save")
    assert "Second words." in (await browser.get(session + "/check")).text
    assert (await browser.post(session + "/check")).location == session + "/receipt"
    async with reading(service) as conn:
        rows = (await conn.execute(select(t.upload.c.state, t.upload.c.received).order_by(t.upload.c.created_at))).all()
    assert [tuple(row) for row in rows] == [("gone", 12), ("complete", 13)]


async def test_a_letter_that_is_left_out_is_told_before_sending(world: World, browser: Visitor) -> None:
    """Kept, not put in, and a file sent: the check page says so."""
    session = await invited(world, browser, Kind.LETTER)
    await browser.post(session + "/write", text="Only kept.", go="save")
    where = await begun(browser, session, 5, name="letter.txt")
    await patch(browser, session, where, 0, b"words")
    page = (await browser.get(session + "/check")).text
    assert "You also wrote a letter here. It is not part of what you send." in page
    assert "Only kept." not in page


async def test_two_recordings_are_not_sent_as_one(world: World, browser: Visitor) -> None:
    """Told on the check page, and refused."""
    session = await invited(world, browser, Kind.AUDIO)
    for name in ("one.mp3", "two.mp3"):
        where = await begun(browser, session, 5, name=name)
        await patch(browser, session, where, 0, b"sound")
    page = (await browser.get(session + "/check")).text
    assert "A recording is one file. Please take the others away." in page
    assert "Send it to my facilitator" not in page
    assert (await browser.post(session + "/check")).status == 422
    assert "There is something here already." in (await browser.get(session + "/record")).text
