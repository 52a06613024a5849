"""Confinement without namespaces: Landlock for files and signals, a seccomp allow list for the rest.

As root the child becomes nobody (65534) with no capability; only where the interpreter lies in a folder that
nobody cannot enter does it keep CAP_DAC_READ_SEARCH, and Landlock then still limits what can be read.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from media.sandbox.job import NOBODY, Job, launch, readable

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts")
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/zero")


class Landlock:
    """landlockpy and pyseccomp, applied by the launcher to itself before anything hostile is read."""

    name = "landlock"
    has_own_view = False

    def command(self, job: Job) -> tuple[list[str], Sequence[int]]:
        """See Provider. As root, gives the (empty, own) folder to nobody.

        Raises PermissionError for LibreOffice: it needs a socket file, and Landlock cannot say which ones it may use.
        """
        if job.office:
            raise PermissionError("landlock does not hold an office program")
        fds = [os.open(job.input, os.O_RDONLY | os.O_CLOEXEC)] if job.input is not None else []
        root = os.geteuid() == 0
        if root:
            os.chown(job.folder, NOBODY, NOBODY)
        paths = [*readable(), *job.readable, *((job.program,) if job.program else ())]
        order = {
            "input_fd": fds[0] if fds else -1,
            "landlock": True,
            "read": [p for p in _SYSTEM if Path(p).exists()] + [str(p) for p in paths],
            "devices": [p for p in _DEVICES if Path(p).exists()],
            "nobody": NOBODY if root else 0,
            "search": root and not all(_reachable(p) for p in paths),
        }
        return launch(job, **order), fds


def _reachable(path: Path) -> bool:
    """Whether anybody may walk down to this path."""
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)
