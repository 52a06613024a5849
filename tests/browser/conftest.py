"""A running service of this test process, and Chromium."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from exchange.store.embedded import EmbeddedPostgres
from exchange.store.service import Service
from tests.support.browser import chromium
from tests.support.database import cloned
from tests.support.running import Exchange, running_exchange


@pytest.fixture(scope="session")
def exchange(migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Portal, console and worker as processes, with staff; each test makes a case of its own."""
    with cloned(migrated_postgres) as url, running_exchange(url, tmp_path_factory.mktemp("exchange")) as running:
        yield running


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
