"""Writes an export to a file for the command line; the export is recorded before its first byte."""

import asyncio
from pathlib import Path
from typing import TextIO

from sqlalchemy.exc import SQLAlchemyError

from exchange.core.errors import StorageUnavailable
from exchange.core.export import Filter
from exchange.core.model import OPERATOR
from exchange.store.engine import make_engine
from exchange.store.ledger import append
from exchange.store.ledger_read import export


def write_export(url: str, target: Path, filters: Filter | None = None) -> int:
    """Write the lines of an export of the database at `url` to a new file, mode 0600; how many.

    Raises FileExistsError, OSError, NothingSigned, LedgerUnavailable, StorageUnavailable. A file that could
    not be finished is removed.
    """
    target.touch(mode=0o600, exist_ok=False)
    try:
        with target.open("w", encoding="utf-8", newline="\n") as file:
            return asyncio.run(_write(url, file, filters))
    except BaseException:
        target.unlink(missing_ok=True)
        raise


async def _write(url: str, file: TextIO, filters: Filter | None) -> int:
    engine = make_engine(url)
    try:
        async with engine.begin() as conn:
            await append(conn, [_leaf(filters)])
        count = 0
        async with engine.begin() as conn:
            async for line in export(conn, filters):
                file.write(line)
                count += 1
        return count
    except SQLAlchemyError as error:
        raise StorageUnavailable("The database cannot be reached or read.") from error
    finally:
        await engine.dispose()


def _leaf(filters: Filter | None) -> dict[str, object]:
    """The leaf that says that the record was exported, and whom it was narrowed to."""
    actor = {"kind": "system", "role": OPERATOR.kind.value}
    wanted = {} if filters is None else filters.wanted()
    named = {name: value for name, value in wanted.items() if name not in ("act", "outcome")}
    return {"act": "record.exported", "actor": actor, "scope": "filtered" if filters else "complete", **named}
