"""One-time links over two portal processes and one database: one winner, and dead links that look alike."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from exchange.store.embedded import EmbeddedPostgres
from tests.support.database import cloned
from tests.support.dead import STATES, dead_links
from tests.support.figures import say
from tests.support.redeeming import attempt, browsers, fresh_link, one_round, race_with_revoking, two_portals
from tests.support.running import Exchange
from tests.support.world import World

Portals = tuple[Exchange, tuple[str, str]]


@pytest.fixture(scope="module")
def portals(migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portals]:
    """Two portal processes and a console over one database."""
    folder = tmp_path_factory.mktemp("two-portals")
    with cloned(migrated_postgres) as url, two_portals(url, folder) as running:
        yield running


@pytest.fixture
async def world(portals: Portals) -> AsyncIterator[World]:
    """A new case of the running service."""
    async with portals[0].service() as service:
        yield await portals[0].case(service)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Any number of browsers."""
    async with browsers() as client:
        yield client


@pytest.mark.slow
async def test_of_many_simultaneous_redemptions_over_two_portals_one_wins(
    portals: Portals, world: World, http: aiohttp.ClientSession
) -> None:
    """Five rounds of 200 browsers with the right code (`bench/redeem.py` has the full figure)."""
    message, _ = await world.released()
    statuses: Counter[int] = Counter()
    for _ in range(5):
        statuses += await one_round(world, http, portals[1], await fresh_link(world, message), 200)
    say(f"5 rounds x 200: {dict(statuses)}")
    assert statuses[303] == 5


async def test_a_revocation_that_came_first_always_wins(
    portals: Portals, world: World, http: aiohttp.ClientSession
) -> None:
    """Racing, the record's order decides; after it, nobody gets in."""
    message, _ = await world.released()
    came_first: Counter[str] = Counter()
    for number in range(12):
        wait = (number - 6) * 0.01
        came_first[await race_with_revoking(world, http, portals[1][number % 2], message, wait)] += 1
    say(f"12 races: {dict(came_first)}")
    assert sum(came_first.values()) == 12
    for portal in portals[1]:
        link = await fresh_link(world, message)
        await world.revoke(message)
        assert (await attempt(http, portal, link.secret)).status == 404


async def test_dead_links_are_alike_in_bytes_over_http(
    portals: Portals, world: World, http: aiohttp.ClientSession
) -> None:
    """Ten of each of the five states, none answered before its time (`bench/dead_links.py` has the full figure)."""
    secrets = await dead_links(world)
    tried = [
        one
        for _ in range(10)
        for one in await asyncio.gather(*(attempt(http, portals[1][0], secrets[state]()) for state in STATES))
    ]
    assert len({(one.status, one.digest) for one in tried}) == 1
    assert tried[0].status == 404
    assert min(one.seconds for one in tried) >= 0.3
