"""`exchange audit` for single entries and witnesses: `proof` `submission` `cosigned` `trust` run beside the
service and write what they do into the record; `check-proof` runs on the auditor's own machine, without it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from exchange.cli_words import read_text, stop, why
from exchange.core.cosign import WitnessKey, moment
from exchange.core.errors import ExchangeError
from exchange.core.notes import Verifier
from exchange.core.proof import EntryProof

if TYPE_CHECKING:
    from exchange.store.service import Service

T = TypeVar("T")
_Folder = Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER.")]
_Target = Annotated[Path, typer.Argument(metavar="FILE", help="Where to write; must not exist.")]


def check_proof(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="A .tlog-proof file.")],
    key: Annotated[str, typer.Option("--key", help="The verification key from the printed sheet.")],
    witness: Annotated[list[str] | None, typer.Option(help="The key of a witness that must have cosigned.")] = None,
) -> None:
    """Check the proof of one entry. Needs no access to the service. Exit codes: 0 it holds, 1 it does not, 2 no check.

    Example: exchange audit check-proof entry-17.tlog-proof --key "$(cat key.txt)"
    """
    try:
        text, log = read_text(proof), Verifier.from_vkey(key)
        witnesses = [WitnessKey.from_vkey(vkey) for vkey in witness or []]
    except (OSError, UnicodeDecodeError, ExchangeError) as error:
        stop(f"The check could not be made: {why(error)}")
    try:
        found = EntryProof.parse(text)
        proved = found.check(log, witnesses)
    except ExchangeError as error:
        typer.echo(f"This does NOT verify: {error}")
        raise typer.Exit(1) from None
    seen = "".join(f" {w.name} saw it at {moment(at)}." for w, at in zip(witnesses, proved.seen, strict=True))
    typer.echo(found.text)
    typer.echo(f"Entry {found.index} is in the record of {log.name}, of {proved.opened.checkpoint.size} entries.{seen}")


def proof(
    index: Annotated[int, typer.Argument(min=0, help="The number of the entry.")],
    target: _Target,
    folder: _Folder = None,
) -> None:
    """Write the proof that an entry stands in the record to a file. Is itself recorded.

    Example: exchange audit proof 17 entry-17.tlog-proof
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import witnessing

    _write(target, _run(folder, lambda service: witnessing.prove(service, OPERATOR, index)))


def submission(
    target: _Target,
    since: Annotated[int, typer.Option(min=0, help="How many entries the witness has seen.")] = 0,
    folder: _Folder = None,
) -> None:
    """Write the newest checkpoint, with the proof that it continues what a witness has seen, to a file.

    Example: exchange audit submission for-the-witness.txt --since 1200
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import witnessing

    _write(target, _run(folder, lambda service: witnessing.submission(service, OPERATOR, since)))


def trust(
    vkey: Annotated[str, typer.Argument(metavar="VKEY", help="The line that `witness-key` printed.")],
    folder: _Folder = None,
) -> None:
    """Keep this witness's cosignatures from now on. Is itself recorded.

    Example: exchange audit trust "$(cat witness.vkey)"
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import witnessing

    added = _run(folder, lambda service: witnessing.trust(service, OPERATOR, vkey))
    typer.echo("From now on its cosignatures are kept." if added else "It was known already.")


def cosigned(
    lines: Annotated[Path, typer.Argument(metavar="FILE", help="What the witness wrote.")],
    size: Annotated[int, typer.Option(min=1, help="How many entries the checkpoint has that was cosigned.")],
    folder: _Folder = None,
) -> None:
    """Keep a witness's cosignature beside its checkpoint. Is itself recorded.

    Example: exchange audit cosigned from-the-witness.txt --size 1234
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import witnessing

    try:
        given = read_text(lines)
    except (OSError, UnicodeDecodeError, ExchangeError) as error:
        stop(f"Nothing was kept: {why(error)}")
    names = _run(folder, lambda service: witnessing.keep(service, OPERATOR, size, given))
    typer.echo(f"Kept: {', '.join(names)}." if names else "It was kept already.")


def _run(folder: Path | None, step: "Callable[[Service], Awaitable[T]]") -> T:
    from exchange.cli_open import database_of, service_of, settings_for

    async def run() -> T:
        async with service_of(settings) as service:
            return await step(service)

    try:
        with database_of(settings_for(folder)) as settings:
            return asyncio.run(run())
    except (OSError, ExchangeError) as error:
        stop(f"Nothing was done: {why(error)}")


def _write(target: Path, text: str) -> None:
    try:
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        stop("There is a file of this name already. Choose another.")
    except OSError as error:
        stop(f"It could not be written: {why(error)}")
    typer.echo(f"Written: {target}.")
