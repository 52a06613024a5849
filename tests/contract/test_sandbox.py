"""One suite for every sandbox, as root and as somebody else: a hostile program inside gets nowhere.

The program tries everything and says what it could do; each test looks at one thing. Providers that do
not work on this machine are not hidden: `test_something_confines_here` fails if there is none at all.
"""

import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media.limits import Rejected
from media.sandbox import PROVIDERS, Provider, choose, works
from media.sandbox import job as jobs

PLANTED = "planted-root-key-3f9a"
SOMEBODY = 65533
HERE = [provider for provider in PROVIDERS if works(provider)]
USERS = ["root", "somebody"] if os.geteuid() == 0 else ["myself"]

ATTACK = r"""
import ctypes, json, os, resource, signal, socket, sys
canary, port, victim, planted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
libc, said = ctypes.CDLL(None, use_errno=True), {}

def tried(name, act):
    try:
        said[name] = act()
    except BaseException as error:
        said[name] = "no: " + type(error).__name__

def connected():
    with socket.create_connection(("127.0.0.1", port), 2) as s:
        s.sendall(b"leak")
    return "yes"

def sent():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"leak", ("127.0.0.1", port))
    return "yes"

def environments():
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                found += [name] if planted.encode() in file.read() else []
        except OSError:
            pass
    return found

def fds():
    found = []
    for fd in range(300):
        try:
            os.fstat(fd); found.append(fd)
        except OSError:
            pass
    return found

def forked():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return "yes"

def capabilities():
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, data)
    return data[0] | data[3] << 32

said["listed"] = os.listdir(".")
tried("read", lambda: open(canary).read())
tried("list", lambda: os.listdir(os.path.dirname(canary)))
tried("passwd", lambda: open("/etc/shadow").read() + open("/etc/passwd").read())
tried("connect", connected)
tried("send", sent)
said["env"] = dict(os.environ)
tried("environments", environments)
said["fds"] = fds()
said["uid"] = [*os.getresuid(), *os.getresgid()]
said["groups"] = os.getgroups()
said["capabilities"] = capabilities()
tried("chmod", lambda: os.chmod(canary, 0o777) or "yes")
tried("utime", lambda: os.utime(canary, (1, 1)) or "yes")
tried("unlink", lambda: os.unlink(canary) or "yes")
tried("overwrite", lambda: open(canary, "w").write("x"))
tried("kill", lambda: os.kill(victim, signal.SIGKILL) or "yes")
tried("trace", lambda: libc.ptrace(16, victim, 0, 0) == 0 and "yes" or "no")
tried("fork", forked)
tried("symlink", lambda: os.symlink("/etc/passwd", "link") or "yes")
tried("setuid", lambda: os.setuid(0) or "yes")
tried("raise", lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40)) or "yes")
said["no_new_privs"] = libc.prctl(39, 0, 0, 0, 0)
said["memory"] = resource.getrlimit(resource.RLIMIT_AS)[0]
said["file"] = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
said["core"] = resource.getrlimit(resource.RLIMIT_CORE)[0]
said["input"] = os.read(3, 100).decode()
tried("write_input", lambda: os.write(3, b"x"))
tried("reopen_input", lambda: os.write(os.open("/proc/self/fd/3", os.O_WRONLY), b"x"))
tried("chmod_input", lambda: os.fchmod(3, 0o777) or "yes")
tried("own", lambda: open("made", "w").write("made"))
print(json.dumps(said))
"""

DRIVER = r"""
import json, sys
from pathlib import Path
from media.sandbox import PROVIDERS, Job, run
name, given, folder, code, *rest = sys.argv[1:]
provider = next(p for p in PROVIDERS if p.name == name)
arguments = ("-I", "-c", code, *rest)
job = Job(folder=Path(folder), program=Path(sys.executable), arguments=arguments, input=Path(given))
outcome = run(provider, job)
sys.stderr.write(outcome.err.decode())
print(outcome.out.decode())
"""


class Scene:
    """A canary, a listener, a victim, an input, and what the attack said about them."""

    def __init__(self, folder: Path, provider: Provider, user: str) -> None:
        self.folder, self.canary, self.given = folder / "work", folder / "secret" / "canary", folder / "in"
        self.folder.mkdir()
        self.canary.parent.mkdir()
        self.canary.write_text("canary")
        self.given.write_text("the input")
        self.before = self.canary.stat()
        if user == "somebody":
            for path in (folder, self.folder, self.canary.parent, self.canary, self.given):
                os.chown(path, SOMEBODY, SOMEBODY)
            self.before = self.canary.stat()
        self.heard = self.attack(provider, user)

    def attack(self, provider: Provider, user: str) -> list[str]:
        """Run the attack; what the listener heard."""
        with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            port = tcp.getsockname()[1]
            udp.bind(("127.0.0.1", port))
            as_user = {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []} if user == "somebody" else {}
            victim = subprocess.Popen(["/bin/sleep", "60"], **as_user)
            try:
                rest = (str(self.canary), str(port), str(victim.pid), PLANTED)
                command = [
                    sys.executable,
                    "-c",
                    DRIVER,
                    provider.name,
                    str(self.given),
                    str(self.folder),
                    ATTACK,
                    *rest,
                ]
                command = _as_somebody(command) if user == "somebody" else command
                with Path(__file__).open("rb") as open_file:
                    done = subprocess.run(
                        command, cwd=Path(jobs.INSIDE).parent.parent, capture_output=True, text=True,
                        env={"EXCHANGE_ROOT_KEY": PLANTED, "PATH": "/usr/bin:/bin", "PYTHONPATH": "."},
                        timeout=60,
                        pass_fds=(open_file.fileno(),), check=False,
                    )  # fmt: skip
                self.victim_lives = victim.poll() is None
            finally:
                victim.kill()
                victim.wait()
            assert done.stdout.strip(), done.stderr
            self.said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
            return [name for name, s in (("tcp", tcp), ("udp", udp)) if _has_something(s)]


def _has_something(listener: socket.socket) -> bool:
    listener.setblocking(False)
    try:
        return bool(listener.accept() if listener.type == socket.SOCK_STREAM else listener.recv(10))
    except BlockingIOError:
        return False


def _as_somebody(command: list[str]) -> list[str]:
    """The command as a user without rights, who can reach the interpreter even below root's own folder.

    In a mount namespace of its own, folders closed to others are replaced by open ones with what is needed.
    """
    needed = [*jobs.readable(), jobs.INSIDE.parent]
    closed = {next((a for a in reversed(path.parents) if not a.stat().st_mode & 0o001), None): None for path in needed}
    lines, aside = ["set -e", "aside=$(mktemp -d)", "mount -t tmpfs -o mode=755 tmpfs $aside"], {}
    hidden = [folder for folder in closed if folder is not None]
    for number, path in enumerate(p for p in needed if any(p.is_relative_to(h) for h in hidden)):
        aside[path] = f"$aside/{number}"
        lines += [f"mkdir {aside[path]}", f"mount --bind {shlex.quote(str(path))} {aside[path]}"]
    lines += [f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(folder))}" for folder in hidden]
    for path, kept in aside.items():
        lines += [f"mkdir -p {shlex.quote(str(path))}", f"mount --bind {kept} {shlex.quote(str(path))}"]
    lines.append(f"exec setpriv --reuid={SOMEBODY} --regid={SOMEBODY} --clear-groups {shlex.join(command)}")
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", "\n".join(lines)]


@pytest.fixture(scope="module", params=[(p, u) for p in HERE for u in USERS], ids=lambda pu: f"{pu[0].name}-{pu[1]}")
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """The attack, run once for each provider and user."""
    provider, user = request.param
    with tempfile.TemporaryDirectory(prefix="scene-") as name:
        Path(name).chmod(0o711)
        yield Scene(Path(name), provider, user)


def test_something_confines_here() -> None:
    """This machine has at least one working sandbox; without one nothing would ever be opened."""
    assert HERE
    assert choose(PROVIDERS) in HERE


def test_nothing_confining_is_refused() -> None:
    """An empty list of providers opens nothing."""
    with pytest.raises(Rejected) as refused:
        choose(())
    assert refused.value.code == "no_sandbox"


def test_the_attack_succeeds_where_nothing_confines(tmp_path: Path) -> None:
    """Control: without a sandbox the same program reads, connects, changes, forks, and sees the key."""
    canary = tmp_path / "canary"
    canary.write_text("canary")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        rest = (str(canary), str(listener.getsockname()[1]), str(1 << 22), PLANTED)
        command = ["sh", "-c", 'exec 3<"$0"; exec "$@"', str(canary), sys.executable, "-c", ATTACK, *rest]
        done = subprocess.run(
            command, cwd=tmp_path, text=True, timeout=30, env={"EXCHANGE_ROOT_KEY": PLANTED},
            capture_output=True, check=True,
        )  # fmt: skip
        assert _has_something(listener)
    said = json.loads(done.stdout)
    assert said["env"]["EXCHANGE_ROOT_KEY"] == PLANTED
    assert said["environments"] != []
    assert [said[name] for name in ("connect", "send", "chmod", "utime", "fork", "symlink")] == ["yes"] * 6
    assert said["read"] == "canary"


def test_no_network(scene: Scene) -> None:
    """Neither TCP nor UDP leaves: the loopback listener sees nothing."""
    assert scene.heard == []
    assert scene.said["connect"].startswith("no: ")


def test_no_other_file(scene: Scene) -> None:
    """The canary, its folder and the machine's accounts cannot be read or listed."""
    assert [scene.said[name][:3] for name in ("read", "list", "passwd")] == ["no:"] * 3


def test_canary_untouched(scene: Scene) -> None:
    """Mode, times and content of a file outside stay as they were, whoever owns it."""
    after = scene.canary.stat()
    assert scene.canary.read_text() == "canary"
    assert (after.st_mode, after.st_mtime_ns, after.st_uid) == (
        scene.before.st_mode, scene.before.st_mtime_ns, scene.before.st_uid,
    )  # fmt: skip
    assert [scene.said[name][:3] for name in ("chmod", "utime", "unlink", "overwrite")] == ["no:"] * 4


def test_empty_environment(scene: Scene) -> None:
    """A root key in the parent's environment is neither inherited nor readable in /proc."""
    assert PLANTED not in json.dumps(scene.said["env"])
    assert set(scene.said["env"]) <= {"LC_CTYPE", "PWD"}
    assert scene.said["environments"] in ([], "no: PermissionError", "no: FileNotFoundError")


def test_closed_descriptors(scene: Scene) -> None:
    """Only the standard three and the input are open."""
    assert scene.said["fds"] == [0, 1, 2, 3]


def test_not_root_and_no_capability(scene: Scene) -> None:
    """Not uid 0, no group of root, no capability but (as root, for the interpreter) to walk down folders."""
    assert 0 not in scene.said["uid"]
    assert 0 not in scene.said["groups"]
    assert scene.said["capabilities"] & ~(1 << 2) == 0
    assert scene.said["setuid"].startswith("no: ")


def test_no_signal_no_trace_no_fork(scene: Scene) -> None:
    """Another process of the same user is neither killed nor traced, and none can be started."""
    assert scene.victim_lives
    assert scene.said["kill"].startswith("no: ")
    assert scene.said["trace"] != "yes"
    assert scene.said["fork"].startswith("no: ")


def test_no_new_privileges_and_limits(scene: Scene) -> None:
    """no_new_privs is on, memory, file size and core are limited, and the limits cannot be raised."""
    said = scene.said
    assert (said["no_new_privs"], said["memory"], said["file"], said["core"]) == (1, 4 << 30, 8 << 30, 0)
    assert said["raise"].startswith("no: ")


def test_input_is_read_only(scene: Scene) -> None:
    """The input is read, and cannot be changed through its descriptor or by opening it again."""
    assert scene.said["input"] == "the input"
    assert scene.given.read_text() == "the input"
    assert [scene.said[name][:3] for name in ("write_input", "reopen_input", "chmod_input")] == ["no:"] * 3


def test_own_folder_is_empty_and_writable(scene: Scene) -> None:
    """A child starts in an empty folder, may write plain files there and no links."""
    assert scene.said["listed"] == []
    assert scene.said["symlink"].startswith("no: ")
    assert [path.name for path in scene.folder.iterdir()] == ["made"]
