"""An invitation to write, made while its case is closed or stopped at the same moment: the invitation loses."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, text

from exchange.core.errors import NotFound, Refused
from exchange.core.model import Channel, FactKind
from exchange.steps import closing, facts, links
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work
from tests.support.closing import shut
from tests.support.world import World, make_world

WAITS = text(
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0"
)


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def invite(world: World) -> None:
    """An invitation by the lead."""
    await links.invite(world.service, world.facilitator, world.author, world.recipient, channel=Channel.PHONE)


async def invited(world: World) -> int:
    """How many links there are."""
    async with reading(world.service) as conn:
        return len((await conn.execute(select(t.link.c.id))).all())


async def somebody_waits(world: World) -> None:
    """Until a transaction waits for another one's lock; at most ten seconds."""
    for _ in range(200):
        async with reading(world.service) as conn:
            if (await conn.execute(WAITS)).scalar_one():
                return
        await asyncio.sleep(0.05)
    raise AssertionError("nobody waits")


async def closed(world: World, unit: Unit) -> None:
    """The case is closed in this unit."""
    await closing.shut(unit, world.case)


async def held(world: World, unit: Unit) -> None:
    """Everything is stopped for safety in this unit."""
    await facts.add(unit, world.case, FactKind.HOLD, "on")


@pytest.mark.parametrize("ends", [closed, held])
async def test_an_invitation_made_while_its_case_ends_loses(
    world: World, ends: Callable[[World, Unit], Awaitable[None]]
) -> None:
    """It waits for whoever came first, reads what they left, and makes no link."""
    async with unit_of_work(world.service, world.supervisor) as unit:
        await unit.case(world.case)
        await ends(world, unit)
        late = asyncio.create_task(invite(world))
        await somebody_waits(world)
    with pytest.raises(Refused):
        await late
    assert await invited(world) == 0


async def test_nobody_is_invited_to_a_closed_or_stopped_case(world: World) -> None:
    """When the stop is ended they are again, and a stranger learns nothing of any of it."""
    await world.fact(FactKind.HOLD, "on")
    with pytest.raises(Refused, match="safety"):
        await invite(world)
    await world.fact(FactKind.HOLD, "off", by=world.supervisor)
    await invite(world)
    await shut(world.service, world.supervisor, world.case)
    with pytest.raises(Refused, match="closed"):
        await invite(world)
    with pytest.raises(NotFound):
        await links.invite(world.service, world.stranger, world.author, world.recipient, channel=Channel.PHONE)
