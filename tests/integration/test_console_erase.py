"""Erasing a message: by a supervisor, on its page and over the API; nobody else is offered it."""

from collections.abc import AsyncIterator

import pytest

from exchange.core.model import State
from exchange.steps import certificate, concern, setup
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


async def test_a_supervisor_erases_a_case_and_takes_its_certificate(world: World, console: Console) -> None:
    """Over what goes and what stays; the case's pages still open, without names; the file is the signed note."""
    setup.make_keys(world.service.settings)
    await world.released()
    path = f"/cases/{world.case}"
    rowan, fern = await console.as_(world.supervisor), await console.as_(world.facilitator)
    assert "Full name" in (await fern.get(path))[1]
    assert f'href="{path}/erase"' not in (await fern.get(path))[1]
    assert (await fern.get(f"{path}/erase"))[0] == 403
    _, text = await rowan.get(f"{path}/erase")
    assert "What goes" in text
    status, _, where = await rowan.send(f"{path}/erase")
    assert (status, where) == (303, f"{path}/erasures")
    assert "being prepared" in (await rowan.get(f"{path}/erasures"))[1]
    await certificate.certify_waiting(world.service)
    _, text = await fern.get(f"{path}/erasures")
    [link] = {part.split('"')[0] for part in text.split('href="') if part.startswith("/erasures/")}
    status, note = await fern.get(link)
    assert (status, note.splitlines()[0]) == (200, "exchange erasure certificate, version 1")
    reed = await console.as_(world.stranger)
    assert (await reed.get(link))[0] == 404
    for page in (path, "/cases?show=all", "/", f"{path}/record", f"{path}/team"):
        status, text = await rowan.get(page)
        assert status == 200, page
        assert "Full name" not in text
        assert "Form " not in text


async def test_a_legal_hold_stands_in_the_way_and_says_why(world: World, console: Console) -> None:
    """Placed on its page with a reason; erasing is then refused; lifted with a reason."""
    message = await world.letter()
    path = f"/cases/{world.case}"
    rowan = await console.as_(world.supervisor)
    status, _, _ = await rowan.send(f"{path}/legal-hold", reason="")
    assert status == 422
    status, _, _ = await rowan.send(f"{path}/legal-hold", reason="A court asked for it.")
    assert status == 303
    assert "A court asked for it." in (await rowan.get(f"{path}/legal-hold"))[1]
    assert "so nothing of it can be erased" in (await rowan.get(f"{path}/erase"))[1]
    assert (await rowan.send(f"{path}/erase", f"{path}/legal-hold"))[0] == 409
    assert (await rowan.send(f"/messages/{message}/erase"))[0] == 409
    status, _, _ = await rowan.send(f"{path}/legal-hold", reason="The court is done.")
    assert status == 303
    assert (await rowan.send(f"{path}/erase"))[0] == 303
