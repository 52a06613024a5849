"""kill -9 in processing: it runs again with the same result, and nothing of the dead worker stays behind."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest
from sqlalchemy import select

from exchange.core.model import Kind, State
from exchange.settings import Settings
from exchange.store import tables as t
from exchange.store.scratch import private_scratch, remove_stale
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.putting_in import make_case, put_in

ROOT = Path(__file__).parents[2]
WORKER = """
import asyncio
from exchange.settings import Settings
from workers.app import run_worker
asyncio.run(run_worker(Settings.load()))
"""
HOLDER = """
import sys, time
from pathlib import Path
from exchange.store.scratch import private_scratch
with private_scratch(Path(sys.argv[1])) as folder:
    (folder / "plain").write_text("words")
    print("held", flush=True)
    time.sleep(60)
"""


async def started(code: str, settings: Settings, *arguments: str, heard: bool = False) -> Process:
    """A Python process of ours."""
    environment = {"PATH": os.environ["PATH"], **settings.environment()}
    command = (sys.executable, "-c", code, *arguments)
    out = asyncio.subprocess.PIPE if heard else None
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=out)


async def test_the_scratch_of_a_killed_worker_is_removed_and_a_living_ones_is_not(settings: Settings) -> None:
    """A lock tells them apart, whatever process asks."""
    process = await started(HOLDER, settings, str(settings.scratch), heard=True)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    with private_scratch(settings.scratch):
        assert remove_stale(settings.scratch) == 0
        process.kill()
        await process.wait()
        assert remove_stale(settings.scratch) == 1
        assert len(list(settings.scratch.iterdir())) == 1
    assert list(settings.scratch.iterdir()) == []
    assert settings.scratch.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
async def test_a_worker_killed_in_the_middle_is_replaced(service: Service) -> None:
    """The job is taken up, the message comes to review once, and the scratch is empty."""
    case = await make_case(service)
    hurried = service.settings.model_copy(update={"worker_heartbeat_seconds": 0.3, "worker_stalled_seconds": 1.5})
    first = await started(WORKER, hurried)
    second = None
    try:
        message = await put_in(service, case, Kind.LETTER, *[(f"{n}.txt", b"Words. " * 9) for n in range(12)])
        await until(service, message, lambda row: row.progress > 0)
        first.kill()
        await first.wait()
        second = await started(WORKER, hurried)
        await until(service, message, lambda row: row.state == State.IN_REVIEW)
    finally:
        for process in (first, second):
            if process is not None and process.returncode is None:
                process.terminate()
                await process.wait()
    async with reading(service) as conn:
        revisions = (await conn.execute(select(t.revision.c.id).where(t.revision.c.message_id == message))).all()
    assert len(revisions) == 1
    remove_stale(service.settings.scratch)
    assert list(service.settings.scratch.iterdir()) == []


async def until(service: Service, message: object, holds: object) -> None:
    """Wait up to four minutes for the message's row to be as wanted: the machine may be busy."""
    assert callable(holds)
    for _ in range(4800):
        async with reading(service) as conn:
            row = (await conn.execute(select(t.message).where(t.message.c.id == message))).one()
        if holds(row):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"still {row.state} {row.progress} {row.rejected_code}")
