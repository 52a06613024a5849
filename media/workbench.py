"""One piece of work: which sandbox, which ffmpeg, which scratch, how much time is left.

Every child gets a new empty folder and it is gone when the child is. What a child made is looked at without
following links, taken out of its folder under a name we choose, and made ours.
"""

import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media import sandbox
from media.limits import Code, Limits, Rejected
from media.sandbox import Job, Outcome, Provider

Report = Callable[[float], None]


@dataclass(frozen=True)
class Workbench:
    """`ends` is the time.monotonic() after which nothing more is started; `product` is where results go."""

    provider: Provider
    ffmpeg: Path
    scratch: Path
    product: Path
    limits: Limits
    ends: float

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty folder for one child, removed whatever happens."""
        path = Path(tempfile.mkdtemp(prefix="child-", dir=self.scratch))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def run(self, job: Job, watch: Callable[[bytes], bool]) -> Outcome:
        """Run a child within the time that is left. Raises Rejected(took_too_long)."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise Rejected(Code.TOOK_TOO_LONG, detail="deadline")
        return sandbox.run(self.provider, _within(job, left), watch)

    def ask(
        self, module: str, source: Path, folder: Path, report: Report, *,
        seconds: float | None = None, readable: tuple[Path, ...] = (), **order: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Run a module of `media/inside/` on one file; its last line is its answer (small JSON).

        `seconds` it may take, twice `work_seconds` if not said; `readable`: folders it may read besides.
        Raises Rejected with the code it gave, or damaged when it died or said nothing sensible.
        """

        def watch(line: bytes) -> bool:
            done = _json(line).get("done")
            if isinstance(done, int | float):
                report(min(1.0, max(0.0, float(done))))
            return True

        job = Job(
            folder=folder, module=module, arguments=(json.dumps(order),), input=source,
            seconds=seconds or self.limits.document_seconds, readable=readable, stall_seconds=self.limits.stall_seconds,
            memory_bytes=self.limits.memory_bytes, file_bytes=1 << 30,
        )  # fmt: skip
        outcome = self.run(job, watch)
        answer = _json(outcome.out.strip().rsplit(b"\n", 1)[-1])
        if refused := answer.get("refused"):
            raise Rejected(refused if refused in set(Code) else Code.DAMAGED, detail=f"{module} refused")
        if outcome.code != 0 or not answer:
            raise Rejected(Code.DAMAGED, detail=f"{module} ended with {outcome.code}")
        return answer

    def lend(self, path: Path, folder: Path, name: str) -> None:
        """Put a copy of something that we made into a child's folder, for it to read; what it does to it is lost."""
        shutil.copyfile(path, folder / name)
        (folder / name).chmod(0o644)

    def take(self, folder: Path, name: str, kept_as: str, max_bytes: int) -> Path:
        """Move one result out of a child's folder. Raises Rejected(unsafe) if it is not a plain file."""
        path, kept = folder / name, self.product / kept_as
        try:
            facts = path.lstat()
        except FileNotFoundError:
            raise Rejected(Code.DAMAGED, detail=f"no {kept_as} was made") from None
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1 or not 0 < facts.st_size <= max_bytes:
            raise Rejected(Code.UNSAFE, detail=f"{kept_as} is not a plain file of a sensible size")
        path.rename(kept)
        os.chown(kept, os.geteuid(), os.getegid(), follow_symlinks=False)
        kept.chmod(0o600)
        return kept


def share(report: Report, start: float, size: float, done: float) -> None:
    """Report for a part of the work that begins at `start` and makes up `size` of it."""
    report(start + size * done)


def _within(job: Job, left: float) -> Job:
    if left >= job.seconds:
        return job
    values = {name: getattr(job, name) for name in Job.__dataclass_fields__}
    return Job(**{**values, "seconds": left})


def _json(untrusted_line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(untrusted_line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
