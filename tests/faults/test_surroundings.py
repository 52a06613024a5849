"""What is around the service fails: the disk is full, the database's disk is full, the clock is wrong."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from exchange.core.errors import StorageFull
from exchange.core.model import Kind
from exchange.steps import upload
from exchange.store.objects import LocalObjects
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.figures import say
from tests.support.putting_in import begin, make_case, stored_pieces

ROOT = Path(__file__).parents[2]
MIB = 1024**2
CLOCK = re.compile(r"\b(?:datetime\.now|datetime\.utcnow|date\.today|time\.time)\(")
MAY_ASK = {"store/objects/local.py": "the age of drafts, by the clock that dated them",
           "store/objects/s3.py": "the age of unfinished streams, with a day to spare"}  # fmt: skip


def small_disk(folder: Path, size: int) -> list[str]:
    """A command that runs what follows with a tmpfs of this size over `folder`; [] where nothing can be mounted."""
    inside = f'mount -t tmpfs -o size={size},mode=700 tmpfs {shlex.quote(str(folder))} && exec "$@"'
    command = ["unshare", "-m" if os.geteuid() == 0 else "-Umr", "sh", "-c", inside, "sh"]
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if tried.returncode == 0 else []


@pytest.mark.slow
async def test_a_full_disk_is_said_nothing_is_acknowledged_and_reading_goes_on(
    service: Service, tmp_path: Path
) -> None:
    """507 and a sentence; every byte before it is there, not one after it counts, what was there before is read."""
    case = await make_case(service)
    before = await begin(service, case)
    kept = await upload.begin_upload(service, case.staff, before, size=5)
    message = await begin(service, case, Kind.VIDEO)
    made = await upload.begin_upload(service, case.staff, message, size=200 * MIB)
    told = full(service, tmp_path, str(case.staff.id), str(kept), str(made))
    assert (told["error"], told["status"]) == ("StorageFull", 507)
    assert told["sentence"] == "The store is full. What was saved before is safe; this was not kept."
    pieces = await stored_pieces(service, made)
    assert sum(size for _, _, size in pieces) == told["received"] < 20 * MIB
    assert told["read"] == "words"


def full(service: Service, tmp_path: Path, *arguments: str) -> dict[str, object]:
    """What a process on a small disk was told; the disk is a tmpfs, or else a limit for each file."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = small_disk(folder, 20 * MIB)
    settings = service.settings.model_copy(update={"objects": f"local:{folder}"})
    command = [*mounted, sys.executable, "-m", "tests.faults.full_disk", *arguments]
    command += [] if mounted else ["--quota", str(4 * MIB)]
    environment = {"PATH": os.environ["PATH"], **settings.environment()}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    say(f"full disk: {'a tmpfs of 20 MiB' if mounted else 'a limit for each file, for nothing can be mounted here'}")
    found: dict[str, object] = json.loads(done.stdout)
    return found


async def test_a_full_disk_of_the_database_is_said_to_be_full(service: Service) -> None:
    """PostgreSQL's own error for it (53100) was told as a database that cannot be reached."""
    full_up = text("do $$ begin raise exception using errcode = '53100', message = 'could not extend file'; end $$")
    with pytest.raises(StorageFull):
        async with reading(service) as conn:
            await conn.execute(full_up)


def test_no_rule_asks_the_clock_of_this_machine() -> None:
    """A clock that is a day wrong extends no life and ends none: the database's clock rules, wherever a step runs."""
    asked = {
        str(path.relative_to(ROOT / "exchange"))
        for layer in ("core", "store", "steps")
        for path in (ROOT / "exchange" / layer).rglob("*.py")
        if CLOCK.search(path.read_text(encoding="utf-8"))
    }
    assert asked == set(MAY_ASK)


async def test_a_store_with_a_wrong_clock_removes_no_draft_of_a_living_writer(tmp_path: Path) -> None:
    """Draft and age are of one clock: what was begun a moment ago stays, whatever day it is held to be."""
    store = LocalObjects(tmp_path / "objects")
    await store.put("a", b"x")
    draft = tmp_path / "objects" / "tmp" / ("0" * 32)
    draft.write_bytes(b"half")
    assert await store.tidy() == 0
    assert draft.exists()
