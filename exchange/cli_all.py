"""`exchange serve`: a real service on one machine, with the embedded PostgreSQL unless another one is named."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.core.errors import WrongSetting

if TYPE_CHECKING:
    from exchange.settings import Settings

WORKERS = 2
CLEARING_UP_SECONDS = 5.0
"""What a process takes to close its connections after it has cut what still ran."""

Folder = Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER, else data.")]


def serve(folder: Folder = None) -> None:
    """Run all of a service that `exchange init` made: database, both sites, two workers. Ctrl-C stops all of it.

    Example: exchange serve --folder /srv/exchange
    """
    from exchange.cli_open import database_of, settings_for
    from exchange.supervise import ProcessTree, ended_by_signals, exchange_command

    try:
        with ended_by_signals(), database_of(settings_for(folder)) as settings:
            asyncio.run(_check_founded(settings))
            tree = ProcessTree(settings.folder / "logs", end_seconds=_patience(settings))
            environments = settings.environments()
            for name in ("portal", "console"):
                tree.start(name, exchange_command(name), environments[name])
            for number in range(1, WORKERS + 1):
                tree.start(f"worker-{number}", exchange_command("worker"), environments["worker"])
            typer.echo(
                f"Staff {settings.console_url}, participants {settings.portal_url}. Logs: {settings.folder}/logs"
            )
            try:
                tree.watch()
            finally:
                tree.stop()
    except KeyboardInterrupt:
        typer.echo("Stopped.")


async def _check_founded(settings: "Settings") -> None:
    from exchange.steps.setup import is_founded
    from exchange.store.service import open_service

    async with open_service(settings, with_keys=True) as service:
        if not await is_founded(service):
            raise WrongSetting(f"There is no service in {settings.folder}. Run exchange init first.")


def _patience(settings: "Settings") -> float:
    """What the parts get to end in: as long as the settings let them, and a little for clearing up."""
    return settings.shutdown_notice_seconds + settings.shutdown_seconds + CLEARING_UP_SECONDS
