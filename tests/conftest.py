"""Fixtures that start real things: PostgreSQL, an S3 server, an SMTP server; none unless asked for.

Each imports what it needs when it is used, so that the pure tests of `tests/unit` start at once.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.go import has_go_with_x_mod

if TYPE_CHECKING:
    from exchange.settings import Settings
    from exchange.store.embedded import EmbeddedPostgres
    from exchange.store.service import Service
    from tests.support.mail import Mailbox
    from tests.support.swift import Swift


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Engines of letters that a desk may lack: `.ci/run` installs LibreOffice, `make` fetches what reads pages."""
    if collection_path.name == "test_media_office.py":
        from tests.support.office import has_office

        return not has_office() or None
    if collection_path.name in ("test_media_reading.py", "test_console_reading.py"):
        from tests.support.reading import has_reader

        return not has_reader() or None
    return None


# the foreign verifier is written in Go; `.ci/run` installs it, a desk without it has nothing to run it with
collect_ignore = [] if has_go_with_x_mod() else ["integration/test_ledger_foreign.py"]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[EmbeddedPostgres]":
    """A PostgreSQL of this test process; forgetful, so fast."""
    from exchange.store.embedded import EmbeddedPostgres

    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "cluster", durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres: "EmbeddedPostgres") -> "EmbeddedPostgres":
    """The same, with a template database of the newest schema."""
    from tests.support.database import make_template

    make_template(postgres)
    return postgres


@pytest.fixture
def database(migrated_postgres: "EmbeddedPostgres") -> Iterator[str]:
    """The URL of a fresh, migrated database; it is gone after the test."""
    from tests.support.database import cloned

    with cloned(migrated_postgres) as url:
        yield url


@pytest.fixture
def empty_database(postgres: "EmbeddedPostgres") -> Iterator[str]:
    """The URL of a fresh database without any table."""
    from tests.support.database import cloned

    with cloned(postgres, "template0") as url:
        yield url


@pytest.fixture
def settings(database: str, tmp_path: Path) -> "Settings":
    """Settings over a fresh database, with a folder and a scratch of their own and a fresh root key."""
    from exchange.settings import Settings
    from exchange.store.rootkey import FileRootKey
    from tests.support.database import role_urls

    # tests ask fast; some set it
    unhurried = dict.fromkeys(
        ("requests_per_minute", "knocks_per_minute", "tries_per_link", "references_per_minute"), 0
    )
    folders = {"folder": tmp_path / "service", "scratch": tmp_path / "scratch"}
    found = Settings.load(demo=True, **folders, **role_urls(database), **unhurried)
    found.root_key_file.parent.mkdir(mode=0o700, parents=True)
    FileRootKey.create(found.root_key_file)
    return found


@pytest.fixture
async def service(settings: "Settings") -> "AsyncIterator[Service]":
    """A service with keys, as console and worker have it; local objects."""
    from exchange.store.service import open_service

    async with open_service(settings, with_keys=True) as opened:
        yield opened


@pytest.fixture
async def portal_service(service: "Service") -> "AsyncIterator[Service]":
    """The same database and objects as the portal has them: its own database role, no keys."""
    from exchange.store.service import open_service

    async with open_service(service.settings.for_portal(), with_keys=False) as opened:
        yield replace(opened, objects=service.objects)


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Swift]":
    """A real S3 server of this test process."""
    from tests.support.swift import swift_server

    with swift_server(tmp_path_factory.mktemp("swift") / "server") as server:
        yield server


@pytest.fixture
def smtp() -> "Iterator[Mailbox]":
    """A real SMTP server; what it got is in `messages`."""
    from tests.support.mail import mail_server

    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def chromium() -> str | None:
    """`executable_path` for playwright; None means the browser that playwright has fetched."""
    from tests.support.chromium import system_chromium

    return system_chromium()
