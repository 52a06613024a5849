"""`exchange init` and `exchange doctor`. What they need is imported when they run (see cli.py)."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER, else data.")]


def init(  # noqa: PLR0913, PLR0917  # every question is also an option
    folder: Folder = None,
    name: Annotated[str | None, typer.Option(help="Name of the service, as everybody sees it.")] = None,
    portal_url: Annotated[str | None, typer.Option(help="https:// address of the participants' site.")] = None,
    console_url: Annotated[str | None, typer.Option(help="https:// address of the staff's site.")] = None,
    phone: Annotated[str | None, typer.Option(help="Phone number that people can ring.")] = None,
    hours: Annotated[str | None, typer.Option(help="Such as: Mon-Fri 08:00-20:00; Sat 09:00-17:00")] = None,
    closed_days: Annotated[str | None, typer.Option(help="Such as: 2026-12-25, 2026-12-28")] = None,
    support_line: Annotated[
        list[str] | None, typer.Option(help="Name: number: hours. Repeat it; else Britain's are used.")
    ] = None,
    mail_host: Annotated[str | None, typer.Option(help="SMTP server for e-mail to staff.")] = None,
    mail_port: Annotated[int | None, typer.Option(help="Its port; 465 is TLS from the start.")] = None,
    mail_user: Annotated[str | None, typer.Option(help="User name there; empty for none.")] = None,
    mail_password_file: Annotated[Path | None, typer.Option(help="A file that holds its password.")] = None,
    mail_from: Annotated[str | None, typer.Option(help="Neutral sender address.")] = None,
    mail_starttls: Annotated[bool, typer.Option(help="Encrypt with STARTTLS.")] = True,
    backup_place: Annotated[str | None, typer.Option(help="Where backups go, in words.")] = None,
    admin_login: Annotated[str | None, typer.Option(help="Sign-in name of the first administrator.")] = None,
    admin_name: Annotated[str | None, typer.Option(help="Their name.")] = None,
    admin_email: Annotated[str | None, typer.Option(help="Their e-mail; empty for none.")] = None,
) -> None:
    """Make a real service. Asks what was not given, and for one word of the recovery sheet that it prints.

    Example: exchange init --folder /srv/exchange
    """
    answers = dict(locals())
    from exchange.initiate import Answers, initiate

    del answers["folder"]
    answers["opening"] = answers.pop("hours")
    answers["support_lines"] = tuple(answers.pop("support_line") or ())
    initiate(folder, Answers(**answers))


def doctor(folder: Folder = None) -> None:
    """Look whether everything is right, and say what to do where it is not. Exit code 1 where it is not.

    Example: exchange doctor
    """
    from exchange.cli_open import database_of, service_of, settings_for
    from exchange.doctor import Check, examine
    from exchange.settings import Settings

    async def look(settings: Settings) -> list[Check]:
        async with service_of(settings) as service:
            return await examine(service)

    with database_of(settings_for(folder)) as settings:
        checks = asyncio.run(look(settings))
    for check in checks:
        typer.echo(f"{'ok   ' if check.ok else 'WRONG'} {check.name}")
        if not check.ok:
            typer.echo(f"      {check.wrong}\n      {check.mend}")
    wrong = sum(not check.ok for check in checks)
    typer.echo("Everything is right." if not wrong else f"{wrong} of {len(checks)} checks are not right.")
    raise typer.Exit(1 if wrong else 0)
