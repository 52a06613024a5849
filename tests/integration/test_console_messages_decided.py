"""Decisions at the review desk and after: approve, send back, not to be shared, concern, take back, texts."""

from collections.abc import AsyncIterator

import pytest

from exchange.core.model import Policy, State
from exchange.steps import intake, process
from exchange.store.service import Service
from tests.support.console_site import Client, Console, running_console
from tests.support.message_pages import TICKS, approve
from tests.support.world import World, make_world


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


async def test_approving_needs_all_five_ticks_and_understanding(world: World, fern: Client) -> None:
    """Four ticks, or no word on how it was understood: the desk again, with what was ticked, and no approval."""
    message = await world.letter()
    path, digest = f"/messages/{message}/review", await world.digest(message)
    status, text, _ = await fern.send(path, digest=digest, ticks=TICKS[:4], understood="myself")
    assert status == 422
    assert "Tick all five points" in text
    assert text.count(" checked") == 5
    status, text, _ = await fern.send(path, digest=digest, ticks=TICKS)
    assert status == 422
    assert "Say how you understood every word" in text
    assert await world.state(message) == State.IN_REVIEW


async def test_four_eyes_need_two_who_did_not_put_it_in(service: Service, console: Console) -> None:
    """Who put it in may approve, but that does not count; two others must."""
    world = await make_world(service, policy=Policy(four_eyes=True))
    message = await world.letter()
    fern, sage = await console.as_(world.facilitator), await console.as_(world.second)
    assert (await approve(fern, world, message))[0] == 303
    _, text = await fern.get(f"/messages/{message}")
    assert "Two facilitators who did not put it in or edit it must approve this version." in text
    _, text = await fern.get(f"/messages/{message}/review")
    assert "You have approved this version." in text
    assert "Approve this version" not in text
    assert (await approve(sage, world, message))[0] == 303
    assert await world.state(message) == State.IN_REVIEW


async def test_sent_back_with_a_reason_and_put_in_again(world: World, fern: Client) -> None:
    """Without a reason nothing happens; with one it comes back, and the next round is reviewed anew."""
    message = await world.letter()
    path, digest = f"/messages/{message}", await world.digest(message)
    status, text, _ = await fern.send(f"{path}/return", digest=digest, reason=" ")
    assert status == 422
    assert "Write the reason" in text
    assert (await fern.send(f"{path}/return", digest=digest, reason="Please leave out the address."))[0] == 303
    _, text = await fern.get(path)
    assert "Sent back" in text
    assert "Please leave out the address." in text
    assert (await fern.send(f"{path}/put-in-again", path))[0] == 303
    await intake.write_letter(world.service, world.facilitator, message, "A better letter")
    assert (await fern.send(f"{path}/send", f"{path}/upload"))[0] == 303
    await process.process_message(world.service, message)
    _, text = await fern.get(f"{path}/review")
    assert "A better letter" in text
    _, text = await fern.get(f"{path}/review?version=1")
    assert "This is an earlier version" in text
    assert "I think about that evening" in text


async def test_not_to_be_shared_keeps_its_reason(world: World, fern: Client) -> None:
    """The state and the reason stand on the page; the team reads it."""
    message = await world.letter()
    path, digest = f"/messages/{message}", await world.digest(message)
    status, _, _ = await fern.send(f"{path}/withhold", digest=digest, reason="It presses for an answer.")
    assert status == 303
    _, text = await fern.get(path)
    assert "Not to be shared" in text
    assert "It presses for an answer." in text


async def test_an_approval_taken_back_ends_the_link(world: World, fern: Client) -> None:
    """After the retraction nobody can read, and the page offers no handing over."""
    message, _ = await world.released()
    path, digest = f"/messages/{message}", await world.digest(message)
    assert (await fern.send(f"{path}/retract", digest=digest, reason="A mistake of ours."))[0] == 303
    _, text = await fern.get(path)
    assert "Nobody can read it now." in text
    assert f'href="{path}/hand-over"' not in text


async def test_the_author_takes_it_back(world: World, fern: Client) -> None:
    """Only with the tick; the answer does not say whether it was read."""
    message, _ = await world.released()
    path = f"/messages/{message}"
    assert (await fern.send(f"{path}/withdraw"))[0] == 422
    assert (await fern.send(f"{path}/withdraw", asked="yes"))[0] == 303
    assert await world.state(message) == State.WITHDRAWN


async def test_a_concern_freezes_and_only_a_supervisor_ends_it(world: World, console: Console, fern: Client) -> None:
    """What froze, who knows, the log; a facilitator cannot end it, the supervisor's decision does."""
    message = await world.letter()
    status, _, where = await fern.send(f"/messages/{message}/concern", kind="threat", note="Page 1, last line.")
    assert status == 303
    assert await world.state(message) == State.CONCERN
    _, text = await fern.get(where)
    assert "Page 1, last line." in text
    assert "Rowan" in text
    assert "End this concern" not in text
    status, _, _ = await fern.send(f"{where}/end", where, outcome="continue", note="All right")
    assert status == 403
    assert (await fern.send(f"{where}/log", where, text="Called the supervisor."))[0] == 303
    rowan = await console.as_(world.supervisor)
    _, text = await rowan.get(where)
    assert "Called the supervisor." in text
    assert (await rowan.send(f"{where}/end", where, outcome="continue", note="A quotation."))[0] == 303
    assert await world.state(message) == State.IN_REVIEW
    _, text = await rowan.get(where)
    assert "A quotation." in text
    assert "Go on: it goes back to review" in text


async def test_a_text_beside_it_makes_a_new_version(world: World, fern: Client) -> None:
    """An approved letter gets a translation: reviewed anew, the text stands at the desk, and can be changed."""
    message = await world.approved()
    path, digest = f"/messages/{message}", await world.digest(message)
    typed = {"digest": digest, "name": "translation", "tongue": "pl", "text": "Drogi sąsiedzie",
             "made_by": "person", "who": "An interpreter"}  # fmt: skip
    status, _, where = await fern.send(f"{path}/text", **typed)
    assert (status, where) == (303, f"{path}/review")
    assert await world.state(message) == State.IN_REVIEW
    _, text = await fern.get(where)
    assert "Translation: Polski" in text
    assert "Drogi sąsiedzie" in text
    _, text = await fern.get(f"{path}/text?name=translation-pl")
    assert "Drogi sąsiedzie" in text
    status, text, _ = await fern.send(f"{path}/text", **typed)
    assert status == 409
    assert "There is a newer version" in text


async def test_a_note_stands_at_its_place(world: World, fern: Client) -> None:
    """A note at words of a typed letter; a page that it does not have and a note without words are refused."""
    message = await world.letter()
    path, digest = f"/messages/{message}", await world.digest(message)
    noted = {"digest": digest, "text": "Ask about this.", "words": "that evening"}
    assert (await fern.send(f"{path}/note", f"{path}/review", **noted))[0] == 303
    _, text = await fern.get(f"{path}/review")
    assert "Ask about this." in text
    assert '<span class="app-noted">that evening</span><a class="app-pin" id="pin-1" href="#note-1"' in text
    on_page = {"digest": digest, "text": "There.", "place": "1"}
    assert (await fern.send(f"{path}/note", f"{path}/review", **on_page))[0] == 422
    assert (await fern.send(f"{path}/note", f"{path}/review", digest=digest, text=""))[0] == 422


async def test_strangers_see_nothing_and_supervisors_no_content(world: World, console: Console) -> None:
    """Another facilitator: 404. Auditor, administrator: refused. A supervisor outside the team: no words of it."""
    message = await world.letter()
    path = f"/messages/{message}"
    places = [path, f"{path}/review", f"{path}/progress", f"{path}/part/text", f"{path}/concern", f"{path}/text"]
    for actor, refused in ((world.stranger, 404), (world.auditor, 403), (world.administrator, 403)):
        client = await console.as_(actor)
        for place in places:
            status, text = await client.get(place)
            assert (place, status) == (place, refused)
            assert "I think about that evening" not in text
            assert "Form harmed" not in text
    rowan = await console.as_(world.supervisor)
    status, text = await rowan.get(path)
    assert status == 200
    assert f'href="{path}/review' not in text
    assert "A facilitator has not approved this version." in text
    team_only = ("review", "part/text", "text", "return", "withhold", "consent/share", "offer", "hand-over", "upload")
    for place in team_only:
        assert (place, (await rowan.get(f"{path}/{place}"))[0]) == (place, 403)
    for place in ("concern", "revoke", "progress"):
        assert (place, (await rowan.get(f"{path}/{place}"))[0]) == (place, 200)
