"""The replay over records that the real steps wrote: silent where they asked the gate, loud where not."""

import pytest

from exchange.core.audit_rules import ACCESS, Violation, replay
from exchange.core.errors import NotFound, Refused
from exchange.core.model import Channel, FactKind
from exchange.steps import release, view
from exchange.store import ledger_read
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work
from tests.support.world import World, make_world

COOKIE = "A" * 42 + "A"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def replayed(world: World) -> tuple[list[Violation], list[str]]:
    """What the replay objects to, and the acts it judged."""
    async with reading(world.service) as conn:
        found = [entry.leaf for entry in await ledger_read.leaves(conn)]
    return replay(found), [leaf["act"] for leaf in found if leaf["act"] in ACCESS]


async def read(world: World, found: view.Visit) -> None:
    """Open the text of the message."""
    opened = await view.open_for_visitor(world.service, found, "text")
    assert b"".join([bytes(run) async for run in opened.reader.range(0, opened.part.size)])


async def test_a_real_story_has_no_violation(world: World) -> None:
    """By link, read, withdrawn, held and lifted, a new link: every access had its conditions."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    await read(world, found)
    await world.fact(FactKind.HOLD, "on")
    with pytest.raises(Refused):
        await read(world, found)
    await world.fact(FactKind.HOLD, "off", by=world.supervisor)
    await release.revoke(world.service, world.facilitator, message)
    new = await release.release_by_link(world.service, world.facilitator, message, channel=Channel.POST)
    found = await world.visit(new, COOKIE)
    await read(world, found)
    await world.agree_to_share(message, given=False)
    with pytest.raises((NotFound, Refused)):
        await read(world, found)
    violations, judged = await replayed(world)
    assert [str(violation) for violation in violations] == []
    assert judged == ["release.created", "view.opened", "release.created", "view.opened"]


@pytest.mark.parametrize("act", ["view.opened", "release.created", "presented.opened"])
async def test_an_access_past_the_gate_is_found(world: World, act: str) -> None:
    """A step that forgot to ask the gate, after the author had withdrawn, is listed."""
    message, _ = await world.released()
    await world.agree_to_share(message, given=False)
    async with unit_of_work(world.service, world.facilitator) as unit:
        await forgetful(unit, act, message)
    violations, _ = await replayed(world)
    assert [violation.act for violation in violations] == [act]
    assert "share_consent" in violations[0].reasons


async def forgetful(unit: Unit, act: str, message: object) -> None:
    """Writes down an access without asking anybody."""
    unit.leaf(act, message=message)
