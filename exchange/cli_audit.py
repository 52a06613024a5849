"""`exchange audit`: export the record, and check an export on a machine that has nothing of the service.

Exit codes: 0 it verifies; 1 it does not, or is only a part and `--part` was not said; 2 the check could
not be made (a file or the key cannot be read). `python -m exchange.cli_audit` is the same without the rest of
the service: `verify` imports neither database nor web code.
"""

from pathlib import Path
from typing import Annotated

import typer

from exchange import cli_proof, cli_witness
from exchange.cli_lines import lines_of
from exchange.cli_words import stop, why
from exchange.core.audit import Outcome, Verdict, verify
from exchange.core.audit_rules import Replay
from exchange.core.cosign import WitnessKey
from exchange.core.errors import ExchangeError
from exchange.core.export import Filter
from exchange.core.notes import Verifier

app = typer.Typer(
    name="audit",
    help="Check the record without trusting the service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_ExportFile = Annotated[Path, typer.Argument(metavar="EXPORT", help="The file that was exported.")]
_Key = Annotated[str, typer.Option("--key", help="The verification key from the printed sheet.")]


@app.command("verify")
def verify_command(
    export: _ExportFile,
    key: _Key,
    since: Annotated[Path | None, typer.Option(help="The checkpoint that you kept from last time.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Write this export's checkpoint here, for next time.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Also list accesses without their conditions.")] = False,
    part: Annotated[bool, typer.Option("--part", help="A filtered export is what I expect.")] = False,
    witness: Annotated[list[str] | None, typer.Option(help="The key of a witness that must have cosigned.")] = None,
) -> None:
    """Check an export. Needs no access to the service.

    Example: exchange audit verify record.jsonl --key "$(cat key.txt)" --since last.note --keep new.note
    """
    run = Replay()
    try:
        kept = since.read_bytes().decode() if since else None
        named = [WitnessKey.from_vkey(vkey) for vkey in witness or []]
        lines = lines_of(export, every_leaf=rules)
        verdict = verify(lines, Verifier.from_vkey(key), kept, run.see if rules else None, named)
    except (OSError, UnicodeDecodeError, ExchangeError) as error:
        stop(f"The check could not be made: {why(error)}")
    for line in (*(f"! {problem}" for problem in verdict.problems), *(f"? {r}" for r in verdict.remarks)):
        typer.echo(line)
    good = verdict.outcome is Outcome.WHOLE or (verdict.outcome is Outcome.PART and part and not rules)
    if keep and verdict.note and verdict.outcome is Outcome.WHOLE:
        keep.write_bytes(verdict.note.encode())
    sentence = _with_rules(verdict, run) if rules else verdict.sentence
    typer.echo(sentence)
    raise typer.Exit(0 if good and not run.violations else 1)


def _with_rules(verdict: Verdict, run: Replay) -> str:
    if verdict.outcome is not Outcome.WHOLE:
        return f"{verdict.sentence} The rules can be replayed over a whole record only."
    for violation in run.violations:
        typer.echo(f"! {violation}")
    if run.violations:
        return f"{verdict.sentence} But {len(run.violations)} accesses happened without their conditions."
    return f"{verdict.sentence} Every access had its conditions."


@app.command("export")
def export_command(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write; must not exist.")],
    case: Annotated[str | None, typer.Option(help="Only this case's id.")] = None,
    participant: Annotated[str | None, typer.Option(help="Only this participant's id.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this member of staff's id.")] = None,
    act: Annotated[str | None, typer.Option(help="Only this action, such as view.opened.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time, as 2026-03-01T00:00:00.000000Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time, in the same form.")] = None,
    folder: Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER.")] = None,
) -> None:
    """Write the record up to its newest checkpoint to a file. Runs beside the service; is itself recorded.

    Example: exchange audit export record.jsonl
    """
    # imported here so that `verify` runs where no database code is installed
    from exchange.cli_open import database_of, settings_for
    from exchange.store.ledger_export import write_export

    wanted = {"case": case, "participant": participant, "account": account, "act": act}
    try:
        filters = Filter(**wanted, since=since, until=until)
        with database_of(settings_for(folder)) as settings:
            assert settings.database_url is not None
            url = settings.database_url.get_secret_value()
            lines = write_export(url, target, filters if filters.wanted() else None)
    except FileExistsError:
        stop("There is a file of this name already. Choose another.")
    except (OSError, ExchangeError) as error:
        stop(f"Nothing was exported: {why(error)}")
    kind = "part of the record" if filters.wanted() else "the whole record"
    typer.echo(f"Written: {kind}, {lines - 2} entries and their checkpoint, to {target}.")


app.command("proof")(cli_proof.proof)
app.command("check-proof")(cli_proof.check_proof)
app.command("submission")(cli_proof.submission)
app.command("trust")(cli_proof.trust)
app.command("cosigned")(cli_proof.cosigned)
app.command("witness")(cli_witness.witness)
app.command("witness-key")(cli_witness.witness_key)


if __name__ == "__main__":
    app()
