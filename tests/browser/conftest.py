"""A running service of this test process, and Chromium."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from exchange.store.embedded import EmbeddedPostgres
from exchange.store.service import Service
from tests.support.browser import OPENED, chromium
from tests.support.database import cloned
from tests.support.figures import say
from tests.support.planted import Planted, haystacks, hits
from tests.support.portal_tour import Tour, portal_tour
from tests.support.running import CONTACTS, FORMS, NAMES, PASSWORD, Exchange, running_exchange, several
from tests.support.swift import Swift
from tests.support.world import CODE

PEOPLE = {"name": NAMES, "form of name": FORMS, "contact": CONTACTS}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A second try for what needs a browser on a loaded machine; the report names each test that took it."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.flaky(reruns=1))


PROCESSES = os.environ.get("EXCHANGE_TEST_PROCESSES", "")
"""`2,2,3`: so many portals, consoles and workers over one PostgreSQL and one S3 server, each site behind a balancer."""


@pytest.fixture(scope="session")
def exchange(
    migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Exchange]:
    """Portal, console and worker as processes, with staff; each test makes a case of its own.

    After the last one every log, table, object and metric is searched for names, codes and secrets of all of them.
    """
    told: dict[str, Any] = {}
    if PROCESSES:
        swift: Swift = request.getfixturevalue("swift")
        told = {"names": several(PROCESSES), **swift.settings("browser")}
    folder = tmp_path_factory.mktemp("exchange")
    with cloned(migrated_postgres) as url, running_exchange(url, folder, **told) as running:
        yield running
        assert asyncio.run(_found_again(running, Path(migrated_postgres.folder) / "postgres.log")) == []


@pytest.fixture(scope="session")
def tour(migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    """A portal of its own with a visit of every kind, to look at: nothing is sent."""
    with cloned(migrated_postgres) as url, portal_tour(url, tmp_path_factory.mktemp("tour")) as made:
        yield made


async def _found_again(running: Exchange, postgres: Path) -> list[tuple[str, str]]:
    factors = {f"second factor of {name}": account.secret for name, account in running.accounts.items()}
    people = {f"{kind} {side}": word for kind, words in PEOPLE.items() for side, word in words.items()}
    root = {"the root key": running.settings.root_key_file.read_text("utf-8").strip()}
    planted = Planted(OPENED | factors | root | {"a password": PASSWORD}, people | {"a code": CODE})
    async with running.service() as service:
        places = await haystacks(running, service, [], postgres)
    say(f"after the browser suite: {len(planted.needles())} needles, {len(places)} places")
    return hits(planted, places)


@pytest.fixture
async def inside(exchange: Exchange) -> AsyncIterator[Service]:
    """The running service's database and objects."""
    async with exchange.service() as opened:
        yield opened


@pytest.fixture
async def visitors() -> AsyncIterator[Browser]:
    """Real Chromium."""
    async with chromium() as launched:
        yield launched
