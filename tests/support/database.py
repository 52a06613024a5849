"""Fresh databases: one migrated template per test process, cloned for each test."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.migrate import upgrade
from exchange.store.roles import CONSOLE, PORTAL

TEMPLATE = "migrated"
_numbers = itertools.count(1)
_as_roles: dict[str, dict[str, str]] = {}


def make_template(postgres: EmbeddedPostgres) -> None:
    """A database with the newest schema, which `cloned` copies."""
    _admin(postgres, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    upgrade(postgres.url_of(TEMPLATE))


@contextmanager
def cloned(postgres: EmbeddedPostgres, template: str = TEMPLATE) -> Iterator[str]:
    """The URL of a copy of `template`, dropped afterwards whoever is still connected to it."""
    name = f"test_{next(_numbers)}"
    clone = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    _admin(postgres, clone.format(sql.Identifier(name), sql.Identifier(template)))
    url = postgres.url_of(name)
    _as_roles[url] = {
        "owner_database_url": url,
        "database_url": postgres.url_of(name, CONSOLE),
        "portal_database_url": postgres.url_of(name, PORTAL),
    }
    try:
        yield url
    finally:
        del _as_roles[url]
        _admin(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def role_urls(owner_url: str) -> dict[str, str]:
    """Keyword arguments for `Settings.load`: the database of `cloned` as owner, console and portal reach it."""
    return dict(_as_roles[owner_url])


def _admin(postgres: EmbeddedPostgres, statement: sql.Composed) -> None:
    with psycopg.connect(plain_url(postgres.url_of("postgres")), autocommit=True) as connection:
        connection.execute(statement)
