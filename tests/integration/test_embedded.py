"""PostgreSQL from the wheel: starts, survives kills, touches nothing that is not its own."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from exchange.core.errors import WrongSetting
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.postgres_account import SOCKET_PATH_LIMIT

HOLDER = """
import sys, time, pathlib
from exchange.store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]), durable=False)
server.start()
print("ready", flush=True)
time.sleep(600)
"""


def _ask(server: EmbeddedPostgres, question: str) -> object:
    with psycopg.connect(plain_url(server.url)) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


def _postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def _wait_until_gone(pid: int) -> None:
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_keeps_data_over_a_restart(tmp_path: Path) -> None:
    """What was committed is there after stop and start; the password stays the same."""
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        url = server.url
        with psycopg.connect(plain_url(url)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as again:
        assert again.url == url
        assert _ask(again, "SELECT answer FROM kept") == 42


def test_is_durable_utf8_and_private_by_default(tmp_path: Path) -> None:
    """The demo's cluster syncs, speaks UTF-8 and has no TCP port."""
    with EmbeddedPostgres(tmp_path / "pg") as server:
        assert _ask(server, "SHOW fsync") == "on"
        assert _ask(server, "SHOW server_encoding") == "UTF8"
        assert _ask(server, "SHOW listen_addresses") == ""
        assert _ask(server, "SELECT lower('ÄÉŴ')") == "äéŵ"


def test_refuses_a_wrong_password(tmp_path: Path) -> None:
    """Reaching the socket is not enough."""
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        wrong = plain_url(server.url).replace(":" + (server.folder / "password").read_text() + "@", ":wrong@")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)


def test_changes_no_mode_or_owner_of_a_folder_it_did_not_make(tmp_path: Path) -> None:
    """The parent folder, 0700 and ours, is as before; the new folder is closed to others."""
    parent = tmp_path / "parent"
    parent.mkdir(mode=0o700)
    before = parent.stat()
    with EmbeddedPostgres(parent / "pg", durable=False):
        pass
    after = parent.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert stat.S_IMODE((parent / "pg").stat().st_mode) == 0o700
    assert stat.S_IMODE((parent / "pg" / "password").stat().st_mode) == 0o600


def test_only_one_process_may_use_a_folder(tmp_path: Path) -> None:
    """A second start says so in a sentence, and the first goes on."""
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        with pytest.raises(WrongSetting, match="in use"):
            EmbeddedPostgres(tmp_path / "pg", durable=False).start()
        assert _ask(server, "SELECT 1") == 1


def test_ends_with_its_starter_and_starts_again(tmp_path: Path) -> None:
    """kill -9 of the process that started it stops the server; a new one starts over the remains."""
    folder = tmp_path / "pg"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        pid = _postmaster(folder)
        holder.kill()
    _wait_until_gone(pid)
    with EmbeddedPostgres(folder, durable=False) as server:
        assert _ask(server, "SELECT 1") == 1


def test_recovers_after_the_server_itself_was_killed(tmp_path: Path) -> None:
    """kill -9 of the postmaster leaves a pid file behind; the next start does not mind."""
    folder = tmp_path / "pg"
    server = EmbeddedPostgres(folder, durable=False)
    server.start()
    os.kill(_postmaster(folder), signal.SIGKILL)
    server.stop()
    assert (folder / "data" / "postmaster.pid").exists()
    with EmbeddedPostgres(folder, durable=False) as again:
        assert _ask(again, "SELECT 1") == 1


def test_a_stale_pid_file_may_name_a_living_process(tmp_path: Path) -> None:
    """Process numbers are used again: a pid file naming us neither stops us nor the start."""
    folder = tmp_path / "pg"
    with EmbeddedPostgres(folder, durable=False):
        pass
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/data\n")
    with EmbeddedPostgres(folder, durable=False) as server:
        assert _ask(server, "SELECT 1") == 1


def test_an_interrupted_first_start_is_done_again(tmp_path: Path) -> None:
    """Half a cluster is never taken for a whole one."""
    folder = tmp_path / "pg"
    (folder / "data.new" / "base").mkdir(parents=True)
    (folder / "password").write_text("left over")
    with EmbeddedPostgres(folder, durable=False) as server:
        assert _ask(server, "SELECT 1") == 1
    assert not (folder / "data.new").exists()


def test_a_long_path_still_gets_a_socket(tmp_path: Path) -> None:
    """Socket paths end at 107 bytes; a deeper folder gets a short private one."""
    folder = tmp_path / ("long" * 30) / "pg"
    with EmbeddedPostgres(folder, durable=False) as server:
        assert _ask(server, "SELECT 1") == 1
        assert len(str(server._sockets)) < SOCKET_PATH_LIMIT
        assert stat.S_IMODE(server._sockets.stat().st_mode) == 0o700


def test_starts_where_the_kernel_forbids_user_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root in a container: another account runs it, under root's 0700 folder, which stays as it is."""
    (tmp_path / "bin").mkdir()
    refusing = tmp_path / "bin" / "unshare"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")
    parent = tmp_path / "parent"
    parent.mkdir(mode=0o700)
    with EmbeddedPostgres(parent / "pg", durable=False) as server:
        assert _ask(server, "SELECT 1") == 1
    with EmbeddedPostgres(parent / "pg", durable=False) as again:
        assert _ask(again, "SELECT 1") == 1
    assert stat.S_IMODE(parent.stat().st_mode) == 0o700
    assert parent.stat().st_uid == os.geteuid()
