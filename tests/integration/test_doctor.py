"""The doctor's checks, each with something really wrong, and whether the portal may answer."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from exchange import doctor
from exchange.core.model import OPERATOR, Role
from exchange.steps import backup, health, settings, setup
from exchange.store import ledger_copy
from exchange.store.ledger import checkpoint
from exchange.store.ledgerkey import load_signer
from exchange.store.rootkey import FileRootKey
from exchange.store.service import Service, open_service
from exchange.store.unit import reading, unit_of_work
from tests.support.mail import Mailbox
from tests.support.malware import written
from tests.support.ports import free_port
from tests.support.roles import as_owner, as_portal
from tests.support.staff import found, member, pass_time

REAL: dict[str, Any] = {
    "portal_url": "https://messages.example.org",
    "console_url": "https://desk.example.org",
    "backup_place": "the safe",
    "mail_host": "127.0.0.1",
    "mail_starttls": False,
    "mail_from": "messages@example.org",
}


def as_real(service: Service, **changes: Any) -> Service:
    """The same service, not run as a demonstration."""
    return replace(service, settings=service.settings.model_copy(update={"demo": False, **changes}))


async def found_real(service: Service, port: int) -> Service:
    """A real service in which everything is right."""
    real = as_real(service)
    setup.make_keys(real.settings)
    await setup.found_service(real, demo=False, name="Bridge", mail_port=port, **REAL)
    await setup.confirm_recovery(real)
    await member(real, "boss", Role.ADMINISTRATOR)
    return real


async def wrong(service: Service) -> dict[str, str]:
    """The checks that are not ok, with what is wrong; each says what to do.

    Without the scratch folder's, which is about the disks of the machine that runs the tests.
    """
    looked = [check for check in await doctor.examine(service) if check.name != "Scratch folder"]
    found = [check for check in looked if not check.ok]
    assert all(check.mend for check in found)
    return {check.name: check.wrong for check in found}


async def test_all_is_right_in_a_real_service(service: Service, smtp: Mailbox) -> None:
    """Every check looked, none complains, and the portal may answer."""
    real = await found_real(service, smtp.port)
    assert await wrong(real) == {}
    assert len(await doctor.examine(real)) == len(doctor.ESSENTIAL) + len(doctor.MACHINE)
    assert await doctor.is_green(as_portal(real))
    assert smtp.messages == []


async def test_a_demonstration_is_green(service: Service, portal_service: Service) -> None:
    """Without https, mail, backup or a confirmed sheet."""
    setup.make_keys(service.settings)
    await found(service)
    await member(service, "boss", Role.ADMINISTRATOR)
    assert await wrong(service) == {}
    assert await doctor.is_green(portal_service)


async def test_nothing_set_up_is_red(portal_service: Service) -> None:
    """The portal of an unfounded service answers nobody."""
    assert not await doctor.is_green(portal_service)


async def test_a_demonstration_run_as_real_is_red(service: Service, portal_service: Service) -> None:
    """Demonstration accounts never stand before the public."""
    await found(service)
    assert not await doctor.is_green(as_real(portal_service))
    assert "demonstration accounts" in (await wrong(as_real(service)))["Demonstration"]


async def test_what_is_missing_is_named(service: Service) -> None:
    """Unconfirmed sheet, http, no mail, no backup, nobody to administer, keys gone."""
    real = as_real(service)
    await setup.found_service(real, demo=False, name="Bridge")
    missing = await wrong(real)
    assert set(missing) == {
        "Recovery sheet", "Public addresses", "Record", "Mail", "Backup", "Administrator",
    }  # fmt: skip
    assert not await doctor.is_green(real)


async def test_a_root_key_that_others_can_read_is_wrong(service: Service, smtp: Mailbox) -> None:
    """By its mode."""
    real = await found_real(service, smtp.port)
    real.settings.root_key_file.chmod(0o640)
    assert "read by others" in (await wrong(real))["Root key"]


async def test_another_root_key_is_noticed(service: Service, smtp: Mailbox) -> None:
    """It is not the one that the database names, and it opens nothing."""
    real = await found_real(service, smtp.port)
    real.settings.root_key_file.unlink()
    FileRootKey.create(real.settings.root_key_file)
    async with open_service(real.settings, with_keys=True) as other:
        assert "not set up here" in (await wrong(other))["Root key"]


async def test_an_unsigned_record_is_noticed(service: Service, smtp: Mailbox) -> None:
    """After an hour without a checkpoint; a new one mends it."""
    real = await found_real(service, smtp.port)
    await pass_time(service, "service_setting", "at", timedelta(minutes=61))
    assert "not signed" in (await wrong(real))["Record"]
    async with reading(service) as conn:
        await checkpoint(conn, load_signer(real.settings.ledger_key_file))
    assert "Record" not in await wrong(real)


async def test_a_record_that_is_not_kept_outside_is_noticed(service: Service, smtp: Mailbox) -> None:
    """Signed an hour ago, and still not in the object store; a worker's next round mends it."""
    real = await found_real(service, smtp.port)
    signer = load_signer(real.settings.ledger_key_file)
    async with reading(service) as conn:
        await checkpoint(conn, signer)
    assert "Record outside the database" not in await wrong(real)
    async with reading(as_owner(service)) as conn:
        await conn.execute(text("alter table public.ledger_checkpoint disable trigger user"))
        await conn.execute(text("update public.ledger_checkpoint set at = at - interval '2 hours'"))
    assert "object store" in (await wrong(real))["Record outside the database"]
    await ledger_copy.add(service, signer.verifier)
    assert "Record outside the database" not in await wrong(real)


async def test_an_old_backup_and_a_lost_object_are_noticed(service: Service, smtp: Mailbox) -> None:
    """Our own backup: two days without one, or an object that it could not find."""
    real = await found_real(service, smtp.port)
    async with unit_of_work(service, OPERATOR) as unit:
        await settings.put(unit, backup.MADE, {"id": "x", "objects": 3, "missing": 0})
        unit.leaf("backup.made", count=3)
    assert "Backup" not in await wrong(real)
    await pass_time(service, "service_setting", "at", timedelta(days=3))
    assert "days old" in (await wrong(real))["Backup"]
    async with unit_of_work(service, OPERATOR) as unit:
        await settings.put(unit, backup.MADE, {"id": "x", "objects": 3, "missing": 2})
        unit.leaf("backup.made", count=3)
    assert (await wrong(real))["Backup"] == "2 objects are lost."


async def test_mail_that_fails_is_noticed(service: Service) -> None:
    """Nobody listens at its port."""
    real = await found_real(service, free_port())
    assert (await wrong(real))["Mail"] == "The mail server cannot be reached."


async def test_a_database_of_another_version_is_noticed(service: Service, portal_service: Service) -> None:
    """And the portal does not answer."""
    await found(service)
    async with reading(as_owner(service)) as conn:
        await conn.execute(text("update alembic_version set version_num = '0000'"))
    assert "schema" in (await wrong(service))["Database"]
    assert not await doctor.is_green(portal_service)


async def test_an_unreachable_database_is_an_answer_not_a_crash(service: Service) -> None:
    """Every check that needs it says so."""
    url = SecretStr(f"postgresql://nobody:x@127.0.0.1:{free_port()}/none")
    async with open_service(service.settings.model_copy(update={"database_url": url}), with_keys=True) as lost:
        assert "cannot be reached" in (await wrong(lost))["Database"]
        assert not await doctor.is_green(lost)


async def test_a_full_or_broken_object_store_is_noticed(service: Service, tmp_path: Path) -> None:
    """A folder that is a file."""
    await found(service)
    broken = tmp_path / "objects"
    broken.write_text("not a folder")
    changed = service.settings.model_copy(update={"objects": f"local:{broken}"})
    async with open_service(changed, with_keys=True) as lost:
        assert "Object store" in await wrong(lost)


async def test_an_ffmpeg_that_does_not_run_is_noticed(service: Service, tmp_path: Path) -> None:
    """One that is there and is something else."""
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    await found(service)
    assert "ffmpeg" in await wrong(as_real(service, ffmpeg=fake))
    assert "ffmpeg" in await wrong(as_real(service, ffmpeg=tmp_path / "none"))


async def test_a_scanner_that_is_asked_for_must_answer(service: Service, tmp_path: Path) -> None:
    """Set and silent is wrong; not set is wrong only where nothing may be opened without one."""
    await found(service)
    assert "Malware scanner" in await wrong(as_real(service, clamd_socket=tmp_path / "none.sock"))
    assert "Malware scanner" in await wrong(as_real(service, malware_scan="always"))
    assert "Malware scanner" not in await wrong(as_real(service))
    async with written(Path(tempfile.mkdtemp(dir="/tmp"))) as socket:
        assert "Malware scanner" not in await wrong(as_real(service, clamd_socket=socket, malware_scan="always"))


async def test_scratch_must_be_private_and_on_no_plain_disk(service: Service, tmp_path: Path) -> None:
    """Open to others it is wrong; the demonstration is asked for nothing but the mode."""
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    real = as_real(service, scratch=folder)
    assert "Others" in (await doctor.scratch(real)).wrong
    folder.chmod(0o700)
    private = service.settings.model_copy(update={"scratch": folder})
    assert (await doctor.scratch(replace(service, settings=private))).ok
    in_memory = await doctor.scratch(as_real(service, scratch=Path("/dev/shm/exchange-doctor-test")))
    Path("/dev/shm/exchange-doctor-test").rmdir()
    assert in_memory.ok is not doctor.plain_swap()


@pytest.mark.parametrize(
    ("lines", "plain"),
    [("", False), ("/dev/zram0 partition 100 0 -2\n", False), ("/dev/vda9 partition 100 0 -2\n", True)],
)
def test_swap_on_a_plain_disk_is_noticed(tmp_path: Path, lines: str, plain: bool) -> None:
    """Compressed memory is no disk."""
    swaps = tmp_path / "swaps"
    swaps.write_text("Filename Type Size Used Priority\n" + lines)
    assert doctor.plain_swap(swaps) is plain


async def test_green_is_kept_for_a_minute_and_red_for_seconds(
    service: Service, portal_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visitor costs no check; a mended service is back within seconds."""
    monkeypatch.setattr(health, "RED_SECONDS", 0.0)
    assert not await doctor.is_green(portal_service)
    await found(service)
    assert await doctor.is_green(portal_service)
    async with reading(as_owner(service)) as conn:
        await conn.execute(text("update alembic_version set version_num = '0000'"))
    assert await doctor.is_green(portal_service)


@pytest.mark.parametrize("which", ["portal_url", "console_url"])
async def test_an_address_without_tls_turns_it_red(service: Service, smtp: Mailbox, which: str) -> None:
    """Then the portal answers nobody (ASVS 5.0.0 12.2.1)."""
    real = await found_real(service, smtp.port)
    await settings.save(real, OPERATOR, **{which: "http://plain.example.org"})
    assert "https://" in (await wrong(real))["Public addresses"]
    assert not await health.is_green(real)


async def test_settings_saved_by_an_administrator_turn_it_red(service: Service, smtp: Mailbox) -> None:
    """One host name for both sites would mix their cookies."""
    real = await found_real(service, smtp.port)
    await settings.save(real, OPERATOR, console_url="https://messages.example.org:8443")
    assert "same host" in (await wrong(real))["Public addresses"]
