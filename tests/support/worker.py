"""Tasks for the queue's tests, and a process that works on them: `python -m tests.support.worker`.

Each task writes a line to the `notes` table, so a test sees who did what. Settings come from the environment.
"""

import asyncio
import os
import time

from sqlalchemy import text

from exchange.settings import Settings
from exchange.store.service import Service
from workers.app import app, run_worker, task

TABLE = "CREATE TABLE notes (at timestamptz DEFAULT clock_timestamp(), pid int, what text)"


async def note(service: Service, what: str) -> None:
    """One line of the `notes` table, committed at once."""
    async with service.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO notes (pid, what) VALUES (:pid, :what)"), {"pid": os.getpid(), "what": what}
        )


@task("test_short")
async def short(service: Service, number: str) -> None:
    """Take a moment, then say so."""
    await asyncio.sleep(0.2)
    await note(service, f"short {number}")


@task("test_meeting")
async def meeting(service: Service, number: str) -> None:
    """Say so, then stay until another process has said so too; a worker alone comes no further."""
    await note(service, f"meeting {number}")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        async with service.engine.connect() as connection:
            found = await connection.execute(text("SELECT count(DISTINCT pid) FROM notes"))
            if found.scalar_one() > 1:
                return
        await asyncio.sleep(0.05)


@task("test_hangs_once")
async def hangs_once(service: Service, number: str) -> None:
    """The first attempt never ends; a later one does."""
    async with service.engine.connect() as connection:
        before = await connection.execute(text("SELECT count(*) FROM notes WHERE what = :w"), {"w": f"begun {number}"})
        first = before.scalar_one() == 0
    await note(service, f"begun {number}")
    if first:
        await asyncio.sleep(600)
    await note(service, f"ended {number}")


@task("test_patient")
async def patient(service: Service) -> None:
    """Takes longer than a silent worker is waited for, and says when it begins and ends."""
    await note(service, "begun")
    await asyncio.sleep(5)
    await note(service, "ended")


@task("test_deadly")
async def deadly(service: Service) -> None:
    """Ends the whole process at every attempt, as an out-of-memory kill would."""
    await note(service, "deadly")
    os.kill(os.getpid(), 9)
    time.sleep(10)  # noqa: ASYNC251  # the kill comes first


if __name__ == "__main__":
    app.import_paths = []
    asyncio.run(run_worker(Settings.load(), ready=lambda: print("ready", flush=True)))
