"""One root key follows another while the service is used: nothing is lost, nothing stands still, no body is touched."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from sqlalchemy import Table, insert, select, text, update
from typer.testing import CliRunner

from exchange.cli import app
from exchange.core.errors import Conflict, NotAllowed, Refused, RootKeyMissing, Unreadable
from exchange.core.model import OPERATOR, Role
from exchange.core.recovery import from_recovery_text, recovery_words
from exchange.core.rootwrap import name_of
from exchange.steps import accounts, factor, health, rootkeys, setup
from exchange.store import tables as t
from exchange.store.rootkey import FileRootKey
from exchange.store.rootring import open_ring
from exchange.store.service import Service, open_service
from exchange.store.unit import reading, unit_of_work
from tests.support.many_keys import Traffic, bodies, make_many, open_one
from tests.support.staff import member
from tests.support.transit import transit_server
from tests.support.world import staff

ROOT = Path(__file__).parents[2]


async def rotated(service: Service, scheme: str = "file") -> tuple[str, int]:
    """The whole rotation by its steps; the new key's name, and how many wraps were made anew."""
    name = rootkeys.ring_of(service).source_of(scheme).make()
    await rootkeys.switch(service, OPERATOR, name)
    done = 0
    async for progress in rootkeys.rewrap(service, OPERATOR):
        assert progress.unreadable == 0
        done = progress.done
    await rootkeys.settle(service, OPERATOR)
    return name, done


async def wrap_names(service: Service) -> set[str]:
    """The keys that wrap something."""
    return set((await rootkeys.status(service)).wraps)


@pytest.mark.slow
async def test_rotating_300_case_keys_under_traffic_has_no_error_and_rewrites_no_body(service: Service) -> None:
    """A console and a worker that were running before open and make cases all the while."""
    cases = await make_many(service, 300)
    folder = service.settings.objects_folder
    assert folder is not None
    before, traffic = bodies(folder), Traffic()
    async with (
        open_service(service.settings, with_keys=True) as console,
        open_service(service.settings, with_keys=True) as worker,
    ):
        await asyncio.gather(open_one(console, cases[0]), open_one(worker, cases[0]))
        tasks = [
            asyncio.create_task(traffic.read(console, cases, 1)),
            asyncio.create_task(traffic.read(worker, cases, 2)),
            asyncio.create_task(traffic.write(console)),
        ]
        name, done = await rotated(service)
        traffic.stopped = True
        await asyncio.gather(*tasks)
        assert all([await open_one(console, case) for case in cases])
    after = bodies(folder)
    assert done >= 301
    assert traffic.errors == []
    assert traffic.opened > 10
    assert traffic.made > 0
    assert {path: after[path] for path in before} == before
    assert await wrap_names(service) == {name}


async def test_after_the_switch_no_wrap_of_the_old_key_can_be_stored(service: Service) -> None:
    """A process that has not heard of it is refused by the database, and is right the next time."""
    [case] = await make_many(service, 1)
    await staff(service, "linden", Role.ADMINISTRATOR)
    stale = open_ring(service.settings)
    old = stale.key_name
    stale.use(old)
    await rotated(service)
    late = stale.wrap(b"late", b"here")
    assert name_of(late) == old

    async def store(table: Table, column: str) -> None:
        async with unit_of_work(service, OPERATOR) as unit:
            await unit.change(update(table).values({column: late}))
            unit.leaf("account.changed")

    for table, column in ((t.key_pair, "private_wrapped"), (t.account, "totp_wrapped"), (t.account, "totp_pending")):
        with pytest.raises(Conflict):
            await store(table, column)
    assert await open_one(service, case)


async def test_second_factors_follow_the_key(service: Service) -> None:
    """One in use still gives the same codes; one being set up goes on in its session."""
    await make_many(service, 1)
    boss = await member(service, "boss", Role.ADMINISTRATOR)
    enrolment = await accounts.enrol(service, OPERATOR, boss.id)
    async with reading(service) as conn:
        begun = insert(t.account_session).values(account_id=boss.id, cookie_hash=b"x")
        session = (await conn.execute(begun.returning(t.account_session.c.id))).scalar_one()
        pending = await factor.wrapped(service, conn, boss.id, "JBSWY3DPEHPK3PXP", session=session)
        await conn.execute(update(t.account).where(t.account.c.id == boss.id).values(totp_pending=pending))
    name, done = await rotated(service)
    assert done == 4
    async with reading(service) as conn:
        row = (await conn.execute(select(t.account).where(t.account.c.id == boss.id))).one()
    assert {name_of(row.totp_wrapped), name_of(row.totp_pending)} == {name}
    assert await factor.unwrapped(service, boss.id, row.totp_wrapped) == enrolment.secret
    assert await factor.unwrapped(service, boss.id, row.totp_pending, session=session) == "JBSWY3DPEHPK3PXP"


@pytest.mark.slow
async def test_a_killed_rotation_goes_on_where_it_was(service: Service) -> None:
    """kill -9 in the middle; meanwhile everything opens; the same command ends it, and the old key wraps nothing."""
    cases = await make_many(service, 90)
    old = (await rootkeys.status(service)).in_use
    command = (sys.executable, "-m", "exchange", "keys", "rotate", "--later")
    environment = {"PATH": os.environ["PATH"], **service.settings.environment()}
    async with service.engine.connect() as held:
        last = select(t.key_pair.c.id).order_by(t.key_pair.c.id.desc()).limit(1).with_for_update()
        await held.execute(last)
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=PIPE)
        assert process.stdout is not None
        said = b""
        while b" wrapped anew" not in said:
            line = await asyncio.wait_for(process.stdout.readline(), 120)
            assert line, said
            said += line
        process.kill()
        await process.wait()
        await held.rollback()
    found = await rootkeys.status(service)
    assert found.in_use != old
    assert 0 < found.wraps[old] < 91
    with pytest.raises(Refused, match="Run the same command again"):
        await rootkeys.settle(service, OPERATOR)
    assert all([await open_one(service, case) for case in cases])
    again = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=PIPE)
    out, _ = await asyncio.wait_for(again.communicate(), 180)
    assert (again.returncode, b"Going on" in out) == (0, True)
    assert await wrap_names(service) == {found.in_use}
    assert FileRootKey(service.settings.root_key_file).key_name == found.in_use
    assert all([await open_one(service, case) for case in cases])


async def test_the_key_moves_to_a_vault_and_back(service: Service) -> None:
    """The old file can then go; a vault that is away is a sentence, and nothing is lost."""
    cases = await make_many(service, 3)
    old = (await rootkeys.status(service)).in_use
    with transit_server() as vault:
        settings = service.settings.model_copy(update={"vault_url": vault.url, "vault_token": _secret(vault.token)})
        async with open_service(settings, with_keys=True) as reached:
            name, done = await rotated(reached, "vault")
            assert (name, done) == ("vault-exchange-v1", 4)
            await rootkeys.forget(reached, OPERATOR, old)
            assert not settings.root_key_file.exists()
            assert all([await open_one(reached, case) for case in cases])
            vault.sealed = True
            with pytest.raises(Exception, match="Nothing was lost"):
                await open_one(reached, cases[0])
            vault.sealed = False
            with pytest.raises(Refused, match="in use"):
                await rootkeys.forget(reached, OPERATOR, name)
        async with open_service(settings, with_keys=True) as started_later:
            assert await open_one(started_later, cases[0])
            assert (await rotated(started_later, "vault"))[0] == "vault-exchange-v2"
            assert await open_one(started_later, cases[0])


def _secret(value: str) -> object:
    from pydantic import SecretStr

    return SecretStr(value)


async def test_a_key_that_does_not_work_is_never_put_in_use(service: Service) -> None:
    """Nor by anybody but the machine's operator; nothing changes."""
    await make_many(service, 1)
    before = await rootkeys.status(service)
    boss = await staff(service, "linden", Role.ADMINISTRATOR)
    with pytest.raises(RootKeyMissing):
        await rootkeys.switch(service, OPERATOR, "file-00000000")
    with pytest.raises(Unreadable):
        await rootkeys.switch(service, OPERATOR, "a name")
    with pytest.raises(NotAllowed):
        await rootkeys.switch(service, boss, before.in_use)
    assert await rootkeys.status(service) == before


async def test_the_record_tells_of_each_step(service: Service) -> None:
    """The new key, every case key by its id, the end; no name of a key, no place."""
    cases = await make_many(service, 40)
    await rotated(service)
    async with reading(service) as conn:
        rows = (await conn.execute(text("select leaf::jsonb from public.ledger_leaf order by index"))).scalars()
        said = [leaf for leaf in rows if leaf["act"].startswith("keys.")]
    assert [leaf["act"] for leaf in said] == ["keys.rotated", "keys.rewrapped", "keys.rewrapped", "keys.settled"]
    listed = {each for leaf in said[1:3] for each in leaf["key"]}
    assert {str(case.case) for case in cases} <= listed
    assert len(listed) == 41
    assert "file-" not in str(said)


async def test_the_sheet_follows_the_new_key(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """`rotate` prints the new sheet; the check is not content until a word of it was typed back."""
    await make_many(service, 1)
    await setup.confirm_recovery(service)
    real = Service(service.engine, service.objects, service.settings.model_copy(update={"demo": False}), service.keys)
    assert (await health.recovery(real)).ok
    runner, environment = CliRunner(), service.settings.environment()
    done = await asyncio.to_thread(runner.invoke, app, ["keys", "rotate", "--later"], env=environment)
    assert done.exit_code == 0, done.output
    sheet = service.settings.root_key_file.read_text().strip()
    assert sheet in done.output
    assert "another root key" in (await health.recovery(real)).wrong
    word = recovery_words(from_recovery_text(sheet))[5]
    monkeypatch.setattr(setup, "random_below", lambda _: 5)
    for typed, code in (("0000\n" * 5, 1), (f"0000\n{word}\n", 0)):
        given = await asyncio.to_thread(runner.invoke, app, ["keys", "confirm"], env=environment, input=typed)
        assert given.exit_code == code, given.output
    assert (await health.recovery(real)).ok
    shown = await asyncio.to_thread(runner.invoke, app, ["keys", "status"], env=environment)
    assert shown.exit_code == 0
    assert "Recovery: confirmed." in shown.output
