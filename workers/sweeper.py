"""Takes up the jobs of workers that died: procrastinate alone leaves them in `doing` for ever.

A worker writes its heartbeat every few seconds. A job whose worker has not done so for `seconds`, or has been
struck off, goes back to the queue; one that took its workers with it too often is set aside as failed.
Several sweepers may run at once: each locks the rows it looks at, so a job is taken up once.
"""

import asyncio
import contextlib
from pathlib import Path

import structlog
from procrastinate import App, PsycopgConnector
from psycopg import Error

MOST_ATTEMPTS = 5
log = structlog.get_logger()

TAKE_UP = """
WITH lost AS (
  SELECT job.id, job.attempts FROM procrastinate_jobs AS job
  LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
  WHERE job.status = 'doing'
    AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %(seconds)s))
  FOR UPDATE OF job SKIP LOCKED
)
SELECT id,
  CASE WHEN attempts + 1 >= %(most)s
    THEN procrastinate_finish_job_v1(id, 'failed', false)
    ELSE procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)
  END
FROM lost
"""


async def take_up(app: App, seconds: float) -> int:
    """Put back, or after five attempts set aside, each job whose worker is silent for `seconds`; how many."""
    assert isinstance(app.connector, PsycopgConnector)
    async with app.connector.pool.connection() as connection:
        cursor = await connection.execute(TAKE_UP, {"seconds": seconds, "most": MOST_ATTEMPTS})
        return len(await cursor.fetchall())


async def sweep_forever(app: App, seconds: float, alive: Path | None = None) -> None:
    """Look every half of `seconds` until cancelled; a database that is away for a while does not end it.

    `alive` is touched after each look that reached the database.
    """
    while True:
        with contextlib.suppress(Error, OSError, TimeoutError):
            taken = await take_up(app, seconds)
            if taken:
                log.warning("jobs_taken_up", number=taken)
            if alive:
                await asyncio.to_thread(alive.touch)
        await asyncio.sleep(seconds / 2)
