"""The roles that processes connect as, and what the portal's must not reach (`roles.sql`, SECURITY "The portal").

Roles belong to the PostgreSQL server, grants to the database. The embedded server gives both a random password,
kept beside its data with mode 0600; on a server of its own the operator does that and names the URLs.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.errors import WrongSetting
from exchange.store.engine import plain_url

PORTAL = "exchange_portal"
CONSOLE = "exchange_console"
ROLES = (CONSOLE, PORTAL)

OUT_OF_REACH = (
    ("key_pair", "private_wrapped"),
    ("key_pair", "field_key_sealed"),
    ("account", "login"),
    ("account", "password_hash"),
    ("account_session", "cookie_hash"),
    ("api_token", "token_hash"),
    ("upload", "key_sealed"),
    ("revision", "key_sealed"),
    ("participant", "name_sealed"),
    ("ledger_leaf", "leaf"),
    ("procrastinate_jobs", "args"),
)
"""Columns that the portal's role must not be able to read; with one of them it does not start."""

_REACHED = text("""
select given.tab || '.' || given.col
from unnest(cast(:tables as text[]), cast(:columns as text[])) as given (tab, col)
join pg_class c on c.oid = cast('public.' || given.tab as regclass)
where has_column_privilege(coalesce(:role, current_user), c.oid, given.col, 'SELECT')
or pg_has_role(coalesce(:role, current_user), c.relowner, 'MEMBER')
or pg_has_role(coalesce(:role, current_user), 'pg_read_all_data', 'MEMBER')
""")


def make_roles(connection: psycopg.Connection[Any]) -> None:
    """Make the roles that are missing, without a way to sign in. Raises `WrongSetting` where we may not."""
    for role in ROLES:
        if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
            continue
        try:
            with connection.transaction():
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            continue  # another database of this server was faster
        except psycopg.errors.InsufficientPrivilege:
            raise WrongSetting(
                f"The database has no roles {' and '.join(ROLES)}, and the schema's owner may not make them. "
                "Ask whoever runs PostgreSQL for them; see docs/operating.md."
            ) from None


def let_sign_in(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    """The role, made if it is missing, signs in with this password from now on; its SCRAM verifier is all we send."""
    make_roles(connection)
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode()).decode("ascii")
    login = sql.SQL("alter role {} login password {}")
    connection.execute(login.format(sql.Identifier(role), sql.Literal(verifier)))


def let_in(owner_url: str, urls: Iterable[str]) -> None:
    """After a migration: roles among `urls` sign in with the password of their URL, where the owner may say so.

    Elsewhere whoever runs PostgreSQL has done it; a URL of another user is left alone.
    """
    wanted = [url for url in map(make_url, urls) if url.username in ROLES and url.password]
    with psycopg.connect(plain_url(owner_url), autocommit=True) as connection:
        for url in wanted:
            with suppress(psycopg.errors.InsufficientPrivilege):
                let_sign_in(connection, str(url.username), str(url.password))


async def reached(conn: AsyncConnection, role: str | None = None) -> list[str]:
    """Which columns of OUT_OF_REACH a role (by default our own) can read nevertheless: none, if all is well."""
    tables, columns = zip(*OUT_OF_REACH, strict=True)
    values = {"tables": list(tables), "columns": list(columns), "role": role}
    return sorted((await conn.execute(_REACHED, values)).scalars())
