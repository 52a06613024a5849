"""`exchange erase`: certificates of erasures, their check, and doing erasures again after a restore."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from exchange.core.errors import BadInput, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from exchange.store.service import Service

app = typer.Typer(
    name="erase",
    help="What was erased: certificates, and doing it again after a restore.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Folder = Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER, else data.")]
Key = Annotated[str, typer.Option("--key", help="The verification key from the printed sheet.")]


@app.command("certificate")
def certificate(
    about: Annotated[UUID, typer.Argument(metavar="ID", help="Of a message or a case that was erased.")],
    folder: Folder = None,
) -> None:
    """Print the signed certificate of an erasure.

    Example: exchange erase certificate 0b9f7c5e-9d0f-4a7e-8a39-0d3c6f5a1c11 > certificate.txt
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import certificate as certificates

    typer.echo(_run(folder, lambda service: certificates.certificate_of(service, OPERATOR, about)), nl=False)


@app.command("check")
def check(file: Annotated[Path, typer.Argument(help="The certificate.")], key: Key) -> None:
    """Check a certificate's signature. Needs no access to the service.

    Example: exchange erase check certificate.txt --key "$(cat key.txt)"
    """
    from exchange.core.certificate import open_certificate
    from exchange.core.notes import Verifier

    try:
        found = open_certificate(file.read_bytes().decode(), Verifier.from_vkey(key))
    except (OSError, UnicodeDecodeError):
        raise BadInput("The certificate cannot be read.") from None
    about = getattr(found, found.what)
    of_case = f" of case {found.case}" if found.case and found.what != "case" else ""
    what = f"{found.what.capitalize()} {about}{of_case}"
    typer.echo(f"{what} was erased at {found.erased:%Y-%m-%d %H:%M} UTC, with {found.objects} stored objects.")
    typer.echo(f"Entry {found.entry} of the record says so. No older backup is kept after {found.backups}.")


@app.command("replay")
def replay(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="A whole export of the record, kept outside.")],
    key: Key,
    folder: Folder = None,
) -> None:
    """After restoring a backup: erase again what was erased after it was made. May be run again.

    Example: exchange erase replay record.jsonl --key "$(cat key.txt)"
    """
    from exchange.core.audit import Outcome, verify
    from exchange.core.model import OPERATOR
    from exchange.core.notes import Verifier
    from exchange.steps import erase

    leaves: list[dict[str, Any]] = []
    with export.open(encoding="utf-8", newline="\n") as lines:
        verdict = verify(lines, Verifier.from_vkey(key), None, lambda _, leaf: leaves.append(dict(leaf)))
    if verdict.outcome is not Outcome.WHOLE:
        raise Refused(f"{verdict.sentence} Nothing was erased.")
    done = _run(folder, lambda service: erase.replay(service, OPERATOR, leaves))
    typer.echo(f"{done} erased again." if done else "Nothing had to be erased again.")


def _run(folder: Path | None, act: "Callable[[Service], Awaitable[Any]]") -> Any:
    from exchange.cli_open import database_of, service_of, settings_for

    async def all_of_it() -> Any:
        async with service_of(settings) as service:
            return await act(service)

    with database_of(settings_for(folder)) as settings:
        return asyncio.run(all_of_it())
