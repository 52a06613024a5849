"""The portal's database role: a committed list of all its rights, and what it is refused."""

from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from exchange.core.errors import WrongSetting
from exchange.steps import health
from exchange.store import roles
from exchange.store.engine import plain_url
from exchange.store.migrate import upgrade
from exchange.store.roles import CONSOLE, PORTAL
from exchange.store.service import Service, open_service
from tests.support.database import role_urls
from tests.support.grants import rights_of
from tests.support.roles import as_portal
from tests.support.world import make_world

LISTED = Path(__file__).parents[1] / "vectors" / "roles" / "portal.txt"
SOMEBODY = "'00000000-0000-0000-0000-000000000001'"
STAFF_LEAF = (
    '\'{"{\\"act\\":\\"review.approved\\",\\"actor\\":{\\"id\\":\\"1\\",\\"kind\\":\\"staff\\"},\\"at\\":\\"@\\"}"}\''
)
REFUSED = [
    # keys, accounts, sessions of staff
    "select * from key_pair",
    "select private_wrapped from key_pair",
    "select field_key_sealed from key_pair",
    "select count(private_wrapped) from key_pair",
    "select to_jsonb(k) from key_pair k",
    "select 1 from key_pair where length(private_wrapped) > 0",
    "select id from account",
    "select password_hash from account",
    "select totp_wrapped from account",
    "select * from account_session",
    "select * from api_token",
    "select * from assignment",
    "select rolpassword from pg_authid",
    # what is sealed, and what only staff write down
    "select name_sealed from participant",
    "select key_sealed from upload",
    "select key_sealed from revision",
    "select secret_sealed from link",
    "select code_sealed from code",
    "select note_sealed from consent",
    "select text_sealed from draft",
    "select detail_sealed from referral",
    "select * from safe_contact",
    "select * from offer",
    "select * from review_note",
    "select note_sealed from concern",
    "select * from mail_sent",
    "copy message to stdout",
    "copy (select private_wrapped from key_pair) to stdout",
    # the record
    "select * from ledger_leaf",
    "select * from ledger_checkpoint",
    "insert into ledger_leaf values (0, '{}', ''::bytea, now())",
    "update ledger_head set size = 0",
    f"select ledger_append({STAFF_LEAF})",
    "alter table ledger_leaf disable trigger all",
    # the queue but for its own two tasks
    "select * from procrastinate_jobs",
    "insert into procrastinate_jobs (queue_name, task_name, args) values ('steps', 'restore', '{}')",
    "select procrastinate_defer_jobs_v1(array[]::procrastinate_job_to_defer_v1[])",
    "select procrastinate_finish_job_v1(1, 'failed', true)",
    "update procrastinate_jobs set args = '{}'",
    # decisions and releases are made by staff
    "insert into access_grant (purpose, message_id, digest, link_id, key_wrapped)"
    f" values ('preview', {SOMEBODY}, 'd', {SOMEBODY}, ''::bytea)",
    "update access_grant set digest = 'd'",
    f"insert into approval_current values ({SOMEBODY}, 'd', {SOMEBODY})",
    "delete from approval_current",
    "insert into review (decision) values ('approve')",
    "update review set void_at = null",
    "insert into release (way) values ('link')",
    "insert into fact (kind, value) values ('assessment', 'current')",
    "update consent set given = true",
    "delete from consent",
    f"insert into consent (participant_id, kind, given, method, wording, recorded_by)"
    f" values ({SOMEBODY}, 'take_part', true, 'in_person', 'w', {SOMEBODY})",
    "insert into revision (digest) values ('d')",
    "update revision set clean = true",
    "update part set object_key = 'x'",
    "delete from part",
    "update message set case_id = gen_random_uuid()",
    "update message set author_id = recipient_id",
    f"update message set put_in_by = {SOMEBODY}",
    f"update upload set account_id = {SOMEBODY}",
    "update link set participant_id = gen_random_uuid()",
    "update link set lookup_hash = ''::bytea",
    "update portal_session set cookie_hash = ''::bytea",
    "update code set hash = ''::bytea",
    "update cases set policy = '{}'",
    "update cases set state = 'open'",
    "update key_pair set public = ''::bytea",
    "update service_setting set value = 'true'",
    "insert into service_setting (name, value) values ('demo', 'true')",
    # nothing that a participant does deletes these
    "delete from message",
    "delete from upload",
    "delete from link",
    "delete from portal_session",
    "delete from task",
    "update task set done_at = now()",
    "truncate piece",
    "do $$ begin lock table message in access exclusive mode; end $$",
    # the server and the schema
    f"set role {CONSOLE}",
    "set role exchange",
    "set session authorization exchange",
    "set session_replication_role = replica",
    "create table mine (id int)",
    "create temporary table mine (id int)",
    "create schema mine",
    "create function mine() returns int language sql as 'select 1'",
    "create role mine",
    "create database mine",
    "alter table message disable row level security",
    "alter table service_setting disable row level security",
    "drop table draft",
    "alter function queue_process_message(uuid) reset all",
    "drop policy portal_reads on service_setting",
    f"alter role {PORTAL} superuser",
    f"grant {CONSOLE} to {PORTAL}",
    "grant select on key_pair to exchange_portal",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/passwd')",
    "copy draft from program 'true'",
    "copy draft to '/tmp/stolen'",
    "alter system set log_statement = 'all'",
    "select pg_reload_conf()",
]


def test_the_portal_has_exactly_the_listed_rights(empty_database: str) -> None:
    """A wider grant changes a committed file, and so is seen by whoever reads the change."""
    upgrade(empty_database)
    with psycopg.connect(plain_url(empty_database)) as connection:
        found = rights_of(connection, PORTAL)
    assert found == LISTED.read_text(encoding="utf-8")


def test_the_portal_is_refused_what_is_not_its_business(database: str) -> None:
    """Every statement fails for want of a right, whatever the tables hold."""
    passed = []
    with psycopg.connect(plain_url(role_urls(database)["portal_database_url"]), autocommit=True) as connection:
        for statement in REFUSED:
            try:
                connection.execute(statement)  # type: ignore[call-overload]
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


async def test_the_console_changes_neither_the_record_nor_a_decision(service: Service) -> None:
    """Console and worker are not the owner: the append-only tables are closed to them by rights too."""
    await make_world(service)
    for statement in ("delete from ledger_leaf", "update ledger_head set size = 0", "delete from consent",
                      "update consent set given = true", "drop table message", "alter table consent disable trigger all"):  # fmt: skip
        async with service.engine.connect() as conn:
            with pytest.raises(Exception, match="permission denied|must be owner"):
                await conn.exec_driver_sql(statement)


@pytest.mark.parametrize("role", ["owner_database_url", "database_url"])
async def test_the_portal_does_not_start_under_another_role(service: Service, role: str) -> None:
    """Under the owner or the console it says what it could read and which setting mends it."""
    url: SecretStr = getattr(service.settings, role)
    settings = service.settings.for_portal().model_copy(update={"database_url": url})
    async with open_service(settings, with_keys=False) as wrong:
        with pytest.raises(WrongSetting, match="key_pair.private_wrapped.*EXCHANGE_PORTAL_DATABASE_URL"):
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
