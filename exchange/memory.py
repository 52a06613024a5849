"""What a process does with memory and files: freed megabytes are kept, imports are not searched for garbage.

Without the first each 1 MiB buffer is mapped and faulted in anew, which costs more than the cipher. glibc only;
on another C library nothing changes. The price is at most `KEEP` bytes of idle memory per process.
"""

import ctypes
import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager

KEEP = 32 * 1024 * 1024
MOST_FILES = 65_536
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> bool:
    """Set both thresholds (mallopt(3)); one alone does not help. Whether it could be done."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(mallopt(option, KEEP) for option in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD))


def open_many_files() -> int:
    """Let this process hold as many sockets and files as it may, at most `MOST_FILES`; how many these are.

    Most systems begin with 1,024, which five hundred people watching use up: then nobody else gets in.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


@contextmanager
def quick_imports() -> Iterator[None]:
    """No garbage collection while modules are imported (a quarter of the time), nor of them later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
