"""Connections that PostgreSQL ended while nobody used them are replaced before anybody is given one."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from exchange.store.engine import make_engine, plain_url

_END = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


async def test_a_restarted_server_is_not_noticed_by_the_next_act(empty_database: str) -> None:
    """Each of the connections that lay idle was ended; the next two acts get new ones."""
    engine = make_engine(empty_database)
    async with engine.connect() as one, engine.connect() as other:
        before = {(await conn.execute(text("select pg_backend_pid()"))).scalar_one() for conn in (one, other)}
    async with await psycopg.AsyncConnection.connect(plain_url(empty_database), autocommit=True) as conn:
        await conn.execute(_END)
    async with engine.begin() as one, engine.begin() as other:
        after = {(await conn.execute(text("select pg_backend_pid()"))).scalar_one() for conn in (one, other)}
    await engine.dispose()
    assert len(before | after) == 4


async def test_a_connection_in_order_is_used_again(empty_database: str) -> None:
    """Nothing is opened anew for its own sake."""
    engine = make_engine(empty_database)
    found = set()
    for _ in range(5):
        async with engine.begin() as conn:
            found.add((await conn.execute(text("select pg_backend_pid()"))).scalar_one())
    await engine.dispose()
    assert len(found) == 1


async def test_a_server_that_is_gone_is_an_error_and_no_endless_try(tmp_path: object) -> None:
    """As before: the caller makes a sentence of it."""
    engine = make_engine(f"postgresql:///nothing?host={tmp_path}")
    with pytest.raises(OperationalError):
        async with engine.connect():
            pass
    await engine.dispose()
