"""`exchange keys`: how the root keys stand, the next one, another place for it. Runs beside the service.

Nobody has to stop: consoles and workers open what both keys wrapped. Interrupted, the same command goes on.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from exchange.core.errors import BadInput, Refused, RootKeyMissing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from exchange.steps.rootkeys import Status
    from exchange.store.service import Service

app = typer.Typer(
    name="keys",
    help="The root key: how it stands, rotate it, move it to a vault or a hardware module.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER, else data.")]
Later = Annotated[bool, typer.Option("--later", help="Confirm the new recovery sheet later: exchange keys confirm")]
TRIES = 5
T = TypeVar("T")


@app.command("status")
def status_command(folder: Folder = None) -> None:
    """Which root key is in use, what each one wraps, and whether its recovery sheet was confirmed.

    Example: exchange keys status
    """
    from exchange.steps import rootkeys

    found = _run(folder, rootkeys.status)
    for name in sorted({*found.held, *found.wraps}):
        marks = ["in use"] if name == found.in_use else []
        marks += [] if name in found.held else ["NOT HERE"]
        typer.echo(f"{name:<32} wraps {found.wraps.get(name, 0):>6}  {', '.join(marks)}".rstrip())
    typer.echo("Recovery: confirmed." if found.confirmed == found.in_use else "Recovery: run exchange keys confirm")
    if found.left:
        typer.echo(f"{found.left} wraps are of another key. Run exchange keys rotate (or move) again to go on.")
        raise typer.Exit(1)


@app.command("rotate")
def rotate(folder: Folder = None, later: Later = False) -> None:
    """Make the next root key where the one in use is kept, and wrap every case's key anew. Bodies are not touched.

    Example: exchange keys rotate
    """
    _run(folder, lambda service: _follow_on(service, None))
    if not later:
        _run(folder, _confirm)


@app.command("move")
def move(
    to: Annotated[str, typer.Argument(metavar="file|vault|pkcs11", help="Where the next root key is made.")],
    folder: Folder = None,
    later: Later = False,
) -> None:
    """Make the next root key in another place, and wrap every case's key anew. First give all processes its settings.

    Example: EXCHANGE_VAULT_URL=https://vault.example.org:8200 exchange keys move vault
    """
    _run(folder, lambda service: _follow_on(service, to))
    if not later:
        _run(folder, _confirm)


@app.command("confirm")
def confirm(folder: Folder = None) -> None:
    """Type back a word of the printed recovery sheet. Until then exchange doctor is not content.

    Example: exchange keys confirm
    """
    _run(folder, _confirm)


@app.command("forget")
def forget(
    name: Annotated[str, typer.Argument(help="A name that exchange keys status shows.")], folder: Folder = None
) -> None:
    """Destroy a root key that wraps nothing any more. Older backups then need its printed sheet.

    Example: exchange keys forget file-1a2b3c4d
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import rootkeys

    _run(folder, lambda service: rootkeys.forget(service, OPERATOR, name))
    typer.echo(f"{name} is gone. Keep its printed sheet as long as a backup from its time is kept.")


async def _follow_on(service: "Service", to: str | None) -> None:
    """Make the next key, or go on with the last, until nothing is wrapped by another one."""
    from exchange.core.model import OPERATOR
    from exchange.core.rootwrap import scheme_of
    from exchange.steps import rootkeys

    found = await rootkeys.status(service)
    scheme = to or scheme_of(found.in_use)
    if found.left and scheme == scheme_of(found.in_use):
        typer.echo(f"Going on: {found.left} of {sum(found.wraps.values())} are left.")
    else:
        await _next_key(service, found, scheme, moving=to is not None)
        found = await rootkeys.status(service)
    async for progress in rootkeys.rewrap(service, OPERATOR):
        typer.echo(f"{progress.done} of {found.left} wrapped anew.")
    if progress.unreadable:
        raise Refused(f"{progress.unreadable} wraps do not open and were left: is the key that made them set up here?")
    await rootkeys.settle(service, OPERATOR)
    typer.echo(f"Done. {found.in_use} wraps everything. The key before still opens older backups: keep its sheet.")


async def _next_key(service: "Service", found: "Status", scheme: str, *, moving: bool) -> None:
    from exchange.core.model import OPERATOR
    from exchange.steps import rootkeys

    if moving and scheme == found.in_use.partition("-")[0]:
        raise BadInput(f"The root key is kept there already ({scheme}). To replace it run: exchange keys rotate")
    try:
        source = rootkeys.ring_of(service).source_of(scheme)
    except RootKeyMissing:
        raise BadInput(f"{scheme} is not set up here. Set EXCHANGE_{scheme.upper()}_… for all processes.") from None
    name = await asyncio.to_thread(source.make)
    typer.echo(f"A new root key was made: {name}.")
    await _print_sheet(service, name)
    await rootkeys.switch(service, OPERATOR, name)


async def _print_sheet(service: "Service", name: str) -> None:
    from exchange.steps import settings as service_settings
    from exchange.steps import setup

    if (file := setup.file_of(service, name)) is not None:
        title = (await service_settings.read(service)).service_name
        typer.echo("\n" + setup.recovery_sheet(service.settings, setup.verifier_of(service), title, file) + "\n")


async def _confirm(service: "Service") -> None:
    """A word of the sheet, or, where the key cannot be printed, its name: whoever keeps it has a backup of it."""
    from exchange.steps import rootkeys, setup

    name = (await rootkeys.status(service)).in_use
    file = setup.file_of(service, name)
    where, word = setup.ask_word(service.settings, file) if file else ("the name of the key", name)
    if file is None:
        typer.echo(f"{name} cannot be printed. Its keeper must have a backup of the vault or module.")
    for _ in range(TRIES):
        typed = typer.prompt(f"From your printed sheet, type {where}" if file else f"If so, type {where}")
        if setup.same_word(typed, word) if file else typed.strip() == word:
            await setup.confirm_recovery(service)
            typer.echo("Confirmed.")
            return
        typer.echo("That is not it.", err=True)
    raise Refused("The recovery was not confirmed. exchange doctor will say so. Run: exchange keys confirm")


def _run(folder: Path | None, act: "Callable[[Service], Awaitable[T]]") -> T:
    from exchange.cli_open import database_of, service_of, settings_for

    async def all_of_it() -> T:
        async with service_of(settings) as service:
            return await act(service)

    with database_of(settings_for(folder)) as settings:
        return asyncio.run(all_of_it())
