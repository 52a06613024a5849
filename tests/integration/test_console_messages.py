"""One letter through the console's own pages: put in, reviewed, agreed to, offered, handed over."""

import re
from collections.abc import AsyncIterator

import pytest

from exchange.core.links import lookup_hash
from exchange.core.model import State
from exchange.steps import process
from exchange.store.service import Service
from tests.support.console_site import Client, Console, running_console
from tests.support.world import LETTER, World, make_world

TICKS = ["right_people", "no_threat", "nobody_else", "nothing_locating", "no_pressure"]


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


async def begun(fern: Client, world: World, what: str) -> str:
    """Answer the three questions; the message's path."""
    status, _, where = await fern.send(
        f"/cases/{world.case}/messages/new", author=world.author, recipient=world.recipient, what=what
    )
    assert status == 303
    return where.split("/upload")[0]


async def test_a_letter_from_put_in_to_handed_over(world: World, fern: Client) -> None:
    """Every page in turn, as a facilitator goes through them."""
    service = world.service
    path = await begun(fern, world, "typed")
    status, _, where = await fern.send(f"{path}/upload/typed", f"{path}/upload?what=typed", text=LETTER)
    assert (status, where) == (303, path)
    _, text = await fern.get(path)
    assert "Being made safe" in text
    assert "Check again" in text
    message = __import__("uuid").UUID(path.rpartition("/")[2])
    await process.process_message(service, message)

    _, text = await fern.get(path)
    assert "To review" in text
    assert "A facilitator has not approved this version." in text
    _, desk = await fern.get(f"{path}/review")
    assert "I think about that evening often." in desk
    assert "Form harmed" in desk
    assert "harmed@people.example" in desk
    digest = await world.digest(message)
    status, _, where = await fern.send(f"{path}/review", digest=digest, ticks=TICKS, understood="myself")
    assert (status, where) == (303, path)
    assert await world.state(message) == State.APPROVED

    said = {"digest": digest, "wording": "share-2026-01", "given": "yes", "method": "in_person"}
    assert (await fern.send(f"{path}/consent/share", **said))[0] == 303
    offer = {"content_note": "A short letter about that evening.", "length": "a page", "asks": "self"}
    assert (await fern.send(f"{path}/offer", **offer))[0] == 303
    assert await world.state(message) == State.OFFERED
    answer = {"wording": "receive-2026-01", "answer": "yes", "method": "phone", "how": "alone"}
    assert (await fern.send(f"{path}/consent/receive", **answer))[0] == 303

    status, _, where = await fern.send(f"{path}/hand-over", way="link", channel="email")
    assert status == 303
    assert where.startswith("/links/")
    _, text = await fern.get(where)
    found = re.search(r"/l#([\w-]{43})<", text)
    assert found
    assert len(lookup_hash(found[1])) == 32
    assert "By e-mail" in text
    assert "Read out on the phone" in text
    assert "<svg" in text
    assert await world.state(message) == State.RELEASED
