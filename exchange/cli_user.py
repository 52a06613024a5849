"""`exchange user`: staff accounts from the command line of the machine. Imports when it runs (see cli.py)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from exchange.core.model import Role
    from exchange.store.service import Service

T = TypeVar("T")

app = typer.Typer(
    name="user",
    help="Staff accounts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Folder = Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER, else data.")]
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="The sign-in name.")]
Roles = Annotated[list[str], typer.Option("--role", help="facilitator, supervisor, auditor, administrator; repeat it.")]


@app.command("add")
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Roles,
    email: Annotated[str, typer.Option(help="Where the daily e-mail goes.")] = "",
    folder: Folder = None,
) -> None:
    """Make an account; prints a temporary password to hand over.

    Example: exchange user add jo --name "Jo Reed" --role facilitator --email jo@example.org
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import accounts, passwords

    password = passwords.temporary()

    async def work(service: "Service") -> None:
        await accounts.create_account(
            service,
            OPERATOR,
            login=login,
            display_name=name,
            roles=_roles(role),
            password=password,
            email=email,
        )

    run(folder, work)
    _hand_over(login, password)


@app.command("list")
def list_accounts(folder: Folder = None) -> None:
    """List all accounts.

    Example: exchange user list
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import accounts

    for account in run(folder, lambda service: accounts.accounts(service, OPERATOR)):
        factor = "second factor set" if account.enrolled else "no second factor yet"
        state = factor if account.active else "closed"
        roles = ", ".join(sorted(role.value for role in account.roles))
        typer.echo(f"{account.login:<24} {account.display_name:<28} {roles:<36} {state}")


@app.command("roles")
def set_roles(login: Login, role: Roles, folder: Folder = None) -> None:
    """Give exactly these roles; open sessions end.

    Example: exchange user roles jo --role facilitator --role supervisor
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import accounts

    async def work(service: "Service") -> None:
        account = await accounts.account_by_login(service, OPERATOR, login)
        await accounts.set_roles(service, OPERATOR, account.id, roles=_roles(role))

    run(folder, work)
    typer.echo(f"{login} has these roles now: {', '.join(sorted(role))}.")


@app.command("reset")
def reset(login: Login, folder: Folder = None) -> None:
    """New temporary password, no second factor; sessions and tokens end. Opens a closed account again.

    Example: exchange user reset jo
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import accounts

    async def work(service: "Service") -> str:
        account = await accounts.account_by_login(service, OPERATOR, login)
        return await accounts.reset(service, OPERATOR, account.id)

    _hand_over(login, run(folder, work))


@app.command("deactivate")
def deactivate(login: Login, folder: Folder = None) -> None:
    """Close an account; sessions and tokens end at once.

    Example: exchange user deactivate jo
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import accounts

    async def work(service: "Service") -> None:
        account = await accounts.account_by_login(service, OPERATOR, login)
        await accounts.deactivate(service, OPERATOR, account.id)

    run(folder, work)
    typer.echo(f"{login} is closed.")


def run(folder: Path | None, work: "Callable[[Service], Awaitable[T]]") -> T:
    """What `work` gives, with a service that has its keys."""
    from exchange.cli_open import database_of, settings_for
    from exchange.settings import Settings
    from exchange.store.service import open_service

    async def inside(settings: Settings) -> T:
        async with open_service(settings, with_keys=True) as service:
            return await work(service)

    with database_of(settings_for(folder)) as settings:
        return asyncio.run(inside(settings))


def _roles(names: list[str]) -> "list[Role]":
    from exchange.core.errors import BadInput
    from exchange.core.model import Role

    if not set(names) <= set(Role):
        raise BadInput("A role is one of: " + ", ".join(Role) + ".", field="roles")
    return [Role(name) for name in names]


def _hand_over(login: str, password: str) -> None:
    typer.echo(
        f"Hand over, best in person:\n\n  sign-in name        {login}\n  temporary password  {password}\n\n"
        "It is good for seven days; the person then chooses another and sets up a second factor."
    )
