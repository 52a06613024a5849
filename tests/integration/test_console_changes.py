"""The pages of taking something out: the list, each kind of place, marks, and what the author reads of it."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exchange.core.edits import Doing
from exchange.core.model import Channel, Kind
from exchange.steps import links, redact, redacting
from exchange.steps.redact import Workshop
from exchange.store import read
from exchange.store.service import Service
from tests.support import message_tour
from tests.support.console_site import Client, running_console
from tests.support.world import World, make_world
from tests.vectors.media import inputs

LETTER = "Dear you,\n\nI live in Lower Heath now. Ring me on 07700 900123.\n\nAgain: 07700 900123.\n"
NUMBER = "07700 900123"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def shop(world: World, message: UUID) -> Workshop:
    """The list as it is."""
    return await redact.workshop(world.service, world.facilitator, message)


async def make(world: World, client: Client, message: UUID) -> None:
    """Ask for the new version, and do the worker's part."""
    path = f"/messages/{message}/changes"
    assert (await client.send(path))[0] == 303
    making = (await shop(world, message)).making
    assert making
    await redacting.redact_message(world.service, making.id)


async def test_words_are_struck_by_typing_them(world: World) -> None:
    """The second number only; shown first, then on the list; made, told at the desk, compared, taken back."""
    message = await world.letter(LETTER)
    path = f"/messages/{message}"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        here, told = f"{path}/changes/text", {"doing": "strike", "struck": NUMBER, "nth": "2", "why": "contact"}
        status, page, _ = await fern.send(here, **told, then="show")
        assert (status, page.count('<mark class="app-mark">07700 900123</mark>')) == (200, 1)
        assert (await shop(world, message)).wanted == []
        assert (await fern.send(here, **told))[::2] == (303, here)
        edit = (await shop(world, message)).wanted[0].edit
        assert (edit.start, edit.end) == (LETTER.rindex(NUMBER), LETTER.rindex(NUMBER) + len(NUMBER))
        for wrong in ({"nth": "3"}, {"why": ""}, {"why": "other"}, {"doing": "cover"}, {"struck": "nobody"}, {}):
            assert (await fern.send(here, **(told | wrong)))[0] == 422
        await make(world, fern, message)
        _, page = await fern.get(f"{path}/review")
        assert "It says how somebody can be reached" in page
        assert page.count("07700 900123</a>") == 1
        _, page = await fern.get(f"{path}/compare")
        assert re.search(r"<del><span[^>]*>\[taken out: </span>07700 900123<", page)
        _, page = await fern.get(f"{path}/changes")
        assert f'href="{path}/compare?from=1&amp;to=2"' in page
        assert (await fern.send(f"{path}/changes"))[0] == 409
        back = re.search(rf'action="({path}/changes/[0-9a-f-]+/take-back)"', page)
        assert back
        assert (await fern.send(back[1], f"{path}/changes"))[::2] == (303, f"{path}/changes")
        assert (await shop(world, message)).wanted == []


async def test_a_version_that_is_finished_while_the_page_is_made_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is read, then a worker finishes, then the list is read: the page says that it is there."""
    message = await world.letter(LETTER)
    path = f"/messages/{message}"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        struck = {"doing": "strike", "struck": NUMBER, "nth": "1", "why": "contact"}
        assert (await fern.send(f"{path}/changes/text", **struck))[0] == 303
        assert (await fern.send(f"{path}/changes"))[0] == 303
        making = (await shop(world, message)).making
        assert making
        workshop = redact.workshop

        async def worker_first(*asked: Any) -> Workshop:
            await redacting.redact_message(world.service, making.id)
            return await workshop(*asked)

        monkeypatch.setattr(redact, "workshop", worker_first)
        _, page = await fern.get(f"{path}/changes")
        assert "Version 2 is made of this list." in page


async def test_a_place_of_a_page_is_covered_by_its_numbers(world: World, tmp_path: Path) -> None:
    """Four numbers; none and no tick is refused; several in a row; the pages of other parts are not there."""
    message = await message_tour.put_in(world, Kind.LETTER, inputs.photo(tmp_path / "p.jpg"))
    here = f"/messages/{message}/changes/page-001"
    box = {"left": "10", "top": "20,5", "width": "30", "height": "5"}
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        told = {"doing": "cover", "why": "whereabouts"}
        status, page, _ = await fern.send(here, **told, **box, then="show")
        assert (status, '<rect class="app-taken__new" x="10.0%" y="20.5%"' in page) == (200, True)
        assert (await fern.send(here, **told))[0] == 422
        assert (await fern.send(here, **told, **(box | {"left": "90"})))[0] == 422
        assert (await fern.send(here, **told, **box))[::2] == (303, here)
        assert (await fern.send(here, **told, whole="yes"))[::2] == (303, here)
        assert [one.edit.box for one in (await shop(world, message)).wanted] == [(1000, 2050, 3000, 500), None]
        _, page = await fern.get(f"/messages/{message}/changes")
        assert "On page 1 a part is covered." in page
        assert "Page 1 is covered." in page
        for name in ("page-002", "text", "sound", "poster"):
            assert (await fern.get(f"/messages/{message}/changes/{name}"))[0] == 404


async def test_spans_of_a_recording_are_typed_as_times(world: World, tmp_path: Path) -> None:
    """Silent, a tone, cut; a voice masked once; times that are none are said at their field."""
    message = await message_tour.recording(world, tmp_path)
    here = f"/messages/{message}/changes/sound"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        told = {"why": "name", "start": "0:01.2", "end": "0:02"}
        for doing in ("mute", "bleep", "cut"):
            assert (await fern.send(here, doing=doing, **told))[::2] == (303, here)
        status, page, _ = await fern.send(here, doing="voice", why="agreed")
        assert (status, "Choose what becomes of the voice." in page) == (422, True)
        assert (await fern.send(here, doing="voice", why="agreed", how="lower"))[0] == 303
        for wrong in ({"start": "x"}, {"end": "0:01"}, {"start": "1:00", "end": "1:01"}, {"end": ""}):
            assert (await fern.send(here, doing="mute", **(told | wrong)))[0] == 422
        listed = (await shop(world, message)).wanted
        assert [(one.edit.doing, one.edit.start, one.edit.end) for one in listed][:2] == [
            (Doing.MUTE, 1200, 2000), (Doing.BLEEP, 1200, 2000),
        ]  # fmt: skip
        _, page = await fern.get(f"/messages/{message}/changes")
        assert "From 0:01.2 to 0:02 the sound is silent." in page
        assert "The voice sounds lower." in page


async def test_faces_are_looked_for_in_all_of_a_video(world: World, tmp_path: Path) -> None:
    """No time and no place is needed; once only, and told in words."""
    message = await message_tour.put_in(world, Kind.VIDEO, inputs.video(tmp_path / "clip.mp4"))
    here = f"/messages/{message}/changes/picture"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        assert "It misses some" in (await fern.get(here))[1]
        assert (await fern.send(here, doing="faces", why="name"))[::2] == (303, here)
        assert (await fern.send(here, doing="faces", why="name"))[0] == 422
        _, page = await fern.get(f"/messages/{message}/changes")
        assert "Every face that was found is blurred." in page


async def test_a_mark_goes_onto_the_list_at_its_place(world: World) -> None:
    """Taken out at the desk: the right one of two, also in a version in which something before it is gone already."""
    message = await world.letter(LETTER)
    path = f"/messages/{message}"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        place = {"words": "Lower Heath", "start": LETTER.index("Lower"), "end": LETTER.index("Lower") + 11}
        told = {"answer": "take_out", "kind": "place", "digest": await world.digest(message)}
        assert (await fern.send(f"{path}/marks", f"{path}/review", **told, **place))[0] == 303
        _, page = await fern.get(f"{path}/review")
        assert "Marked places that nobody has looked at: 2." in page
        await make(world, fern, message)
        _, page = await fern.get(f"{path}/review")
        forms = re.findall(r'name="start" value="(\d+)"><input type="hidden" name="end" value="(\d+)"', page)
        last = {"kind": "phone", "words": NUMBER, "start": forms[-1][0], "end": forms[-1][1]}
        told |= {"digest": await world.digest(message)}
        assert (await fern.send(f"{path}/marks", f"{path}/review", **(told | last)))[0] == 303
        edits = [(one.edit.start, one.why) for one in (await shop(world, message)).wanted]
        assert edits == [(LETTER.index("Lower"), "whereabouts"), (LETTER.rindex(NUMBER), "contact")]
        moved = last | {"start": "0", "end": "12"}
        assert (await fern.send(f"{path}/marks", f"{path}/review", **(told | moved)))[0] == 422
        _, page = await fern.get(f"{path}/review")
        assert "Marked places that nobody has looked at: 1." in page
        assert "the list has changes that are not made yet" in page


async def test_the_making_is_followed_and_a_refusal_is_told(world: World) -> None:
    """While it waits the list is closed and the page asks again; nobody outside the team sees any of it."""
    message = await world.letter(LETTER)
    path = f"/messages/{message}"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        told = {"doing": "strike", "struck": NUMBER, "why": "contact"}
        assert (await fern.send(f"{path}/changes/text", **told))[0] == 303
        assert (await fern.send(f"{path}/changes"))[0] == 303
        _, page = await fern.get(f"{path}/changes")
        assert f'data-poll="{path}/making" data-state="waiting"' in page
        assert "Take this change back" not in page
        assert (await fern.send(f"{path}/changes/text", **told, nth="2"))[0] == 409
        _, answer = await fern.get(f"{path}/making")
        assert '"state": "waiting"' in answer
        for actor, status in ((world.stranger, 404), (world.supervisor, 403), (world.auditor, 403)):
            client = await console.as_(actor)
            for place in ("changes", "changes/text", "making"):
                assert (place, (await client.get(f"{path}/{place}"))[0]) == (place, status)


async def test_the_author_reads_what_and_why_and_never_what_stood_there(world: World) -> None:
    """The link to the preview carries the changes without a word of what was removed."""
    message = await world.letter(LETTER)
    start = LETTER.index("Lower Heath")
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        told = {"doing": "strike", "struck": "Lower Heath", "why": "other", "words": "We spoke about this."}
        assert (await fern.send(f"/messages/{message}/changes/text", **told))[0] == 303
        await make(world, fern, message)
    await world.approve(message)
    link = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    visit = await world.visit(link, "A" * 43)
    carried = visit.payload["edits"]
    assert [(one["doing"], one["start"], one["words"]) for one in carried] == [
        ("strike", start, "We spoke about this.")
    ]
    assert "Lower Heath" not in str(carried)
    view = await read.message_view(world.service, world.facilitator, message)
    assert [view.edits[row.id] == carried for row in view.revisions] == [True, False]
