"""The portal's database role: a committed list of all its rights, and what it is refused."""

from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import func, insert, select

from exchange.core.errors import WrongSetting
from exchange.steps import health
from exchange.store import roles
from exchange.store import tables as t
from exchange.store.engine import plain_url
from exchange.store.migrate import upgrade
from exchange.store.roles import PORTAL
from exchange.store.service import Service, open_service
from exchange.store.unit import reading
from tests.support.database import role_urls
from tests.support.grants import rights_of
from tests.support.roles import as_portal
from tests.support.world import make_world

LISTED = Path(__file__).parents[1] / "vectors" / "roles" / "portal.txt"
REFUSED = [
    line for line in (LISTED.parent / "refused.sql").read_text(encoding="utf-8").splitlines() if line[:2] != "--"
]
CLOSED_TO_THE_CONSOLE = (
    "delete from ledger_leaf",
    "update ledger_head set size = 0",
    "delete from ledger_pending",
    "insert into ledger_pending (leaf, at) values ('{}', now())",
    "delete from consent",
    "update consent set given = true",
    "drop table message",
    "alter table consent disable trigger all",
)


def test_the_portal_has_exactly_the_listed_rights(empty_database: str) -> None:
    """A wider grant changes a committed file, and so is seen by whoever reads the change."""
    upgrade(empty_database)
    with psycopg.connect(plain_url(empty_database)) as connection:
        found = rights_of(connection, PORTAL)
    assert found == LISTED.read_text(encoding="utf-8")


def test_the_portal_is_refused_what_is_not_its_business(empty_database: str) -> None:
    """Every statement fails for want of a right, whatever the tables hold."""
    upgrade(empty_database)
    passed = []
    with psycopg.connect(plain_url(role_urls(empty_database)["portal_database_url"]), autocommit=True) as connection:
        for statement in REFUSED:
            try:
                connection.execute(statement.encode())
            except psycopg.errors.InsufficientPrivilege:
                continue
            except psycopg.Error as error:
                passed.append(f"{statement}: {type(error).__name__} {error}")
            else:
                passed.append(statement)
    assert (len(REFUSED) >= 90, passed) == (True, [])


async def test_the_portal_reads_no_setting_about_mail(service: Service) -> None:
    """Rows that are not for it are not there for it, even sealed ones."""
    portal = as_portal(service)
    async with service.engine.begin() as conn:
        await conn.exec_driver_sql("insert into service_setting (name, value) values ('mail_password_sealed', '1')")
        await conn.exec_driver_sql("insert into service_setting (name, value) values ('service_name', '\"A\"')")
    async with portal.engine.connect() as conn:
        found = (await conn.exec_driver_sql("select name from service_setting")).scalars().all()
    assert found == ["service_name"]


async def test_of_closing_a_case_the_portal_reads_which_consents_ended_and_nothing_else(service: Service) -> None:
    """Rows about messages, orders or concerns, and what is not carried out yet, are not there for it."""
    world = await make_world(service)
    words = (("consent", "end", True), ("consent", "stay", True), ("consent", "end", False), ("message", "keep", True))
    async with reading(service) as conn:
        for what, word, applied in words:
            made = {"case_id": world.case, "what": what, "about": world.author, "state": "", "word": word}
            made |= {"applied_at": func.now() if applied else None, "decided_by": world.facilitator.id}
            await conn.execute(insert(t.closing_decision).values(**made))
    d = t.closing_decision.c
    for role, wanted in ((service, len(words)), (as_portal(service), 1)):
        async with reading(role) as conn:
            rows = (await conn.execute(select(d.what, d.word))).all()
        assert len(rows) == wanted
    assert [tuple(row) for row in rows] == [("consent", "end")]


async def test_the_console_changes_neither_the_record_nor_a_decision(service: Service) -> None:
    """Console and worker are not the owner: the append-only tables are closed to them by rights too."""
    await make_world(service)
    for statement in CLOSED_TO_THE_CONSOLE:
        async with service.engine.connect() as conn:
            with pytest.raises(Exception, match=r"permission denied|must be owner"):
                await conn.exec_driver_sql(statement)


@pytest.mark.parametrize("role", ["owner_database_url", "database_url"])
async def test_the_portal_does_not_start_under_another_role(service: Service, role: str) -> None:
    """Under the owner or the console it says what it could read and which setting mends it."""
    url: SecretStr = getattr(service.settings, role)
    settings = service.settings.for_portal().model_copy(update={"database_url": url})
    async with open_service(settings, with_keys=False) as wrong:
        with pytest.raises(WrongSetting, match=r"key_pair.private_wrapped.*EXCHANGE_PORTAL_DATABASE_URL"):
            await health.require_isolated(wrong)
        assert not (await health.isolation(wrong)).ok
    await health.require_isolated(as_portal(service))


async def test_a_wider_grant_is_found_from_the_console_too(service: Service, database: str) -> None:
    """`exchange doctor` asks about the portal's role, not only about its own."""
    assert (await health.isolation(service)).ok
    with psycopg.connect(plain_url(database)) as connection:
        connection.execute("grant select (password_hash) on account to exchange_portal")
    async with service.engine.connect() as conn:
        assert await roles.reached(conn, PORTAL) == ["account.password_hash"]
    assert "account.password_hash" in (await health.isolation(service)).wrong
