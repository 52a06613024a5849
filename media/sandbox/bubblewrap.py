"""Confinement by namespaces: bubblewrap, where it is installed and user namespaces are on.

The child sees a file system of its own: /usr and the interpreter read-only, /in (the input, read-only), /out
(its folder), an empty /tmp. All namespaces are its own, capabilities are gone, and it is nobody (65534).
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from media.sandbox.job import NOBODY, Job, launch, readable

_TMP_BYTES = 256 << 20
_ETC = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts")
_OFFICE_ETC = "/etc/libreoffice"

# Only the folder and /tmp stay writable. The root and /dev are memory without a limit; and where the worker is root,
# the child is root's own uid under another name, whom the kernel lets write /proc/sys/kernel/core_pattern and more.
_READ_ONLY = ("--remount-ro", "/", "--remount-ro", "/dev", "--remount-ro", "/proc")


class Bubblewrap:
    """bwrap(1), then the same launcher as everywhere (limits, seccomp where libseccomp is there)."""

    name = "bubblewrap"
    has_own_view = True

    def command(self, job: Job) -> tuple[list[str], Sequence[int]]:
        """See Provider. Raises FileNotFoundError where bwrap is not installed."""
        bwrap = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin")
        if bwrap is None:
            raise FileNotFoundError("bwrap")
        argv = [bwrap, "--unshare-all", "--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]
        argv += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
        argv += _system(job)
        if job.input is not None:
            argv += ["--ro-bind", str(job.input.resolve()), "/in"]
        argv += ["--bind", str(job.folder.resolve()), "/out", *_READ_ONLY, "--chdir", "/out", "--"]
        path = "/in" if job.input is not None else ""
        return argv + launch(job, input_path=path, landlock=False), ()


def _system(job: Job) -> list[str]:
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        if Path("/", name).is_symlink():
            argv += ["--symlink", f"usr/{name}", f"/{name}"]
        elif Path("/", name).is_dir():
            argv += ["--ro-bind", f"/{name}", f"/{name}"]
    for name in (*_ETC, _OFFICE_ETC) if job.office else _ETC:
        argv += ["--ro-bind-try", name, name]
    argv += ["--proc", "/proc", "--dev", "/dev", "--size", str(_TMP_BYTES), "--tmpfs", "/tmp"]  # noqa: S108
    bound = [Path("/usr")]
    for path in (*readable(), *job.readable, *((job.program,) if job.program else ())):
        if not any(path.is_relative_to(folder) for folder in bound):
            argv += ["--ro-bind", str(path), str(path)]
            bound.append(path)
    return argv
