"""What `exchange init` does: ask, make keys, print the sheet, have a word typed back, found the service."""

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import typer

from exchange.cli_open import DEMO_MARK, database_of
from exchange.core.errors import BadInput, Refused
from exchange.core.model import OPERATOR, Role
from exchange.core.notes import Verifier
from exchange.settings import Settings
from exchange.steps import accounts, passwords, setup
from exchange.steps import settings as service_settings
from exchange.steps.settings import UK_SUPPORT_LINES, ServiceSettings
from exchange.store.service import open_service

T = TypeVar("T")
TRIES = 5


@dataclass(frozen=True)
class Answers:
    """What was given as options; None is asked for."""

    name: str | None
    portal_url: str | None
    console_url: str | None
    phone: str | None
    opening: str | None
    closed_days: str | None
    support_lines: tuple[str, ...]
    mail_host: str | None
    mail_port: int | None
    mail_user: str | None
    mail_password_file: Path | None
    mail_from: str | None
    mail_starttls: bool
    backup_place: str | None
    admin_login: str | None
    admin_name: str | None
    admin_email: str | None


def initiate(folder: Path | None, given: Answers) -> None:
    """Make a real service, or refuse and change nothing. Raises ExchangeError with a sentence."""
    settings = Settings.load(**({"folder": folder} if folder else {}))
    if settings.demo or (settings.folder / DEMO_MARK).exists():
        raise Refused("This folder holds a demonstration. Choose an empty folder for a real service.")
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with database_of(settings, migrate=True) as reached:
        asyncio.run(_refuse_old(reached))
        wanted, who = _ask(given), _ask_administrator(given)
        verifier = setup.make_keys(reached, console_url=wanted["console_url"])
        _confirm_sheet(reached, verifier, wanted["service_name"])
        password = asyncio.run(_found(reached, wanted, who))
    _farewell(who["login"], password)


async def _refuse_old(settings: Settings) -> None:
    async with open_service(settings, with_keys=False) as service:
        if await setup.is_demo(service):
            raise Refused("This database holds a demonstration. Choose an empty one for a real service.")
        if await setup.is_founded(service):
            raise Refused("This service was set up already. Nothing was changed.")


def _ask(given: Answers) -> dict[str, Any]:
    """The service's settings by name, each checked as it is answered."""
    blank = ServiceSettings()

    def one(field: str, question: str, value: Any, default: Any = None) -> Any:
        return _asked(question, value, default, lambda text: _valid(field, text))

    found: dict[str, Any] = {
        "service_name": one("service_name", "Name of the service", given.name),
        "portal_url": one("portal_url", "Address of the participants' site (https://…)", given.portal_url),
        "console_url": one("console_url", "Address of the staff's site (https://…)", given.console_url),
        "phone": one("phone", "Phone number that people can ring", given.phone),
        "opening": one("opening", "When it is answered", given.opening, blank.opening),
        "closed_days": _asked("Closed days (2026-12-25, …)", given.closed_days, "", _days),
        "support_lines": _lines(given.support_lines),
        "mail_host": one("mail_host", "Mail server for e-mail to staff (empty: none)", given.mail_host, ""),
        "backup_place": one("backup_place", "Where do backups go (in words)", given.backup_place, ""),
    }
    if found["mail_host"]:
        port = given.mail_port or (blank.mail_port if given.mail_host else None)
        found["mail_port"] = _asked("Its port", port, str(blank.mail_port), int)
        found["mail_user"] = one("mail_user", "User name there (empty: none)", given.mail_user, "")
        found["mail_from"] = one("mail_from", "Neutral sender address", given.mail_from)
        found["mail_starttls"] = given.mail_starttls
        if found["mail_user"]:
            found["mail_password"] = _mail_password(given)
    return {**found, "sender_name": found["service_name"]}


def _ask_administrator(given: Answers) -> dict[str, Any]:
    """Who administers the service first."""
    return {
        "login": _asked("Sign-in name of the first administrator", given.admin_login, None, accounts.login_name),
        "display_name": _asked("Their name", given.admin_name, None, accounts.person_name),
        "email": _asked("Their e-mail (empty: none)", given.admin_email, "", accounts.email_address) or "",
    }


async def _found(settings: Settings, wanted: dict[str, Any], who: dict[str, Any]) -> str:
    """Found the service with its first administrator; the temporary password."""
    values = dict(wanted)
    name, password = values.pop("service_name"), passwords.temporary()
    async with open_service(settings, with_keys=True) as service:
        await setup.found_service(service, demo=False, name=name, **values)
        await setup.confirm_recovery(service)
        await accounts.create_account(service, OPERATOR, roles=[Role.ADMINISTRATOR], password=password, **who)
    return password


def _confirm_sheet(settings: Settings, verifier: Verifier, name: str) -> None:
    """Print the sheet and go on only when a word of it was typed back."""
    typer.echo("\n" + setup.recovery_sheet(settings, verifier, name) + "\n")
    for _ in range(TRIES):
        where, word = setup.ask_word(settings)
        if setup.same_word(typer.prompt(f"From your printed sheet, type {where}"), word):
            return
        typer.echo("That is not it. Please look at the printed sheet.", err=True)
    raise Refused("The recovery sheet was not confirmed, so no service was made. Run exchange init again.")


def _asked(question: str, value: Any, default: str | None, read: Callable[[Any], T]) -> T:
    """What was given or typed, once it can be read; a wrong option stops, wrong typing is asked again."""
    if value is not None:
        return read(value)
    while True:
        typed = typer.prompt(question, default=default, show_default=bool(default))
        try:
            return read(typed)
        except (BadInput, ValueError) as error:
            typer.echo(str(error), err=True)


def _valid(field: str, text: str) -> Any:
    if not text.strip() and field in ("portal_url", "console_url", "mail_from"):
        raise BadInput("This is needed.", field=field)
    if field in ("portal_url", "console_url") and not text.strip().startswith("https://"):
        raise BadInput("A real service's address begins with https://", field=field)
    one: dict[str, Any] = {field: text}
    return getattr(service_settings.checked(dataclasses.replace(ServiceSettings(), **one)), field)


def _days(text: str) -> Any:
    return tuple(service_settings.closed_day(part) for part in text.split(",") if part.strip())


def _lines(given: tuple[str, ...]) -> Any:
    return tuple(map(service_settings.support_line, given)) or UK_SUPPORT_LINES


def _mail_password(given: Answers) -> str:
    if given.mail_password_file:
        return given.mail_password_file.read_text(encoding="utf-8").strip()
    return str(typer.prompt("Password there", hide_input=True))


def _farewell(login: str, password: str) -> None:
    typer.echo(
        "\nThe service is set up. The first administrator signs in with\n\n"
        f"  sign-in name        {login}\n  temporary password  {password}\n\n"
        "within seven days, chooses another password and sets up a second factor.\n"
        "Now start it with exchange serve (or, on several machines, exchange portal, console and worker),\n"
        "then run: exchange doctor"
    )
