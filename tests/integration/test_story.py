"""The story end to end through the real steps on PostgreSQL and sealed objects: one letter, from one to the other."""

import pytest

from exchange.core.errors import LinkDead, NotFound, Refused
from exchange.core.model import Channel, FactKind, State
from exchange.steps import release, view
from exchange.store.service import Service
from tests.support.world import LETTER, World, make_world

COOKIE, OTHER = "A" * 42 + "A", "B" * 42 + "A"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def read(world: World, found: view.Visit, name: str = "text") -> bytes:
    """What a visitor gets of a part."""
    opened = await view.open_for_visitor(world.service, found, name)
    return b"".join([bytes(run) async for run in opened.reader.range(0, opened.part.size)])


async def test_a_letter_goes_from_one_person_to_the_other(world: World) -> None:
    """Put in, made safe, approved, shared, offered, accepted, released, claimed, read."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    assert (await read(world, found)).decode() == LETTER
    assert await world.state(message) == State.OPENED


async def test_a_second_browser_cannot_claim(world: World) -> None:
    """One session per link; the same browser may ask again."""
    _, link = await world.released()
    first = await world.visit(link, COOKIE)
    assert (await world.visit(link, COOKIE)).id == first.id
    with pytest.raises(LinkDead):
        await world.visit(link, OTHER)


async def test_withdrawal_stops_reading_at_once(world: World) -> None:
    """After the author takes it back, the session that just read gets nothing."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    await read(world, found)
    await world.agree_to_share(message, given=False)
    with pytest.raises((NotFound, Refused)):
        await read(world, found)
    assert await world.state(message) == State.APPROVED


async def test_a_hold_stops_reading_and_lifting_it_lets_it_go_on(world: World) -> None:
    """A safeguarding hold blocks the gate; a supervisor lifts it."""
    _, link = await world.released()
    found = await world.visit(link, COOKIE)
    await world.fact(FactKind.HOLD, "on")
    with pytest.raises(Refused) as refused:
        await read(world, found)
    assert [r.code for r in refused.value.reasons] == ["safety_hold"]
    await world.fact(FactKind.HOLD, "off", by=world.supervisor)
    assert (await read(world, found)).decode() == LETTER


async def test_a_new_link_is_one_step_and_ends_the_old_one(world: World) -> None:
    """The lost link is dead, the new one opens."""
    message, old = await world.released()
    new = await release.release_by_link(world.service, world.facilitator, message, channel=Channel.POST)
    with pytest.raises(LinkDead):
        await world.visit(old, COOKIE)
    assert (await read(world, await world.visit(new, COOKIE))).decode() == LETTER
