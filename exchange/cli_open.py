"""The service for one command: its settings, its database (the embedded one too), its keys."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from pydantic import SecretStr

from exchange.core.errors import WrongSetting
from exchange.settings import Settings
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import driver_url
from exchange.store.migrate import upgrade
from exchange.store.roles import CONSOLE, PORTAL, let_in
from exchange.store.rootring import has_root_key
from exchange.store.service import Service, open_service

DEMO_MARK = "this-is-a-demonstration"
"""The file that `exchange demo` puts into its folder."""


def settings_for(folder: Path | None) -> Settings:
    """Settings from the environment; `folder` wins, and a demonstration's folder says that it is one."""
    found = Settings.load(**({"folder": folder} if folder else {}))
    if (found.folder / DEMO_MARK).exists() and not found.demo:
        return Settings.load(folder=found.folder, demo=True)
    return found


@contextmanager
def database_of(settings: Settings, *, migrate: bool = False) -> Iterator[Settings]:
    """The settings with a database that answers: the one they name, or the embedded one of the folder,
    started for as long as the block runs unless the service is running it."""
    if settings.database_url is not None:
        if migrate:
            migrate_own(settings)
        yield settings
        return
    server = EmbeddedPostgres(settings.folder / "postgres")
    if not migrate and not (settings.folder / "postgres").exists():
        raise WrongSetting(f"There is no service in {settings.folder}. Run exchange init, or name its --folder.")
    try:
        server.start()
    except WrongSetting:
        if not (settings.folder / "postgres" / "password").exists():
            raise
        server.attach()
    try:
        if migrate:
            upgrade(server.url)
        yield with_roles(settings, server)
    finally:
        server.stop()


@contextmanager
def owner_of(settings: Settings) -> Iterator[tuple[Settings, str]]:
    """As `database_of`, and the URL of the owner, who alone can read all of it."""
    with database_of(settings) as reached:
        if settings.database_url is not None:
            yield reached, _owner_url(settings)
        else:
            server = EmbeddedPostgres(settings.folder / "postgres")
            yield reached, server.attach()


@contextmanager
def empty_owner_of(settings: Settings) -> Iterator[tuple[Settings, str]]:
    """A database to restore into and its owner's URL: the one the settings name, or a new embedded one.

    The settings it gives connect as the owner: nobody else can before the restore has ended. Afterwards the roles of
    the settings sign in with the passwords of their URLs.
    """
    if settings.database_url is None:
        with EmbeddedPostgres(settings.folder / "postgres") as server:
            yield settings.model_copy(update={"database_url": SecretStr(server.url)}), server.url
        return
    url = _owner_url(settings)
    yield settings.model_copy(update={"database_url": SecretStr(url)}), url
    others = (settings.database_url, settings.portal_database_url)
    let_in(url, [one.get_secret_value() for one in others if one is not None])


def _owner_url(settings: Settings) -> str:
    owner = settings.owner_database_url or settings.database_url
    if owner is None:
        raise WrongSetting("Set EXCHANGE_OWNER_DATABASE_URL to the database's owner.")
    return driver_url(owner.get_secret_value()).render_as_string(hide_password=False)


@asynccontextmanager
async def service_of(settings: Settings) -> AsyncIterator[Service]:
    """The service with its keys, or without where there is no root key file yet (`doctor` says so)."""
    async with open_service(settings, with_keys=has_root_key(settings)) as service:
        yield service


def with_roles(settings: Settings, server: EmbeddedPostgres) -> Settings:
    """The settings with the URLs of an embedded server: console and portal each as their own role."""
    urls = {"database_url": server.url_as(CONSOLE), "portal_database_url": server.url_as(PORTAL)}
    return settings.model_copy(update={name: SecretStr(url) for name, url in urls.items()})


def migrate_own(settings: Settings) -> None:
    """Bring a database that the settings name up to date, as its owner; its roles sign in from then on."""
    url = _owner_url(settings)
    upgrade(url)
    others = (settings.database_url, settings.portal_database_url)
    let_in(url, [one.get_secret_value() for one in others if one is not None])
