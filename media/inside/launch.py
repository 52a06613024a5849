"""The launcher: narrows itself, then becomes the program. Runs as a script, before anything hostile is read.

Order matters: imports, input to descriptor 3, all other descriptors closed, environment emptied, limits,
user dropped, Landlock, seccomp; each step can only take away. Any error ends it before the program starts.
"""

import ctypes
import errno
import importlib
import json
import os
import resource
import runpy
import signal
import sys
import types
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 8, 38, 47
_CAP_DAC_READ_SEARCH = 2
_CAP_VERSION_3 = 0x20080522


def main() -> None:
    """Read the order (JSON, from outside, trusted), confine, run."""
    order = json.loads(sys.argv[1])
    _find_inside()
    seccomp = _seccomp(needed=order["landlock"])
    landlock = __import__("landlockpy") if order["landlock"] else None
    _descriptors(order)
    os.environ.clear()
    _limits(order)
    rules = _rules(landlock, order) if landlock else None
    if order.get("nobody"):
        _become(order["nobody"], search=order["search"])
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if rules is not None:
        rules.restrict()
        rules.close()
    if seccomp is not None:
        _filter(seccomp, office=order["office"] and not order["landlock"])
    _hand_over(order)


def _find_inside() -> None:
    """Make `media.inside` importable, and of `media` nothing else: its own start-up is not run in a child."""
    package = types.ModuleType("media")
    package.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["media"] = package
    # while the folder above can still be listed
    importlib.import_module("media.inside")


def _seccomp(needed: bool):  # type: ignore[no-untyped-def]
    try:
        import pyseccomp  # noqa: PLC0415 - may be missing where bubblewrap does the work
    except (ImportError, RuntimeError, OSError):
        if needed:
            raise
        return None
    return pyseccomp


def _descriptors(order: dict) -> None:  # type: ignore[type-arg]
    fd = order.get("input_fd", -1)
    if order.get("input_path"):
        fd = os.open(order["input_path"], os.O_RDONLY)
    if fd >= 0:
        os.dup2(fd, 3)
        os.set_inheritable(3, True)
    os.closerange(4 if fd >= 0 else 3, 65536)


def _limits(order: dict) -> None:  # type: ignore[type-arg]
    for what, value in (
        (resource.RLIMIT_AS, order["memory"]),
        (resource.RLIMIT_FSIZE, order["file"]),
        (resource.RLIMIT_CPU, order["cpu"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (allowed, allowed))
    os.umask(0o077)


def _rules(landlock, order: dict):  # type: ignore[no-untyped-def, type-arg]
    """Everything Landlock knows is denied but this."""
    fs = landlock.AccessFS
    look = fs.READ_FILE | fs.READ_DIR | fs.EXECUTE
    rules = landlock.Ruleset(scoped=landlock.Scope.SIGNAL | landlock.Scope.ABSTRACT_UNIX_SOCKET)
    for path in order["read"]:
        rules.allow_path(path, look if Path(path).is_dir() else fs.READ_FILE | fs.EXECUTE)
    for path in order["devices"]:
        rules.allow_path(path, fs.READ_FILE | fs.WRITE_FILE)
    own = fs.READ_FILE | fs.READ_DIR | fs.WRITE_FILE | fs.MAKE_REG | fs.REMOVE_FILE | fs.TRUNCATE
    rules.allow_path(".", own)
    return rules


def _prctl(what: int, *values: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if libc.prctl(what, *padded) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _become(uid: int, *, search: bool) -> None:
    """Stop being root for good. `search` keeps the one right to walk down to the interpreter."""
    if search:
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    bits = 1 << _CAP_DAC_READ_SEARCH if search else 0
    header = (ctypes.c_uint32 * 2)(_CAP_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if search:
        _prctl(_PR_CAP_AMBIENT, 2, _CAP_DAC_READ_SEARCH)


def _filter(seccomp, *, office: bool) -> None:  # type: ignore[no-untyped-def]
    """The allow list. What is missing answers EPERM; clone3 ENOSYS, so that libc falls back to clone."""
    from media.inside import syscalls  # noqa: PLC0415 - importable from here on only

    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for name in (*syscalls.ALLOWED, *(syscalls.OFFICE if office else ())):
        try:
            rules.add_rule(seccomp.ALLOW, name)
        except OSError:
            continue  # not a call of this processor or not yet known to this libseccomp
    # threads, but no processes; signals to itself only; limits can be read only
    thread = syscalls.CLONE_THREAD
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, thread, thread))
    if office:
        unix = seccomp.Arg(0, seccomp.EQ, syscalls.AF_UNIX)
        rules.add_rule(seccomp.ALLOW, "socket", unix)
    own = seccomp.Arg(0, seccomp.EQ, os.getpid())
    rules.add_rule(seccomp.ALLOW, "tgkill", own)
    rules.add_rule(seccomp.ALLOW, "kill", own)
    rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(0, seccomp.EQ, 0), seccomp.Arg(2, seccomp.EQ, 0))
    rules.load()


def _hand_over(order: dict) -> None:  # type: ignore[type-arg]
    if order["program"]:
        os.execve(order["program"], [order["program"], *order["arguments"]], {})  # noqa: S606 - no shell is what is wanted
    sys.argv = [order["module"], *order["arguments"]]
    runpy.run_module(f"media.inside.{order['module']}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
