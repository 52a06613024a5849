"""A new version comes while people send and watch: process after process ends and starts, and nobody notices."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

import aiohttp
import pytest

from bench.streams import BLOCK, MIB, Stage, released
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.service import Service
from tests.support.database import cloned
from tests.support.figures import say
from tests.support.putting_in import read_back
from tests.support.redeeming import browsers
from tests.support.running import Exchange, running_exchange
from tests.support.transfers import Sender, Transfer, Watcher, sender_at
from tests.support.world import World

EACH = 20
FILE, FILM = 2 * MIB + 321, 16 * MIB
NOTICE, PATIENCE = 1.0, 3.0
"""Seconds that a process says that it ends, and lets run what runs: here shorter than every transfer."""


@dataclass(frozen=True)
class Place:
    """Two portals behind a balancer, a case, and what there is to look at it with."""

    running: Exchange
    service: Service
    world: World
    http: aiohttp.ClientSession

    async def watcher(self) -> Watcher:
        """Somebody with a film in front of them."""
        people = self.world.facilitator, self.world.case, self.world.author, self.world.recipient
        session, cookie, _ = await released(Stage(self.service, *people), FILM)
        url = f"{self.running.portal}/s/{session}/part/picture"
        return Watcher(url=url, cookie=cookie, content=BLOCK, size=FILM)


@pytest.fixture(scope="module")
def running(migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Two portals and a console over one database."""
    names = ("portal-1", "portal-2", "console")
    hurried = {"shutdown_notice_seconds": NOTICE, "shutdown_seconds": PATIENCE}
    folder = tmp_path_factory.mktemp("two")
    with cloned(migrated_postgres) as url, running_exchange(url, folder, names, **hurried) as made:
        yield made


@pytest.fixture
async def place(running: Exchange) -> AsyncIterator[Place]:
    """A case of its own for each test."""
    async with running.service() as service, browsers() as http:
        yield Place(running, service, await running.case(service), http)


@pytest.mark.slow
async def test_uploads_and_films_go_on_while_every_process_is_restarted(place: Place) -> None:
    """20 files and 20 films; both portals ended and started, one after the other: no transfer is broken."""
    made = [await sender_at(place.running.portal, place.world, FILE) for _ in range(EACH)]
    senders = [sender for sender, _ in made]
    watchers = [await place.watcher() for _ in range(EACH)]
    hurry = asyncio.Event()
    transfers: list[Sender | Watcher] = [*senders, *watchers]
    running = asyncio.gather(*(one.run(place.http, hurry) for one in transfers))
    await asyncio.sleep(2)
    took = [await place.running.restart(name) for name in ("portal-1", "portal-2")]
    assert not any(one.ended for one in transfers)
    hurry.set()
    await asyncio.wait_for(running, 120)
    say(f"{EACH} uploads, {EACH} films, two restarts of {took[0]:.1f} and {took[1]:.1f} s: lines broken "
        f"{_broke(senders)} and {_broke(watchers)} times, broken transfers {_faults(transfers)}")  # fmt: skip
    assert _faults(transfers) == []
    assert _broke(senders) > 0 < _broke(watchers), "the restarts must have come in the middle"
    for sender, upload in made:
        assert await read_back(place.service, upload) == sender.content


def cut(running: Exchange, name: str) -> int:
    """How many connections the process had to cut when it last ended, as it wrote down itself."""
    told = [json.loads(line) for line in (running.tree.logs / f"{name}.log").read_text().splitlines()]
    return int([line for line in told if line["event"] == "ending"][-1]["cut"])


def _broke(transfers: Sequence[Transfer]) -> int:
    return sum(one.broke for one in transfers)


def _faults(transfers: Sequence[Transfer]) -> list[str]:
    return [one.fault for one in transfers if not one.ended]


async def test_what_is_nearly_done_is_let_finish(place: Place) -> None:
    """A process that ends takes nobody new in and cuts nothing that ends within its time."""
    sender, upload = await sender_at(place.running.portal, place.world, 100_000)
    hurry = asyncio.Event()
    sending = asyncio.create_task(sender.run(place.http, hurry))
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await asyncio.gather(*(place.running.restart(name) for name in ("portal-1", "portal-2")))
    await sending
    assert (sender.ended, sender.broke) == (True, 0)
    assert await read_back(place.service, upload) == sender.content
    say(f"both restarted at once around an upload that was nearly done: {time.monotonic() - began:.1f} s")


async def test_a_process_that_ends_says_so_first(place: Place) -> None:
    """`/readyz` is 503 and answers close their connection; `/healthz` goes on, and so do pages; then nobody listens."""
    url = f"http://127.0.0.1:{place.running.ports['portal-2']}"
    restarting = asyncio.create_task(place.running.restart("portal-2"))
    await asyncio.sleep(NOTICE / 3)
    seen = {}
    for path in ("/readyz", "/healthz", "/l"):
        async with place.http.get(url + path) as answer:
            seen[path] = answer.status, answer.headers.get("Connection")
    assert seen == {"/readyz": (503, "close"), "/healthz": (200, "close"), "/l": (200, "close")}
    assert await restarting >= NOTICE
    assert cut(place.running, "portal-2") == 0


async def test_a_second_signal_ends_it_at_once(place: Place) -> None:
    """Whoever presses Ctrl-C twice does not wait for a film."""
    url = f"http://127.0.0.1:{place.running.ports['portal-2']}"
    watcher = await place.watcher()
    watcher.url = watcher.url.replace(place.running.portal, url)
    watching = asyncio.create_task(watcher.run(place.http, asyncio.Event()))
    await asyncio.sleep(0.5)
    assert await place.running.restart("portal-2", signals=2) < 2 * (NOTICE + PATIENCE)
    assert cut(place.running, "portal-2") >= 1  # at once: an idle one that is being closed may count too
    watching.cancel()


async def test_a_console_that_nobody_uses_ends_at_once(running: Exchange) -> None:
    """Idle connections, such as a browser keeps, hold nothing up."""
    async with aiohttp.ClientSession() as browser:
        async with browser.get(f"{running.console}/sign-in") as answer:
            assert (await answer.read(), answer.status)[1] == 200
        await running.restart("console")
    assert cut(running, "console") == 0
