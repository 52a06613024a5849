"""The one way to a database engine: PostgreSQL through psycopg 3, a pool that mends itself."""

import select
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

STATEMENTS_KEPT = 5_000
"""As many compiled statements: a console has over a thousand, and each takes milliseconds to compile."""
POOL_SIZE = 10
POOL_OVERFLOW = 10
POOL_WAIT_SECONDS = 10
CONNECT_SECONDS = 10


def driver_url(url: str) -> URL:
    """`url` with the driver that we use, whichever PostgreSQL form it came in."""
    return make_url(url).set(drivername="postgresql+psycopg")


def plain_url(url: str | URL) -> str:
    """`url` as libpq and procrastinate read it; it holds the password, so never print it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def make_engine(url: str, *, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """An engine that looks at a connection before lending it, so that a restarted PostgreSQL is survived.

    Times are UTC whatever the server says; a forgotten transaction ends after a minute; a lock is waited
    for at most 15 seconds, so that a request fails with a sentence instead of hanging.
    """
    options = "-c timezone=UTC -c idle_in_transaction_session_timeout=60s -c lock_timeout=15s"
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_WAIT_SECONDS,
        hide_parameters=True,
        query_cache_size=STATEMENTS_KEPT,
        connect_args={"connect_timeout": CONNECT_SECONDS, "options": options},
    )
    event.listen(engine.sync_engine, "checkout", _refuse_ended)
    return engine


def _refuse_ended(adapted: Any, _record: object, _proxy: object) -> None:
    """A server that ended a connection has said so on its socket; the pool then opens another.

    That costs no round trip, as asking would for every transaction. Nothing is ever sent over an idle connection, for
    nobody here listens for notifications, so whatever waits there is a farewell.
    """
    driver = adapted.driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    if driver.closed or _has_something(driver.fileno()):
        raise DisconnectionError


def _has_something(descriptor: int) -> bool:
    looked = select.poll()
    looked.register(descriptor, select.POLLIN)
    return bool(looked.poll(0))
