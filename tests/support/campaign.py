"""One hostile file through the real `media.make`, in a worker of its own that is watched from outside.

The worker is forked for the file and becomes the reaper of all that comes from it: RUSAGE_CHILDREN then holds the
largest resident set of every child, killed ones and those in another process namespace too. What it says comes
through a pipe; a worker that says nothing has died.
"""

import ctypes
import json
import os
import resource
import secrets
import select
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import media
from media.sandbox import Provider
from tests.support.traps import Watch
from tests.vectors.media.hostile.case import Case

LONGEST, PEAK = 120.0, 4 << 30
_SUBREAPER = 36


@dataclass(frozen=True)
class Ran:
    """What became of one file in one sandbox. Seconds; bytes; `wrong` lists every promise that was broken."""

    case: Case
    provider: str
    said: str
    seconds: float
    peak: int
    worker: int
    wrong: tuple[str, ...]


def run(case: Case, provider: Provider, watch: Watch) -> Ran:
    """Make a product of the file, or see it refused; look for what must not be."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        folder = Path(name)
        _neighbours(folder, watch)
        began = time.monotonic()
        told, ended = _worked(case, provider, watch, folder)
        seconds = time.monotonic() - began if not told else told["seconds"]
    wrong = [*told.get("wrong", ())]
    wrong += [f"the worker died: {ended}"] if ended or not told else []
    wrong += ["it took too long"] if seconds > LONGEST else []
    wrong += ["it took too much memory"] if max(told.get("peak", 0), told.get("worker", 0)) > PEAK else []
    wrong += ["something left over the network"] if watch.heard() else []
    said, peak, worker = told.get("said", "died"), told.get("peak", 0), told.get("worker", 0)
    return Ran(case, provider.name, said, seconds, peak, worker, tuple(wrong))


def _neighbours(folder: Path, watch: Watch) -> None:
    """Another case's files beside the input and in the scratch, under the names that relative references use."""
    (folder / "scratch").mkdir(0o700)
    for path in watch.traps.folder.iterdir():
        shutil.copyfile(path, folder / path.name)
        shutil.copyfile(path, folder / "scratch" / path.name)


def _worked(case: Case, provider: Provider, watch: Watch, folder: Path) -> tuple[dict, int]:  # type: ignore[type-arg]
    """What the worker said, and its exit status (0: as it should)."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _worker(case, provider, watch, folder, theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        heard, ends = b"", time.monotonic() + LONGEST + 60
        while select.select([pipe], [], [], max(0.0, ends - time.monotonic()))[0]:
            if not (data := os.read(pipe.fileno(), 1 << 16)):
                break
            heard += data
        else:
            os.kill(pid, signal.SIGKILL)
    ended = os.waitpid(pid, 0)[1]
    return (json.loads(heard) if heard else {}), ended


def _worker(case: Case, provider: Provider, watch: Watch, folder: Path, pipe: int) -> None:
    """The forked worker; never returns."""
    try:
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        os.environ["EXCHANGE_ROOT_KEY"] = watch.words
        told = _made(case, provider, watch, folder)
        os.write(pipe, json.dumps(told).encode())
        os._exit(0)
    except BaseException:  # noqa: BLE001 - whatever it is, it ends here and is seen outside
        traceback.print_exc()
    finally:
        os._exit(1)


def _made(case: Case, provider: Provider, watch: Watch, folder: Path) -> dict[str, object]:
    path, scratch = folder / f"source-{secrets.token_hex(4)}", folder / "scratch"
    path.write_bytes(case.data)
    before, open_before = {p.name for p in scratch.iterdir()}, _open()
    began, wrong = time.monotonic(), []
    product = None
    try:
        product = media.make(case.kind, [media.Source(path, case.name)], scratch, providers=(provider,))
        said = "made"
    except media.Rejected as refused:
        said = str(refused.code)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        said = f"raised {type(error).__name__}"
        wrong.append(f"neither a product nor a refusal: {type(error).__name__}: {error}")
    seconds = time.monotonic() - began
    wrong += ["a process was left behind"] * _reaped()
    peak, own = (resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
    wrong += ["descriptors were left open"] if _open() != open_before else []
    left = {p.name for p in scratch.iterdir()} - before - ({product.parts[0].path.parent.name} if product else set())
    wrong += ["files were left behind"] if left or (product is None and path.read_bytes() != case.data) else []
    wrong += [f"a canary is in the product: {leak}" for leak in (watch.leaks(product) if product else ())]
    return {"said": said, "seconds": seconds, "peak": peak, "worker": own, "wrong": wrong}


def _open() -> int:
    """How many descriptors this process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _reaped() -> int:
    """Collect every child that has ended; how many still run a second later."""
    ends = time.monotonic() + 1
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                if time.monotonic() > ends:
                    return 1
                time.sleep(0.01)
        except ChildProcessError:
            return 0


def broken(runs: Sequence[Ran]) -> list[str]:
    """Every broken promise with the file that broke it."""
    return [f"{ran.provider} {ran.case!r}: {what}" for ran in runs for what in ran.wrong]
