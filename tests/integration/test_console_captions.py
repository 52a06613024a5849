"""The pages of captions and of words in time, as a facilitator without scripts uses them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from exchange.core.captions import parse, write
from exchange.core.edits import Doing, Edit
from exchange.core.errors import WrongLine
from exchange.core.model import Kind
from exchange.steps import captions, redact, redacting
from exchange.store.service import Service
from exchange.web.console.messages.caption_form import merged, shown, time_of
from tests.support.console_site import Client, Console, running_console
from tests.support.message_tour import LINES, put_in, with_captions
from tests.support.world import World, make_world
from tests.vectors.media import inputs


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


@pytest.fixture
async def sound(world: World, tmp_path: Path) -> UUID:
    """A recording of three seconds, in review."""
    return await put_in(world, Kind.AUDIO, inputs.ffmpeg(tmp_path / "voice.wav", *inputs.SOUND, seconds=3))


async def sent(fern: Client, path: str, **changed: str) -> tuple[int, str, str]:
    """The form of the lines as the page has it, with some fields changed."""
    _, page = await fern.get(path)
    given = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split('id="lines"')[1]))
    given |= dict(re.findall(r'name="((?:start|end)-\d+)" value="([^"]*)"', page))
    given |= dict(re.findall(r'name="(text-\d+)"[^>]*>([^<]*)</textarea>', page))
    return await fern.post(path, list((given | {"language": "en", "do": "keep"} | changed).items()))


async def test_lines_are_written_kept_and_saved_without_scripts(world: World, fern: Client, sound: UUID) -> None:
    """A row more each time, a blank line divides, an empty one goes; then one version with all of it."""
    path = f"/messages/{sound}/captions"
    assert (await sent(fern, path, **{"start-0": "0:00.2", "end-0": "1,5", "text-0": "First\n\nSecond"}))[0] == 303
    assert (await sent(fern, path, **{"start-2": "2", "text-2": "Third"}))[0] == 303
    sheet = await captions.sheet(world.service, world.facilitator, sound)
    assert [(c.start, c.end, c.text) for c in sheet.captions] == [
        (200, 790, "First"), (790, 1500, "Second"), (2000, 6000, "Third"),
    ]  # fmt: skip
    assert (await sent(fern, path, **{"text-1": " ", "do": "save"}))[2] == f"/messages/{sound}/review"
    _, page = await fern.get(f"/messages/{sound}/words")
    assert "First" in page
    assert "Second" not in page
    _, page = await fern.get(f"/messages/{sound}/review")
    assert "First\nThird" in page


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"start-0": "soon", "text-0": "x"}, "Line 1 needs a time"),
        ({"start-0": "5", "end-0": "4", "text-0": "x"}, "Line 1 must end after it begins"),
        ({"number": "7", "start-0": "1", "text-0": "x"}, "Somebody else changed this"),
        ({"do": "save"}, "There is no line yet"),
    ],
)
async def test_what_is_wrong_with_a_line_is_said_and_nothing_is_lost(
    world: World, fern: Client, sound: UUID, changed: dict[str, str], says: str
) -> None:
    """The page again, with the sentence and what was typed; nothing is kept of a page that is wrong."""
    status, page, _ = await sent(fern, f"/messages/{sound}/captions", **changed)
    assert status in (409, 422)
    assert says in page
    assert "text-0" not in changed or ">x</textarea>" in page
    assert (await captions.sheet(world.service, world.facilitator, sound)).captions == ()


async def test_a_hostile_form_is_refused_and_breaks_nothing(world: World, fern: Client, sound: UUID) -> None:
    """Numbers that are none, places that are not there: a sentence, never a fault, and nothing is kept."""
    path = f"/messages/{sound}/captions"
    for changed in ({"first": "x"}, {"first": "99999"}, {"count": "-1"}, {"count": "999"}, {"digest": "0"},
                    {"do": "first-x"}, {"do": "../x"}, {"language": "<b>"}, {"first": "1" * 4000}):  # fmt: skip
        status, page, where = await sent(fern, path, **changed)
        assert status in (303, 409, 422), changed
        assert status != 303 or where == f"{path}?first=0#lines"
        assert "<b>" not in page
    assert (await captions.sheet(world.service, world.facilitator, sound)).captions == ()


async def take(fern: Client, path: str, data: bytes, name: str = "a.vtt") -> tuple[int, str]:
    """Send a file by the page's form."""
    _, page = await fern.get(path)
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert token
    form = aiohttp.FormData([("csrf", token[1])])
    form.add_field("file", data, filename=name)
    async with fern.http.post(f"{fern.url}{path}/file", data=form, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_a_file_becomes_lines_to_check(world: World, fern: Client, sound: UUID) -> None:
    """WebVTT or SubRip; nothing but words and times is kept of it, and what cannot be read names its line."""
    path = f"/messages/{sound}/captions"
    status, page = await take(fern, path, b"WEBVTT\n\nNOTE x\n\n00:01.000 --> nonsense\nHello\n")
    assert (status, "Line 5 is not a time" in page) == (422, True)
    status, page = await take(fern, path, b"\xff\xfe\x00")
    assert (status, "This is no text file" in page) == (422, True)
    assert (await take(fern, path, b"WEBVTT\n"))[0] == 422
    status, _ = await take(fern, path, b"\xef\xbb\xbf1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>Hello</i>\r\n", "a.srt")
    assert status == 303
    sheet = await captions.sheet(world.service, world.facilitator, sound)
    assert write(sheet.captions) == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n"


async def test_a_machines_draft_says_what_it_is_until_it_was_checked(world: World, fern: Client, sound: UUID) -> None:
    """The warning and the tick are on the page; without the tick nothing becomes of it."""
    path = f"/messages/{sound}/captions"
    await fern.send(f"{path}/hear", path, language="en")
    status, told = await fern.get(f"{path}/progress")
    assert (status, '"state": "hearing"' in told) == (200, True)
    _, page = await fern.get(path)
    assert "A machine is listening" in page
    async with world.service.engine.begin() as conn:
        await conn.exec_driver_sql("update caption_draft set state = 'open', progress = 100")
    about = {"digest": await world.digest(sound), "number": 1, "captions": LINES, "language": "en"}
    await captions.keep(world.service, world.facilitator, sound, **about)
    status, page, _ = await sent(fern, path, do="save")
    assert status == 422
    assert "A machine wrote this. It gets names and feelings wrong." in page
    assert "Go through every line first" in page
    assert (await sent(fern, path, do="save", checked="yes"))[0] == 303
    status, page, _ = await fern.send(f"{path}/hear", path, language="pl")
    assert (status, "No machine here can hear" in page) == (422, True)


async def test_a_line_is_made_silent_without_scripts(world: World, fern: Client, sound: UUID) -> None:
    """The button at the line puts it on the list, at its time in the clean version, with the reason."""
    await with_captions(world, sound)
    path = f"/messages/{sound}/words"
    digest = await world.digest(sound)
    status, page, _ = await fern.send(path, digest=digest, span="200-1500")
    assert (status, "Choose why this is taken out." in page) == (422, True)
    assert (await fern.send(path, digest=digest, span="1100-1500", why="whereabouts"))[0] == 303
    shop = await redact.workshop(world.service, world.facilitator, sound)
    assert [one.edit for one in shop.wanted] == [Edit(Doing.MUTE, "sound", 1100, 1500)]
    for wrong in ("x", "5-1", "1500-1100", "1-99999999999", "-"):
        assert (await fern.send(path, digest=digest, span=wrong, why="name"))[0] == 422
    assert (await fern.send(path, digest="0" * 64, span="0-5", why="name"))[0] == 409


async def test_words_after_a_cut_are_muted_where_they_were_said(world: World, fern: Client, sound: UUID) -> None:
    """The list is about the clean version: times of a version with a cut are counted back."""
    await with_captions(world, sound)
    await redact.want(world.service, world.facilitator, sound, Edit(Doing.CUT, "sound", 0, 1000), why="name")
    await redacting.redact_message(world.service, await redact.make(world.service, world.facilitator, sound))
    path = f"/messages/{sound}/words"
    await fern.send(path, digest=await world.digest(sound), span="600-1400", why="name")
    shop = await redact.workshop(world.service, world.facilitator, sound)
    assert shop.wanted[-1].edit == Edit(Doing.MUTE, "sound", 1600, 2400)


def test_times_are_written_as_people_write_them() -> None:
    """Minutes and seconds, hours where there are some; anything else is no time."""
    assert [time_of(text) for text in ("1:05.2", "65,25", "1:02:05", " 0:00 ", "5")] == [65200, 65250, 3725000, 0, 5000]
    for wrong in ("", "x", "1:2:3:4", "-5", "1.2345", "999999", "１:00", "1:05.2s"):
        assert time_of(wrong) is None
    assert [shown(65_250), shown(3_725_000)] == ["1:05.250", "1:02:05.000"]
    assert all(time_of(shown(time)) == time for time in (0, 1, 59_999, 60_000, 3_599_999, 3_600_000))


def test_a_page_of_lines_leaves_the_others_alone() -> None:
    """Fifty of many lines are sent; those before and behind stay, and none may jump over them."""
    many = parse("WEBVTT\n\n" + "".join(f"00:{n:02d}.000 --> 00:{n:02d}.900\nLine {n}\n\n" for n in range(60)))
    form = {"first": "50", "count": "10", "start-0": "0:50", "end-0": "0:50.9", "text-0": "Other"}
    found = merged(many, form, dividing=True)
    assert (found[:50], [c.text for c in found[50:]]) == (many[:50], ["Other"])
    form = {"first": "0", "count": "50", "start-0": "0:55", "end-0": "0:56", "text-0": "Jumped"}
    with pytest.raises(WrongLine):
        merged(many, form, dividing=True)
