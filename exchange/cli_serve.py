"""`exchange portal`, `console`, `worker`, `migrate`: the three kinds of process, and the schema they need.

Settings come from the environment (`EXCHANGE_*`). Each process runs until SIGTERM or Ctrl-C.
"""

import asyncio
import signal
from typing import TYPE_CHECKING

import typer

from exchange.logs import to_json_lines
from exchange.memory import keep_freed_memory, open_many_files, quick_imports

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from exchange.settings import Settings
    from exchange.store.service import Service

    Create = Callable[[Service], Awaitable[web.Application]]

CUT_SECONDS = 1.0
"""So long aiohttp waits, twice, for what `end` has to cut."""
READY_AFTER_SECONDS = 3.0
"""So long a process leaves the processor to those that start beside it, before it compiles what comes later."""


def portal() -> None:
    """Serve the participants' site. It holds no key that opens anything.

    Example: EXCHANGE_PORTAL_DATABASE_URL_FILE=/run/secrets/portal_db exchange portal
    """
    with quick_imports():
        from exchange.settings import Settings
        from exchange.web.portal.app import create

    to_json_lines("portal")
    settings = Settings.load_portal()
    asyncio.run(_serve(settings, create, settings.portal_host, settings.portal_port, with_keys=False))


def console() -> None:
    """Serve the staff's site and the JSON API.

    Example: EXCHANGE_DATABASE_URL_FILE=/run/secrets/db exchange console
    """
    with quick_imports():
        from exchange.settings import Settings
        from exchange.web.console.app import create

    to_json_lines("console")
    settings = Settings.load()
    asyncio.run(_serve(settings, create, settings.console_host, settings.console_port, with_keys=True))


def worker() -> None:
    """Work on the queue: process uploads, write notices, sweep.

    Example: EXCHANGE_DATABASE_URL_FILE=/run/secrets/db exchange worker
    """
    with quick_imports():
        from exchange.settings import Settings
        from workers.app import run_worker

    to_json_lines("worker")
    settings = Settings.load()
    _serve_metrics(settings)
    asyncio.run(run_worker(settings, ready=lambda: typer.echo("worker ready")))


def migrate() -> None:
    """Bring the database to the newest schema; safe to run at every start and from several machines.

    Example: EXCHANGE_OWNER_DATABASE_URL=postgresql://… exchange migrate
    """
    from exchange.cli_open import migrate_own
    from exchange.settings import Settings

    migrate_own(Settings.load())
    typer.echo("The database is up to date.")


async def _serve(settings: "Settings", create: "Create", host: str, port: int, *, with_keys: bool) -> None:
    from aiohttp import web

    from exchange.steps.health import require_isolated
    from exchange.store.service import open_service
    from exchange.web.frame.ending import end
    from exchange.web.frame.readying import make_ready
    from exchange.web.frame.runner import FrameRunner

    keep_freed_memory()
    open_many_files()
    _serve_metrics(settings)
    async with open_service(settings, with_keys=with_keys) as service:
        if not with_keys:
            await require_isolated(service)
        runner = FrameRunner(await create(service), shutdown_timeout=CUT_SECONDS)
        await runner.setup()
        readying = asyncio.create_task(make_ready(runner.app, after=READY_AFTER_SECONDS))
        try:
            await web.TCPSite(runner, host, port).start()
            again = await _told_to_end()
            notice, seconds = settings.shutdown_notice_seconds, settings.shutdown_seconds
            await end(runner, notice=notice, seconds=seconds, at_once=again)
        finally:
            readying.cancel()
            await runner.cleanup()


async def _told_to_end() -> asyncio.Event:
    """Return at the first SIGTERM or SIGINT; what is given is set at the second."""
    first, second = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (second if first.is_set() else first).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told)
    await first.wait()
    return second


def _serve_metrics(settings: "Settings") -> None:
    if settings.metrics_port:
        from prometheus_client import start_http_server

        start_http_server(settings.metrics_port, addr=settings.metrics_host)
