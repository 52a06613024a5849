"""`exchange backup` and `exchange restore` as an administrator types them."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exchange.cli import app
from exchange.cli_open import database_of, settings_for
from exchange.settings import Settings
from exchange.steps import setup, signing
from exchange.store.service import open_service
from tests.integration.test_erasure import all_leaves


def test_the_commands_make_check_and_restore_on_one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an administrator does it, with the embedded PostgreSQL: a refusal is a sentence and leaves the way free."""
    monkeypatch.setenv("EXCHANGE_DEMO", "true")
    monkeypatch.setenv("EXCHANGE_BACKUP_TO", f"local:{tmp_path / 'backups'}")
    first, second = tmp_path / "first", tmp_path / "second"
    with database_of(settings_for(first), migrate=True) as reached:
        setup.make_keys(reached)
        asyncio.run(_founded(reached))
    assert "was made and read back" in said(0, "backup", "--folder", str(first))
    assert "is whole" in said(0, "backup", "--folder", str(first), "--check")
    assert said(0, "backup", "--folder", str(first), "--list").endswith(" UTC\n")
    (second / "keys").mkdir(mode=0o700, parents=True)
    (second / "keys" / "root.key").touch(mode=0o600)
    (second / "keys" / "root.key").write_text((first / "keys" / "root.key").read_text())
    assert "Nothing tells what happened" in said(1, "restore", "--folder", str(second))
    outside = ("--record", f"local:{first / 'objects'}", "--since", str(first / "checkpoint" / "newest.note"))
    assert "Everybody signs in anew" in said(0, "restore", "--folder", str(second), *outside)
    assert "not empty" in said(1, "restore", "--folder", str(second), *outside)
    with database_of(settings_for(second)) as reached:
        assert asyncio.run(_is_there(reached))


def said(code: int, *words: str) -> str:
    """What a command prints, once it has ended as it should."""
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output


async def _founded(settings: Settings) -> None:
    async with open_service(settings, with_keys=True) as service:
        await setup.found_service(service, demo=True, name="Letter Bridge")
        await signing.sign(service)


async def _is_there(settings: Settings) -> bool:
    """Founded, and its record goes on under the same key."""
    async with open_service(settings, with_keys=True) as service:
        await signing.sign(service)
        return await setup.is_founded(service) and "service.restored" in {
            leaf["act"] for leaf in await all_leaves(service)
        }
