"""Erasing a message: by a supervisor, on its page and over the API; nobody else is offered it."""

from collections.abc import AsyncIterator

import pytest

from exchange.core.model import State
from exchange.steps import concern
from exchange.store.service import Service
from tests.support.api import running_api
from tests.support.console_site import Console, running_console
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


async def test_a_supervisor_erases_a_message(world: World, console: Console) -> None:
    """From the message's page over what goes and what stays to the trace that is left."""
    message, _ = await world.released()
    path = f"/messages/{message}"
    rowan = await console.as_(world.supervisor)
    _, text = await rowan.get(path)
    assert f'href="{path}/erase"' in text
    _, text = await rowan.get(f"{path}/erase")
    assert "What goes" in text
    assert "What stays" in text
    status, _, where = await rowan.send(f"{path}/erase")
    assert (status, where) == (303, path)
    assert await world.state(message) == State.ERASED
    status, text = await rowan.get(path)
    assert status == 200
    assert f'href="{path}/erase"' not in text
    assert (await rowan.get(f"{path}/erase"))[0] == 409


async def test_nobody_else_is_offered_it(world: World, console: Console) -> None:
    """The team sees no button, and the address refuses; nothing changes."""
    message = await world.letter()
    path = f"/messages/{message}"
    fern = await console.as_(world.facilitator)
    _, text = await fern.get(path)
    assert "/erase" not in text
    assert (await fern.get(f"{path}/erase"))[0] == 403
    status, _, _ = await fern.send(f"{path}/erase", path)
    assert status == 403
    assert await world.state(message) == State.IN_REVIEW


async def test_a_concern_is_decided_first(world: World, console: Console) -> None:
    """While a message is stopped for safety, nobody can erase it."""
    message = await world.letter()
    await concern.raise_concern(world.service, world.facilitator, message, kind="other", note="Look.")
    rowan = await console.as_(world.supervisor)
    _, text = await rowan.get(f"/messages/{message}")
    assert "/erase" not in text
    status, _, _ = await rowan.send(f"/messages/{message}/erase", "/account")
    assert status == 409
    assert await world.state(message) == State.CONCERN


async def test_the_api_names_erasing_only_to_whoever_may(service: Service, world: World) -> None:
    """`possible` has it for a supervisor only; the endpoint erases for them and refuses the team."""
    message = await world.letter()
    async with running_api(service) as api:
        lead, supervisor = await api.as_(world.facilitator), await api.as_(world.supervisor)
        assert "erase" not in (await lead.get(f"/messages/{message}"))["possible"]
        assert "erase" in (await supervisor.get(f"/messages/{message}"))["possible"]
        assert (await lead.ask("POST", f"/messages/{message}/erase")).status == 403
        assert await world.state(message) == State.IN_REVIEW
        assert (await supervisor.ask("POST", f"/messages/{message}/erase")).status == 204
    assert await world.state(message) == State.ERASED
