"""The sound of a video is heard while its picture is still being made: by the team alone, and never as a version."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from exchange.core.errors import BadInput, ExchangeError, NotAllowed, NotFound
from exchange.core.links import new_secret
from exchange.core.model import TICKS, ConsentKind, Kind, State
from exchange.steps import consent, early, erase, process, review, stop, view
from exchange.store import reaper
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.attacks import recorded, stop_link
from tests.support.console_site import running_console
from tests.support.message_tour import listened_early, put_in
from tests.support.roles import as_portal
from tests.support.world import PERSON, World, make_world
from tests.vectors.media import inputs


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@pytest.fixture
async def half_made(world: World, tmp_path: Path) -> UUID:
    """A video in quarantine whose sound may be heard, with a note."""
    message = await put_in(world, Kind.VIDEO, inputs.video(tmp_path / "clip.mp4"), make_safe=False)
    await listened_early(world, message, tmp_path)
    return message


async def _there(world: World, message: UUID) -> list[str]:
    async with reading(world.service) as conn:
        query = select(t.early.c.object_key).where(t.early.c.message_id == message)
        return list((await conn.execute(query)).scalars())


async def _stored(world: World) -> set[str]:
    return {name async for name, _ in world.service.objects.list("revision/")}


async def _hear(world: World, message: UUID) -> bytes:
    return await (await early.open_for_staff(world.service, world.facilitator, message)).reader.whole()


async def test_the_sound_is_heard_while_the_picture_is_made(world: World, tmp_path: Path) -> None:
    """From the real worker's step: heard and noted before the version is there, then gone; the note stays."""
    film = inputs.video(tmp_path / "clip.mp4", "-s", "1280x720", seconds=12)
    message = await put_in(world, Kind.VIDEO, film, make_safe=False)
    making = asyncio.create_task(process.process_message(world.service, message))
    async with asyncio.timeout(60):
        while not await _there(world, message):
            assert not making.done()
            await asyncio.sleep(0.05)
    (named,) = await _there(world, message)
    opened = await early.open_for_staff(world.service, world.facilitator, message)
    assert (await opened.reader.whole())[4:8] == b"ftyp"
    assert await opened.stream.ask()
    await early.note(world.service, world.facilitator, message, text="Who is that?", place={"seconds": 4})
    assert await world.state(message) == State.QUARANTINED
    await making
    assert (await world.state(message), await _there(world, message)) == (State.IN_REVIEW, [])
    assert not await opened.stream.ask()
    with pytest.raises(NotFound):
        await _hear(world, message)
    async with reading(world.service) as conn:
        query = select(t.review_note.c.digest).where(t.review_note.c.message_id == message)
        assert list((await conn.execute(query)).scalars()) == [await world.digest(message)]
    acts = [act for act in await recorded(world, message) if act.split(".")[0] in ("early", "review", "revision")]
    assert acts == ["early.made", "early.opened", "review.noted", "revision.made"]
    await reaper.reap(world.service)
    assert named not in await _stored(world)


async def test_nobody_outside_the_team_hears_it(world: World, half_made: UUID) -> None:
    """Not another case's staff, not a supervisor, not a process of the portal."""
    with pytest.raises(NotFound):
        await early.open_for_staff(world.service, world.stranger, half_made)
    with pytest.raises(NotAllowed):
        await early.open_for_staff(world.service, world.supervisor, half_made)
    with pytest.raises(NotFound):
        await early.note(world.service, world.stranger, half_made, text="x", place={})
    with pytest.raises(Exception, match="permission denied"):
        async with reading(as_portal(world.service)) as conn:
            await conn.execute(select(t.early.c.key_sealed))
    assert await _hear(world, half_made)


async def test_it_is_never_a_version(world: World, half_made: UUID) -> None:
    """No digest, no part of a version; nobody can approve it, and what a note names is no digest either."""
    named = early.noted_under(1)
    service, fern = world.service, world.facilitator
    with pytest.raises(ExchangeError):
        await review.approve(service, fern, half_made, named, ticks=list(TICKS), understood="myself")
    for digest in (None, named):
        with pytest.raises(ExchangeError):
            await view.open_for_staff(service, fern, half_made, "sound", digest=digest)
    about: dict[str, Any] = {"message_id": half_made, "digest": named}
    with pytest.raises(ExchangeError):
        await consent.record(service, fern, world.author, ConsentKind.SHARE, True, PERSON, **about)
    assert await world.state(half_made) == State.QUARANTINED
    async with reading(world.service) as conn:
        assert await conn.scalar(select(func.count()).select_from(t.revision)) == 0


@pytest.mark.parametrize("end", ["rejected", "withdrawn", "withdrawn by its author", "erased"])
async def test_it_goes_with_the_message(world: World, half_made: UUID, end: str) -> None:
    """However a message leaves quarantine: its key is gone at once, its object with the reaper, erasure counts it."""
    (named,) = await _there(world, half_made)
    service = world.service
    if end == "rejected":
        async with reading(service) as conn:
            await conn.execute(text("update upload set name_sealed = null where message_id = :m"), {"m": half_made})
            await conn.execute(text("update piece set sha256 = null, object_key = object_key || 'x'"))
        await process.process_message(service, half_made)
        assert await world.state(half_made) == State.REJECTED
    elif end == "withdrawn":
        await consent.withdraw_message(service, world.facilitator, half_made)
    elif end == "withdrawn by its author":
        found = await world.visit(await stop_link(world, half_made), new_secret())
        await stop.stop(as_portal(service), found, wish="withdraw")
    else:
        assert await erase.erase_message(service, world.supervisor, half_made) == 2
    assert await _there(world, half_made) == []
    with pytest.raises(ExchangeError):
        await _hear(world, half_made)
    assert named in await _stored(world)
    await reaper.reap(service)
    assert named not in await _stored(world)


async def test_a_second_run_takes_the_place_of_the_first_and_the_reaper_leaves_it(
    world: World, half_made: UUID, tmp_path: Path
) -> None:
    """What is offered is no orphan; what an earlier run left is gone."""
    (first,) = await _there(world, half_made)
    assert await reaper.find_orphans(world.service) == 0
    (tmp_path / "again").mkdir()
    await listened_early(world, half_made, tmp_path / "again")
    (second,) = await _there(world, half_made)
    await reaper.reap(world.service)
    assert {first, second} & await _stored(world) == {second}
    assert await _hear(world, half_made)


async def test_a_note_needs_words_and_a_time(world: World, half_made: UUID) -> None:
    """Nothing and pages are refused; nothing is written."""
    for words, place in (("", {"seconds": 1}), ("words", {"page": 1}), ("words", {"seconds": -1})):
        with pytest.raises(BadInput):
            await early.note(world.service, world.facilitator, half_made, text=words, place=place)
    async with reading(world.service) as conn:
        assert await conn.scalar(select(func.count()).select_from(t.review_note)) == 1


async def test_the_page_says_how_long_and_offers_the_sound(world: World, half_made: UUID) -> None:
    """Percent and minutes on the page and for its script; a player, ranges, a note by a plain form."""
    path = f"/messages/{half_made}"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        _, shown = await fern.get(path)
        assert "40 %" in shown
        assert "About 15 minutes left." in shown
        assert "You can listen already. The picture is still being made." in shown
        _, told = await fern.get(path + "/progress")
        assert json.loads(told)["state"] == "quarantined-early"
        assert json.loads(told)["left"] == "About 15 minutes left."
        _, page = await fern.get(path + "/early")
        assert f'<source src="{path}/early/sound" type="audio/mp4">' in page
        assert "Ask who that is." in page
        status, _, where = await fern.send(path + "/early", place="0:02", text="Ask about the dog.")
        assert (status, where.split("#")[0].split("?")[0]) == (303, path + "/early")
        assert (await fern.send(path + "/early", place="soon", text="x"))[0] == 422
        _, page = await fern.get(path + "/early")
        assert "Ask about the dog." in page
        assert "0:02" in page
        for headers, wanted in (({"Range": "bytes=4-7"}, (206, b"ftyp")), ({}, (200, None))):
            async with fern.http.get(fern.url + path + "/early/sound", headers=headers) as answer:
                body = await answer.read()
                assert (answer.status, body if wanted[1] else None) == wanted
        await process.process_message(world.service, half_made)
        assert await fern.where(path + "/early") == path
        assert (await fern.get(path + "/early/sound"))[0] == 404
