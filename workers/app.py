"""The queue's application and how a worker process runs it (DESIGN sections 3 and 11).

Two loops in one process: `media` for the minutes-long work, `steps` for everything else, so that no notice
waits for a video. Any number of processes may run; what a dead one left is taken up by `sweeper`.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker
from psycopg import Error

from exchange.core.errors import ExchangeError
from exchange.settings import Settings
from exchange.steps import signing
from exchange.store.engine import plain_url
from exchange.store.failpoints import failpoint
from exchange.store.queue import LONG, MEDIA, STEPS
from exchange.store.scratch import remove_stale
from exchange.store.service import Service, open_service
from workers import sweeper

ATTEMPTS = 5
WAIT_SECONDS = 2
STEPS_AT_ONCE = 4
POLL_SECONDS = 2.0
CONNECTIONS = 8

log = structlog.get_logger()
app = App(connector=PsycopgConnector(), import_paths=["workers.tasks"])
Step = Callable[..., Awaitable[None]]


def task(name: str, *, cron: str | None = None) -> Callable[[Step], Step]:
    """Register `async def f(service, **ids)` under `name`; `cron` (five fields, UTC) runs it by the clock.

    Ids arrive as strings. A task that raises is run again, five times in all, with growing pauses; it must
    therefore be safe to repeat, and derive what it may do from state, never from its arguments. A task run by
    the clock runs once per tick whatever the number of workers.
    """

    def register(step: Step) -> Step:
        async def run(context: JobContext, /, **ids: Any) -> None:
            ids.pop("timestamp", None)  # given to tasks that the clock starts
            failpoint("job.begun")
            await step(context.additional_context["service"], **ids)
            failpoint("job.done")

        retry = RetryStrategy(max_attempts=ATTEMPTS - 1, exponential_wait=WAIT_SECONDS)
        queue = MEDIA if name in LONG else STEPS
        made: Any = app.task(name=name, queue=queue, pass_context=True, retry=retry)(run)
        if cron:
            app.periodic(cron=cron)(made)
        return step

    return register


async def run_worker(settings: Settings, *, ready: Callable[[], None] | None = None) -> None:
    """Work until SIGTERM or SIGINT; running jobs get `shutdown_seconds`, then they are put back by a sweeper.

    `ready` is called once the queue is open. Raises `WrongSetting` without a database or root key.
    """
    async with open_service(settings, with_keys=True) as service:
        assert settings.database_url is not None
        remove_stale(settings.scratch)
        await _work(service, plain_url(settings.database_url.get_secret_value()), ready)


async def _work(service: Service, url: str, ready: Callable[[], None] | None) -> None:
    connector = PsycopgConnector(conninfo=url, min_size=1, max_size=CONNECTIONS)
    with app.replace_connector(connector):
        async with app.open_async():
            app.perform_import_paths()  # type: ignore[no-untyped-call]  # procrastinate's
            workers = [
                _worker(service, STEPS, STEPS_AT_ONCE),
                _worker(service, MEDIA, service.settings.worker_concurrency),
            ]
            # a failure of any of them ends all; what goes on beside goes on for as long as a job does
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(worker.run()) for worker in workers]  # type: ignore[no-untyped-call]
                beside = [group.create_task(one) for one in _beside(service, workers)]
                await asyncio.sleep(0)  # a worker that is told to stop before it begins forgets it
                _stop_on_signals(workers)
                if ready:
                    ready()
                await asyncio.wait(running)
                for one in beside:
                    one.cancel()


def _beside(service: Service, workers: list[Worker]) -> tuple[Coroutine[Any, Any, None], ...]:
    settings = service.settings
    return (
        _sign_at_once(service),
        _beat(workers, settings.worker_heartbeat_seconds),
        sweeper.sweep_forever(app, settings.worker_stalled_seconds, settings.alive_file),
    )


async def _sign_at_once(service: Service) -> None:
    """A service that was off for long shows content again before the next minute begins."""
    try:
        await signing.sign(service)
    except ExchangeError as error:
        log.warning("not_signed_at_start", error=type(error).__name__)


def _worker(service: Service, queue: str, at_once: int) -> Worker:
    return Worker(
        app=app,
        queues=[queue],
        name=queue,
        concurrency=at_once,
        additional_context={"service": service},
        install_signal_handlers=False,
        fetch_job_polling_interval=POLL_SECONDS,
        update_heartbeat_interval=service.settings.worker_heartbeat_seconds,
        stalled_worker_timeout=service.settings.worker_stalled_seconds,
        shutdown_graceful_timeout=service.settings.shutdown_seconds,
        delete_jobs="successful",
    )


async def _beat(workers: list[Worker], every: float) -> None:
    """Say that these workers live, until cancelled.

    procrastinate does so by itself, but no more once a worker was told to end: its running jobs would then be taken
    up by another worker while they still run here.
    """
    while True:
        await asyncio.sleep(every)
        for worker in workers:
            if worker.worker_id is not None:
                with contextlib.suppress(Error, OSError, TimeoutError, ConnectorException):
                    await app.job_manager.update_heartbeat(worker.worker_id)


def _stop_on_signals(workers: list[Worker]) -> None:
    """Fetch no more jobs; what runs has its time (`shutdown_graceful_timeout`)."""

    def stop() -> None:
        for worker in workers:
            worker.stop()  # type: ignore[no-untyped-call]  # procrastinate's

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
