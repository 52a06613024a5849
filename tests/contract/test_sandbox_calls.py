"""What a child that was taken over would try next, call by call, in every sandbox that works here.

The numbers of the calls are found outside, by libseccomp; inside each is made with harmless arguments, and says how the
kernel answered. EPERM, EACCES or ENOSYS is a refusal; anything else (EFAULT, EBADF, EINVAL) would mean that it was let
in and only stumbled over the arguments.
"""

import errno
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyseccomp
import pytest

from media.limits import Rejected
from media.sandbox import PROVIDERS, Job, Provider, run, works

HERE = [provider for provider in PROVIDERS if works(provider)]
REFUSED = {errno.EPERM, errno.EACCES, errno.ENOSYS}
CALLS = (
    # another network, namespace, root, mount
    "socket", "socketpair", "connect", "bind", "listen", "sendto", "unshare", "setns", "chroot", "pivot_root",
    "mount", "umount2", "open_tree", "move_mount", "fsopen", "fsmount", "open_by_handle_at",
    # other processes: starting, looking into, signalling
    "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_open", "pidfd_getfd",
    "pidfd_send_signal", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "setpriority", "execveat",
    # who one is, and what belongs to whom
    "setuid", "setgid", "setresuid", "setgroups", "capset", "chmod", "fchmod", "fchmodat", "chown", "fchown",
    "lchown", "utimensat", "utime", "setxattr", "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat",
    # the kernel's large doors
    "bpf", "io_uring_setup", "userfaultfd", "perf_event_open", "keyctl", "add_key", "request_key", "init_module",
    "kexec_load", "personality", "swapon", "reboot", "sethostname", "settimeofday", "clock_settime", "acct",
    "quotactl", "fanotify_init", "syslog",
    # memory and queues outside the limits
    "memfd_create", "memfd_secret", "shmget", "shmat", "semget", "msgget", "mq_open", "setrlimit",
)  # fmt: skip
ATTACK = r"""
import ctypes, json, os, signal, sys
numbers, victim = json.loads(sys.argv[1]), int(sys.argv[2])
libc, said = ctypes.CDLL(None, use_errno=True), {}
for name, number in numbers.items():
    ctypes.set_errno(0)
    answer = libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0)
    if answer == 0 and name in ("fork", "vfork"):
        os._exit(0)
    said[name] = ctypes.get_errno() if answer < 0 else 0
for name, send in {
    "all": lambda: os.kill(-1, signal.SIGUSR1), "group": lambda: os.killpg(os.getppid(), signal.SIGUSR1),
    "parent": lambda: os.kill(os.getppid(), signal.SIGUSR1), "first": lambda: os.kill(1, signal.SIGUSR1),
    "victim": lambda: os.kill(victim, signal.SIGUSR1),
}.items():
    try:
        send()
        said["signal to " + name] = 0
    except OSError as error:
        said["signal to " + name] = error.errno
for path in ("/dev/shm/x", "/dev/x", "/usr/x", "/etc/x", "/x", "/run/x", "/proc/sys/kernel/hostname",
             "/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/proc/self/oom_score_adj"):
    try:
        now = open(path, "rb").read() if "sys" in path else b""
        os.write(os.open(path, os.O_WRONLY | (0 if "proc" in path else os.O_CREAT)), now or b"0")
        said["write " + path] = 0
    except OSError as error:
        said["write " + path] = 13 if error.errno in (2, 30) else error.errno
print(json.dumps(said))
"""


@pytest.fixture(params=HERE, ids=lambda p: p.name)
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider that works here."""
    return request.param  # type: ignore[no-any-return]


def _job(folder: Path, code: str, *arguments: str, **limits: float) -> Job:
    folder.mkdir(exist_ok=True)
    return Job(folder=folder, program=Path(sys.executable), arguments=("-I", "-u", "-c", code, *arguments), **limits)  # type: ignore[arg-type]


def _numbers() -> dict[str, int]:
    """The calls that this processor has, with their numbers."""
    found = {name: pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) for name in CALLS}
    return {name: number for name, number in found.items() if number >= 0}


def test_every_other_call_is_refused(provider: Provider, tmp_path: Path) -> None:
    """No door out, no other process, no other owner, no memory beyond the limits; no signal to anybody."""
    victim = subprocess.Popen(["/bin/sleep", "30"])
    try:
        outcome = run(provider, _job(tmp_path / "f", ATTACK, json.dumps(_numbers()), str(victim.pid)))
        lives = victim.poll() is None
    finally:
        victim.kill()
        victim.wait()
    said = json.loads(outcome.out or b"{}")
    assert len(said) > 80, outcome.err
    assert {
        name: errno.errorcode.get(code, code) for name, code in said.items() if code not in REFUSED | {errno.ESRCH}
    } == {}
    assert lives


def test_without_a_sandbox_the_calls_are_let_in(tmp_path: Path) -> None:
    """Control: the same program outside is not refused most of them."""
    harmless = {
        name: number
        for name, number in _numbers().items()
        if name in ("memfd_create", "socket", "symlink", "chmod", "shmget", "utime")
    }
    (tmp_path / "f").mkdir()
    code = ATTACK.partition("for name, send")[0] + "print(json.dumps(said))"
    command = [sys.executable, "-c", code, json.dumps(harmless), "0"]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=tmp_path / "f", timeout=30).stdout)
    assert [name for name, code in said.items() if code in REFUSED] == []


def test_a_child_cannot_fill_the_disk(provider: Provider, tmp_path: Path) -> None:
    """Each file is limited, and so are all together, in bytes and in number: it is ended."""
    many = "import time\nfor n in range(100000):\n open(f'f{n}', 'wb').write(bytes(1 << 20)); time.sleep(.01)\n"
    small = "import time\nfor n in range(10**7):\n open(f'f{n}', 'wb').close()\ntime.sleep(30)"
    for number, code in enumerate((many, small)):
        began = time.monotonic()
        with pytest.raises(Rejected) as refused:
            run(provider, _job(tmp_path / str(number), code, file_bytes=20 << 20, seconds=60))  # type: ignore[arg-type]
        assert (refused.value.code, refused.value.detail) == ("unsafe", "the child filled its folder")
        assert time.monotonic() - began < 20


def test_a_child_that_ignores_every_signal_and_makes_threads_is_ended(provider: Provider, tmp_path: Path) -> None:
    """TERM, HUP and INT ignored, a hundred threads, its output closed: still gone, all of it, in time."""
    code = (
        "import signal, threading, time, os\n"
        "for s in (1, 2, 3, 15): signal.signal(s, signal.SIG_IGN)\n"
        "for _ in range(100): threading.Thread(target=time.sleep, args=(600,)).start()\n"
        f"os.close(1); os.close(2); '{tmp_path}'; time.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(Rejected) as refused:
        run(provider, _job(tmp_path / "f", code, seconds=2.0))
    assert refused.value.code == "took_too_long"
    assert time.monotonic() - began < 10
    found = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False).stdout.split()
    assert found == []


def test_processor_time_and_descriptors_are_limited(provider: Provider, tmp_path: Path) -> None:
    """A child that counts for ever is ended by its processor time; it cannot open more than 256 files."""
    code = "import os\nn = 0\ntry:\n while True: os.open('/dev/null', 0); n += 1\nexcept OSError: print(n)"
    outcome = run(provider, _job(tmp_path / "f", code))
    assert 200 < int(outcome.out) < 256
    reading = "import resource; print(resource.getrlimit(resource.RLIMIT_CPU)[0])"
    assert int(run(provider, _job(tmp_path / "f", reading, seconds=5)).out) == 30


def test_the_parents_end_is_the_childs_end(provider: Provider, tmp_path: Path) -> None:
    """A worker that is killed leaves no child behind."""
    (tmp_path / "f").mkdir()
    code = f"import time; '{tmp_path}'; print('up', flush=True); time.sleep(60)"
    driver = (
        "import sys\nfrom pathlib import Path\nfrom media.sandbox import PROVIDERS, Job, run\n"
        f"provider = next(p for p in PROVIDERS if p.name == {provider.name!r})\n"
        f"folder, arguments = Path({str(tmp_path / 'f')!r}), ('-I', '-c', {code!r})\n"
        "job = Job(folder=folder, program=Path(sys.executable), arguments=arguments)\n"
        "run(provider, job, lambda line: print('up', flush=True) or True)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", driver], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert worker.stdout
    with worker:
        assert worker.stdout.readline() == b"up\n"
        worker.send_signal(signal.SIGKILL)
    ends = time.monotonic() + 10
    while subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, check=False).stdout:
        assert time.monotonic() < ends
        time.sleep(0.05)
