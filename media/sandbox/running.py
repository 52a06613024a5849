"""Starting a confined child, watching it, and ending it: TERM, then KILL, to its whole group."""

import contextlib
import os
import select
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from media.limits import Code, Rejected
from media.sandbox.job import Job, Outcome, Provider

_OUT_CAP = 4 << 20
_ERR_CAP = 64 << 10
_GRACE = 2.0
_DYING = 5.0
_LOOKED = 0.5
_MOST_FILES = 5_000
_known: dict[str, bool] = {}

Watch = Callable[[bytes], bool]


def _any_line(_line: bytes) -> bool:
    return True


def run(provider: Provider, job: Job, watch: Watch = _any_line) -> Outcome:
    """Run the job to its end. `watch` gets every line of stdout and says whether it was progress.

    Raises Rejected(took_too_long) after `job.seconds`, or after `job.stall_seconds` without progress, and
    Rejected(unsafe) where the child fills its folder.
    """
    argv, fds = provider.command(job)
    try:
        child = subprocess.Popen(
            argv, cwd=job.folder, env={}, pass_fds=fds, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    finally:
        for fd in fds:
            os.close(fd)
    try:
        with child:
            try:
                return _follow(child, job, watch)
            finally:
                _end(child)
    except _Late as late:
        raise Rejected(Code.TOOK_TOO_LONG, detail=str(late)) from None
    except _Full:
        raise Rejected(Code.UNSAFE, detail="the child filled its folder") from None


class _Late(Exception):
    pass


class _Full(Exception):
    pass


def _room(job: Job) -> None:
    """Raise where all files of the child together are more than one of them may be, or too many.

    The kernel limits each file; the disk, or the memory where the scratch is, would still fill up.
    """
    taken = count = 0
    for folder, _, names in os.walk(job.folder):
        for name in names:
            count += 1
            with contextlib.suppress(OSError):
                taken += Path(folder, name).lstat().st_blocks * 512
        if taken > job.file_bytes or count > _MOST_FILES:
            raise _Full


def _follow(child: subprocess.Popen[bytes], job: Job, watch: Watch) -> Outcome:
    assert child.stdout
    assert child.stderr
    out, err, line = bytearray(), bytearray(), bytearray()
    begun = moved = looked = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for pipe in (child.stdout, child.stderr):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            now = time.monotonic()
            left = min(begun + job.seconds, moved + job.stall_seconds) - now
            if left <= 0:
                raise _Late("time" if now >= begun + job.seconds else "stall")
            if now - looked > _LOOKED:
                _room(job)
                looked = now
            for key, _ in selector.select(min(left, _LOOKED)):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    err = (err + data)[-_ERR_CAP:]
                else:
                    out += data[: max(0, _OUT_CAP - len(out))]
                    line += data
                    *whole, line = line.split(b"\n")
                    line = line[-_ERR_CAP:]
                    if sum(watch(bytes(one)) for one in whole):
                        moved = time.monotonic()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(max(0.1, begun + job.seconds - time.monotonic()))
        return Outcome(child.returncode, bytes(out), bytes(err))
    raise _Late("time")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing of the group is left when this returns."""
    early = child.poll() is None
    if early:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if early:
        _gone(child)


def _gone(child: subprocess.Popen[bytes]) -> None:
    """Wait until nobody holds our pipes any more: bwrap's own child dies a little later, giving back its memory."""
    ends = time.monotonic() + _DYING
    for pipe in (child.stdout, child.stderr):
        while pipe and select.select([pipe], [], [], max(0.0, ends - time.monotonic()))[0]:
            if not os.read(pipe.fileno(), 1 << 16):
                break


def works(provider: Provider) -> bool:
    """Whether this provider confines on this machine, by trying: user namespaces or Landlock can be off.

    A success is remembered for the life of the process, a failure is tried again next time.
    """
    if not _known.get(provider.name):
        with tempfile.TemporaryDirectory(prefix="probe-") as name:
            canary, folder = Path(name, "canary"), Path(name, "folder")
            canary.write_bytes(b"canary")
            folder.mkdir()
            job = Job(folder=folder, module="probe", arguments=(str(canary),), seconds=20)
            try:
                _known[provider.name] = run(provider, job).out.strip() == b"confined"
            except (OSError, Rejected):
                _known[provider.name] = False
    return _known[provider.name]


def choose(providers: Iterable[Provider]) -> Provider:
    """The first provider that works here. Raises Rejected(no_sandbox)."""
    for provider in providers:
        if works(provider):
            return provider
    raise Rejected(Code.NO_SANDBOX)
