"""`exchange import-cases`: cases from another system, as a table. Imports when it runs (see cli.py)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.cli_user import Folder, run
from exchange.core.errors import BadInput

if TYPE_CHECKING:
    from exchange.steps.importing import Plan


def import_cases(
    file: Annotated[Path, typer.Argument(help="The table: CSV in UTF-8, one line for each person.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    folder: Folder = None,
) -> None:
    """Open the cases of a table: all, or none. A case whose reference is here already is left as it is.

    Example: exchange import-cases cases.csv --dry-run
    """
    from exchange.core.model import OPERATOR
    from exchange.steps import importing

    try:
        untrusted = file.read_bytes()
    except OSError:
        raise BadInput("The table cannot be read.") from None
    plan = run(folder, lambda service: importing.plan(service, OPERATOR, untrusted))
    if not plan.problems and not dry_run:
        plan = run(folder, lambda service: importing.carry_out(service, OPERATOR, untrusted))
    _tell(plan, done=not dry_run)


def _tell(plan: "Plan", *, done: bool) -> None:
    from exchange.core.case_table import SENTENCES

    for one in plan.problems:
        where = f"line {one.line}, {one.column}" if one.column else f"line {one.line}"
        typer.echo(f"{where}: {SENTENCES[one.code]}", err=True)
    if plan.problems:
        raise BadInput(f"{len(plan.problems)} mistakes. Nothing was changed.")
    for case in plan.cases:
        people = len(case.case.people)
        what = "here already, left as it is" if case.there else f"{people} people, led by {case.facilitator}"
        typer.echo(f"{case.case.reference:<20} {what}")
    new = len(plan.new)
    typer.echo(f"{new} cases were opened." if done else f"{new} cases would be opened. Nothing was changed.")
