"""Fresh databases: one migrated template per test process, cloned for each test."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.migrate import upgrade

TEMPLATE = "migrated"
_numbers = itertools.count(1)


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
    try:
        yield postgres.url_of(name)
    finally:
        _admin(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _admin(postgres: EmbeddedPostgres, statement: sql.Composed) -> None:
    with psycopg.connect(plain_url(postgres.url_of("postgres")), autocommit=True) as connection:
        connection.execute(statement)
