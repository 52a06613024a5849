"""What the commands of `exchange audit` say when something fails: one sentence, exit code 2."""

from pathlib import Path
from typing import NoReturn

import typer

from exchange.core.errors import BadInput


def why(error: Exception) -> str:
    """What went wrong, in words."""
    if isinstance(error, OSError):
        return f"{error.strerror}: {error.filename}" if error.strerror else "it cannot be reached"
    return "the file is not text" if isinstance(error, UnicodeDecodeError) else str(error)


def stop(sentence: str, code: int = 2) -> NoReturn:
    """Say it and end."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def read_text(path: Path, most: int = 200_000) -> str:
    """A small file as it is. Raises OSError, UnicodeDecodeError, BadInput."""
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise BadInput("The file is too long.")
    return data.decode()
