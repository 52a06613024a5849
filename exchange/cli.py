"""`exchange`: one command for every process and every administrator's task (DESIGN section 12).

Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage. A command imports what it needs when
it runs, so that `exchange audit verify` works without the rest of the service.
"""

from typing import Any

import typer
from typer.core import TyperGroup

from exchange import (
    __version__,
    cli_all,
    cli_audit,
    cli_backup,
    cli_bounce,
    cli_demo,
    cli_erase,
    cli_import,
    cli_keys,
    cli_serve,
    cli_service,
    cli_user,
)
from exchange.core.errors import ExchangeError


class _Sentences(TyperGroup):
    """Every refusal is a sentence on standard error and exit code 1; no traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ExchangeError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    name="exchange",
    cls=_Sentences,
    help="A secure asynchronous message exchange for restorative justice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_audit.app)
app.add_typer(cli_erase.app)
app.add_typer(cli_keys.app)
app.add_typer(cli_user.app)
app.command("backup")(cli_backup.backup)
app.command("restore")(cli_backup.restore)
app.command("import-cases")(cli_import.import_cases)
app.command("bounce")(cli_bounce.bounce)
app.command("init")(cli_service.init)
app.command("doctor")(cli_service.doctor)
app.command("demo")(cli_demo.demo)
app.command("serve")(cli_all.serve)
app.command("portal")(cli_serve.portal)
app.command("console")(cli_serve.console)
app.command("worker")(cli_serve.worker)
app.command("migrate")(cli_serve.migrate)


@app.command()
def version() -> None:
    """Print the version.

    Example: exchange version
    """
    typer.echo(__version__)
