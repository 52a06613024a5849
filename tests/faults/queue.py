"""A worker's life within a run: the real queue, worked on until nothing is left to do."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from exchange.core.errors import StorageUnavailable
from exchange.store.engine import plain_url
from exchange.store.service import Service
from tests.faults.people import People
from tests.support.roles import as_owner
from workers import sweeper, tasks
from workers.app import app

ROUNDS = 8
_NOW = text("update procrastinate_jobs set scheduled_at = null where status = 'todo'")
_LEFT = text("select count(*) from procrastinate_jobs where status in ('todo', 'doing')")


async def work(people: People) -> None:
    """Everything that is queued, however often it fails at first; what a dead worker held is taken up again."""
    with started_again():
        for _ in range(ROUNDS):
            async with as_owner(people.service).engine.begin() as conn:
                await conn.execute(_NOW)
            await _once(people.service)
            async with as_owner(people.service).engine.begin() as conn:
                if not (await conn.execute(_LEFT)).scalar_one():
                    return
    raise StorageUnavailable


@contextmanager
def started_again() -> Iterator[None]:
    """A worker that loses the database ends, and is started again by whoever started it."""
    try:
        yield
    except (SQLAlchemyError, ConnectorException, psycopg.Error) as error:
        raise StorageUnavailable from error


async def by_the_clock(people: People) -> None:
    """What the clock starts: whatever waits without a job is asked for again, then worked on."""
    await tasks.process_waiting(people.service)
    await tasks.certify_waiting(people.service)
    await work(people)


async def _once(service: Service) -> None:
    app.periodic_registry.periodic_tasks.clear()  # a run starts by hand what else the clock would
    assert service.settings.database_url is not None
    url = plain_url(service.settings.database_url.get_secret_value())
    with app.replace_connector(PsycopgConnector(conninfo=url, min_size=1, max_size=4)):
        async with app.open_async():
            await sweeper.take_up(app, 0)
            await app.run_worker_async(
                wait=False,
                concurrency=1,
                listen_notify=False,
                install_signal_handlers=False,
                additional_context={"service": service},
                delete_jobs="successful",
            )
