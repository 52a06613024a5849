"""`exchange bounce`: e-mail that came back, as the mail server pipes it here."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the mail server keeps the message and tries again."""
Folder = Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER, else data.")]


def bounce(folder: Folder = None) -> None:
    """Read an undeliverable e-mail from standard input, for the mail server to pipe here.

    What is about no notice of this service changes nothing, and is no error. Ends with 75 where the database is
    away, so that the mail server tries again.

    Example, in /etc/aliases: bounces: "|exchange bounce --folder /srv/exchange"
    """
    from exchange.cli_open import database_of, service_of, settings_for
    from exchange.core.bounces import LARGEST
    from exchange.core.errors import StorageUnavailable
    from exchange.steps import notifying

    untrusted = sys.stdin.buffer.read(LARGEST + 1)

    async def take() -> int:
        async with service_of(settings) as service:
            return await notifying.take_bounce(service, untrusted)

    try:
        with database_of(settings_for(folder)) as settings:
            done = asyncio.run(take())
    except StorageUnavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(TRY_AGAIN) from None
    typer.echo("Noted: a notice came back." if done else "This is about no notice of this service.")
