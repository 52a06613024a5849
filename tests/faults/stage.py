"""Where runs take place: a PostgreSQL of its own, a case in which everything is recorded, a fresh copy for each run."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from exchange.settings import Settings
from exchange.steps import setup, stream
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.service import Service, open_service
from tests.faults.history import History
from tests.faults.people import People, Script
from tests.support.database import cloned, make_template, role_urls
from tests.support.world import World, make_world

PIECE = 4096
"""Bytes of a piece in these runs, so that a letter is several."""
_numbers = itertools.count(1)


@dataclass
class Stage:
    """`world` as it stands in the database `name`, of which each run gets a copy."""

    server: EmbeddedPostgres
    folder: Path
    name: str
    world: World
    more: dict[str, Any]

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """A fresh copy for one run; gone afterwards."""
        number = next(_numbers)
        here = self.folder / f"run-{number}"
        here.mkdir()
        more = {**self.more, **({"s3_bucket": f"run-{number}"} if self.more else {})}
        with cloned(self.server, self.name) as url:
            yield Place(self, here, _settings(self.folder, url, here, **more))
        shutil.rmtree(here, ignore_errors=True)

    @property
    def postgres(self) -> int:
        """The process to be killed."""
        assert self.server._process is not None
        return self.server._process.pid

    def restart(self) -> None:
        """After it was killed. Its folder stays locked: the life that killed it holds the lock too."""
        assert self.server._process is not None
        self.server._process.wait(30)
        self.server._end_leftover()
        self.server._launch()


@dataclass
class Place:
    """A run's own database, objects and scratch."""

    stage: Stage
    folder: Path
    settings: Settings

    @property
    def history(self) -> History:
        """What people were told here."""
        return History(self.folder / "history.jsonl")

    @asynccontextmanager
    async def people(self, script: Script) -> AsyncIterator[People]:
        """Everybody, for as long as one life of the service lasts."""
        async with (
            open_service(self.settings, with_keys=True) as service,
            open_service(self.settings.for_portal(), with_keys=False) as portal,
        ):
            own = replace(portal, objects=service.objects)
            yield People(replace(self.stage.world, service=service), script, self.history, own)


def _settings(folder: Path, url: str, here: Path, **more: Any) -> Settings:
    keys = {"root_key_file": folder / "keys" / "root.key", "ledger_key_file": folder / "keys" / "ledger.key"}
    return Settings.load(folder=here, scratch=here / "scratch", demo=True, **keys, **role_urls(url), **more)


@contextmanager
def stage(folder: Path, **more: Any) -> Iterator[Stage]:
    """A PostgreSQL that keeps what it has committed when it is killed, though not when the machine is."""
    stream.PIECE = PIECE  # type: ignore[attr-defined]
    with EmbeddedPostgres(folder / "postgres", durable=False) as server:
        _keeps_what_it_says(server)
        make_template(server)
        name = "staged"
        with cloned(server) as url:
            settings = _settings(folder, url, folder, **more)
            setup.make_keys(settings)
            world = asyncio.run(_world(settings))
            _copy(server, url, name)
        yield Stage(server, folder, name, world, more)


def _keeps_what_it_says(server: EmbeddedPostgres) -> None:
    """Tests run with commits that may be lost in a crash; here a commit is one."""
    with psycopg.connect(plain_url(server.url_of("postgres")), autocommit=True) as connection:
        connection.execute("ALTER ROLE ALL SET synchronous_commit = on")


def _copy(server: EmbeddedPostgres, url: str, name: str) -> None:
    from_ = url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(plain_url(server.url_of("postgres")), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{from_}" STRATEGY file_copy')


async def _world(settings: Settings) -> World:
    async with open_service(settings, with_keys=True) as service:
        await setup.found_service(service, demo=True, name="Letter Bridge")
        return replace(await make_world(service), service=_nobody())


def _nobody() -> Service:
    """A world is told its service anew in every life."""
    return None  # type: ignore[return-value]
