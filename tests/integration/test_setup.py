"""Founding a service, and `exchange init` and `exchange user` end to end in a folder of their own."""

import asyncio
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from exchange.cli import app
from exchange.core.errors import Refused
from exchange.core.notes import Verifier
from exchange.core.recovery import from_recovery_text, recovery_words
from exchange.settings import Settings
from exchange.steps import setup
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.ledgerkey import load_signer
from exchange.store.sealing import service_opener, service_seal
from exchange.store.service import Service, open_service
from exchange.store.unit import reading
from tests.support.staff import found

OPTIONS = {
    "name": "Bridge",
    "portal-url": "https://messages.example.org",
    "console-url": "https://desk.example.org",
    "phone": "029 2000 0000",
    "hours": "Mon-Fri 09:00-17:00",
    "closed-days": "2026-12-25, 2026-12-28",
    "support-line": "Samaritans: 116 123: day and night",
    "mail-host": "mail.example.org",
    "mail-user": "",
    "mail-from": "messages@example.org",
    "backup-place": "the encrypted disk in the safe",
    "admin-login": "boss",
    "admin-name": "Bo Price",
    "admin-email": "boss@example.org",
}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a command."""
    for name in list(os.environ):
        if name.startswith("EXCHANGE_"):
            monkeypatch.delenv(name)


def exchange(*arguments: str, typed: str = "") -> Result:
    """Run one command to its end, in this process."""
    return CliRunner().invoke(app, arguments, input=typed, prog_name="exchange")


def options() -> list[str]:
    """Every question of `exchange init` answered."""
    return [part for name, value in OPTIONS.items() for part in (f"--{name}", value)]


def init_and_confirm(folder: Path) -> tuple[int, str]:
    """`exchange init` as a script would run it: reads the printed sheet, types the word it asks for."""
    command = [sys.executable, "-m", "exchange", "init", "--folder", str(folder), *options()]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdin=PIPE, stdout=PIPE, stderr=STDOUT, text=True, env=environment, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        while (char := process.stdout.read(1)) != "":
            said += char
            asked = re.search(r"type line (\d), group (\d): ?$", said)
            if asked:
                words = recovery_words(from_recovery_text(sheet_in(said)))
                process.stdin.write(words[(int(asked[1]) - 1) * 4 + int(asked[2]) - 1].lower() + "\n")
                said += "\n"
    return process.returncode, said


def sheet_in(said: str) -> str:
    """The root key's lines in what `init` printed."""
    return said[said.index("exchange root key") : said.index("Verification key")]


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder in which `exchange init` ran and whose database now runs, and what it said."""
    folder = tmp_path_factory.mktemp("real") / "service"
    code, said = init_and_confirm(folder)
    assert code == 0, said
    with EmbeddedPostgres(folder / "postgres"):
        yield folder, said


async def test_init_founds_a_service_with_its_answers(initialised: tuple[Path, str]) -> None:
    """Settings, key pair, confirmation, one administrator who must choose a password."""
    folder, _ = initialised
    settings = Settings.load(folder=folder, database_url=EmbeddedPostgres(folder / "postgres").attach())
    async with open_service(settings, with_keys=True) as service, reading(service) as conn:
        rows = await conn.execute(text("select name, value from service_setting"))
        stored = {row.name: row.value for row in rows}
        opener = await service_opener(service, conn)
        people = (await conn.execute(text("select * from account"))).all()
        assert service.keys is not None
        confirmed = service.keys.key_name
    assert stored["service_name"] == "Bridge"
    assert stored["closed_days"] == ["2026-12-25", "2026-12-28"]
    assert stored["support_lines"] == [{"name": "Samaritans", "phone": "116 123", "hours": "day and night"}]
    assert (stored["demo"], stored["recovery_confirmed"]) == (False, confirmed)
    assert stored["key_pair"] == str(opener.owner)
    assert [(one.login, one.roles, one.email) for one in people] == [("boss", ["administrator"], "boss@example.org")]
    assert people[0].password_until is not None
    assert people[0].totp_wrapped is None


def test_the_sheet_holds_the_keys_in_use(initialised: tuple[Path, str]) -> None:
    """Root key and verification key as printed; both files are 0600, their folder 0700."""
    folder, said = initialised
    settings = Settings.load(folder=folder)
    assert settings.root_key_file.read_text().strip() in said
    vkey = re.search(r"^desk\.example\.org/record\+\S+$", said, re.MULTILINE)
    assert vkey
    assert Verifier.from_vkey(vkey[0]) == load_signer(settings.ledger_key_file).verifier
    for path, mode in (
        (settings.root_key_file, 0o600),
        (settings.ledger_key_file, 0o600),
        (settings.root_key_file.parent, 0o700),
        (folder, 0o700),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_second_init_is_refused(initialised: tuple[Path, str]) -> None:
    """With a sentence and exit code 1; the root key is what it was."""
    folder, _ = initialised
    before = Settings.load(folder=folder).root_key_file.read_bytes()
    again = exchange("init", "--folder", str(folder), *options())
    assert (again.exit_code, "set up already" in again.stderr) == (1, True)
    assert Settings.load(folder=folder).root_key_file.read_bytes() == before


def test_users_from_the_command_line(initialised: tuple[Path, str]) -> None:
    """Added, listed, given roles, reset, closed; wrong roles and names get sentences."""
    folder, _ = initialised
    where = ("--folder", str(folder))
    added = exchange("user", "add", "jo", "--name", "Jo Reed", "--role", "facilitator", *where)
    assert added.exit_code == 0
    assert re.search(r"temporary password {2}\S+-\S+-\S+-\d{4}-\d{4}", added.stdout)
    assert exchange("user", "roles", "jo", "--role", "auditor", *where).exit_code == 0
    assert "temporary password" in exchange("user", "reset", "jo", *where).stdout
    assert exchange("user", "deactivate", "jo", *where).exit_code == 0
    listed = exchange("user", "list", *where)
    assert re.search(r"^jo +Jo Reed +auditor +closed$", listed.stdout, re.MULTILINE)
    assert re.search(r"^boss +Bo Price +administrator +no second factor yet$", listed.stdout, re.MULTILINE)
    wrong = exchange("user", "add", "sam", "--name", "Sam", "--role", "king", *where)
    assert (wrong.exit_code, wrong.stderr.startswith("A role is one of")) == (1, True)
    assert exchange("user", "deactivate", "nobody", *where).exit_code == 1
    last = exchange("user", "deactivate", "boss", *where)
    assert (last.exit_code, "must remain" in last.stderr) == (1, True)


def test_the_doctor_names_what_is_not_right(initialised: tuple[Path, str]) -> None:
    """No mail server answers at that name: exit code 1 and what to do; the rest is looked at all the same."""
    folder, _ = initialised
    looked = exchange("doctor", "--folder", str(folder))
    assert looked.exit_code == 1
    assert re.search(r"^ok +Recovery sheet$", looked.stdout, re.MULTILINE)
    assert re.search(r"^ok +Public addresses$", looked.stdout, re.MULTILINE)
    assert re.search(r"^WRONG Mail\n +\S.*\n +\S", looked.stdout, re.MULTILINE)
    assert "Traceback" not in looked.stdout + looked.stderr


def test_a_word_that_is_not_on_the_sheet_makes_no_service(tmp_path: Path) -> None:
    """Five times wrong: refused. The keys stay, so that a sheet printed already stays right."""
    command = ("init", "--folder", str(tmp_path / "service"), *options())
    first = exchange(*command, typed="0000\n" * 5)
    assert (first.exit_code, "not confirmed" in first.stderr) == (1, True)
    again = exchange(*command, typed="0000\n" * 5)
    assert "not confirmed" in again.stderr
    assert sheet_in(again.stdout) == sheet_in(first.stdout)


def test_init_refuses_a_demonstrations_folder(tmp_path: Path) -> None:
    """By its mark, before anything is made."""
    (tmp_path / "this-is-a-demonstration").touch()
    refused = exchange("init", "--folder", str(tmp_path), *options())
    assert (refused.exit_code, "demonstration" in refused.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["this-is-a-demonstration"]


async def test_init_refuses_a_demonstrations_database(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what stands in it, whatever the folder; no key is made."""
    await found(service)
    assert service.settings.database_url is not None
    monkeypatch.setenv("EXCHANGE_DATABASE_URL", service.settings.database_url.get_secret_value())
    refused = await asyncio.to_thread(exchange, "init", "--folder", str(tmp_path / "new"), *options())
    assert (refused.exit_code, "demonstration" in refused.stderr) == (1, True)
    assert not (tmp_path / "new" / "keys").exists()


def test_a_wrong_option_is_refused_with_a_sentence(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An http:// address of a real service, before any key is made."""
    monkeypatch.setenv("EXCHANGE_DATABASE_URL", database)
    wrong = ("--name", "Bridge", "--portal-url", "http://messages.example.org")
    refused = exchange("init", "--folder", str(tmp_path), *wrong)
    assert (refused.exit_code, "https://" in refused.stderr) == (1, True)
    assert not (tmp_path / "keys").exists()


async def test_founding_twice_changes_nothing(service: Service) -> None:
    """The same key pair; as another kind it is refused."""
    await found(service)
    async with reading(service) as conn:
        first = await service_seal(conn)
    await setup.found_service(service, demo=True, name="Another")
    async with reading(service) as conn:
        assert await service_seal(conn) == first
    with pytest.raises(Refused):
        await setup.found_service(service, demo=False, name="Real")
