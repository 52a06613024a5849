"""The queue with real worker processes: nothing runs that was not committed, nothing is lost to a kill."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from exchange.settings import Settings
from exchange.store.queue import MEDIA, STEPS, defer
from exchange.store.service import Service
from tests.support.roles import as_owner
from tests.support.worker import TABLE

ROOT = Path(__file__).parents[2]
PATIENCE = 30
MESSAGE = "6b0d2c9e-0f0b-4a51-9e39-6a1d2f4b7c10"


@pytest.fixture
async def notes(service: Service) -> Service:
    """A service whose database has the table that the test tasks write to."""
    async with as_owner(service).engine.begin() as connection:
        await connection.execute(text(TABLE))
    return service


@contextmanager
def _worker(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    hurried = settings.model_copy(update={"worker_heartbeat_seconds": 0.3, "worker_stalled_seconds": 1.5})
    environment = {"PATH": os.environ["PATH"], **hurried.environment()}
    command = [sys.executable, "-m", "tests.support.worker"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


async def _rows(service: Service, query: str) -> list[tuple[object, ...]]:
    async with service.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def _until(service: Service, query: str, wanted: list[tuple[object, ...]]) -> None:
    until = time.monotonic() + PATIENCE
    found: list[tuple[object, ...]] = []
    while time.monotonic() < until:
        found = await _rows(service, query)
        if found == wanted:
            return
        await asyncio.sleep(0.05)
    assert found == wanted


async def test_a_rolled_back_transaction_leaves_no_job(service: Service) -> None:
    """Job and state change share one fate."""
    async with service.engine.connect() as connection:
        await defer(connection, "test_short", number="1")
        await connection.rollback()
    assert await _rows(service, "SELECT * FROM procrastinate_jobs") == []


async def test_a_committed_job_carries_its_ids_and_queue(service: Service) -> None:
    """Ids arrive as they were given; long work has its own queue."""
    async with service.engine.begin() as connection:
        await defer(connection, "test_short", number="1'); --")
        await defer(connection, "process_message", message=MESSAGE)
    found = await _rows(service, "SELECT queue_name, task_name, args, attempts FROM procrastinate_jobs ORDER BY id")
    assert found == [
        (STEPS, "test_short", {"number": "1'); --"}, 0),
        (MEDIA, "process_message", {"message": MESSAGE}, 0),
    ]


async def test_two_workers_share_the_load(notes: Service) -> None:
    """Forty jobs, each done once, and by both processes: none goes on before two have begun one."""
    with _worker(notes.settings), _worker(notes.settings):
        async with notes.engine.begin() as connection:
            for number in range(40):
                await defer(connection, "test_meeting", number=str(number))
        await _until(notes, "SELECT count(*), count(DISTINCT what) FROM notes", [(40, 40)])
        await _until(notes, "SELECT count(*) FROM procrastinate_jobs", [(0,)])
    assert await _rows(notes, "SELECT count(DISTINCT pid) FROM notes") == [(2,)]


async def test_the_jobs_of_a_killed_worker_are_taken_up(notes: Service) -> None:
    """kill -9 in the middle of a job: another worker, already running, ends it."""
    async with notes.engine.begin() as connection:
        await defer(connection, "test_hangs_once", number="7")
    with ExitStack() as stack:
        first = stack.enter_context(_worker(notes.settings))
        await _until(notes, "SELECT what FROM notes", [("begun 7",)])
        stack.enter_context(_worker(notes.settings))
        first.kill()
        await _until(notes, "SELECT what FROM notes ORDER BY at", [("begun 7",), ("begun 7",), ("ended 7",)])
    assert await _rows(notes, "SELECT count(DISTINCT pid) FROM notes") == [(2,)]


async def test_a_job_under_way_is_let_finish_when_its_worker_is_told_to_end(notes: Service) -> None:
    """It takes longer than a worker may be silent; no other worker takes it up meanwhile, and none is left over."""
    async with notes.engine.begin() as connection:
        await defer(connection, "test_patient")
    with _worker(notes.settings) as first:
        await _until(notes, "SELECT what FROM notes", [("begun",)])
        first.terminate()
        with _worker(notes.settings):
            await _until(notes, "SELECT what FROM notes ORDER BY at", [("begun",), ("ended",)])
            await _until(notes, "SELECT count(*) FROM procrastinate_jobs", [(0,)])
        assert await asyncio.to_thread(first.wait, PATIENCE) == 0
    assert await _rows(notes, "SELECT count(DISTINCT pid) FROM notes") == [(1,)]


async def test_a_job_that_kills_its_workers_is_set_aside(notes: Service) -> None:
    """After five dead workers the job is failed, not run for ever."""
    async with notes.engine.begin() as connection:
        await defer(connection, "test_deadly")
    for number in range(1, 6):
        with _worker(notes.settings) as worker:
            await _until(notes, "SELECT count(*) FROM notes", [(number,)])
            worker.wait(timeout=10)
    with _worker(notes.settings):
        await _until(notes, "SELECT status::text, attempts FROM procrastinate_jobs", [("failed", 5)])
    assert await _rows(notes, "SELECT count(*) FROM notes") == [(5,)]
