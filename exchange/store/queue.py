"""Jobs are deferred by name inside the caller's transaction: no commit, no job (DESIGN section 11).

The queue is procrastinate's, in the same PostgreSQL; `workers/` holds the tasks. Nothing here imports them,
so steps, console and portal can defer what only a worker can run. Arguments are ids, never content.
"""

import json
from datetime import datetime
from uuid import UUID

from procrastinate.schema import SchemaManager
from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from exchange.store.failpoints import failpoint

STEPS = "steps"
MEDIA = "media"
LONG = frozenset(
    {
        "process_message", "make_reason_safe", "redact_message", "hear_message", "make_own_copy", "refile_message",
        "read_pile", "scrub",
    }
)  # fmt: skip
"""What may run for minutes, media tools above all, has a queue of its own, so that no notice waits for it."""

DEFER = text("""
SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[
  ROW(CAST(:queue AS text), CAST(:task AS text), 0, NULL, NULL,
      CAST(:arguments AS jsonb), CAST(:at AS timestamptz))::procrastinate_job_to_defer_v1
]))
""")

NO_JOB = text("""
NOT EXISTS (
  SELECT FROM procrastinate_jobs job
  WHERE job.task_name = :task AND job.status IN ('todo', 'doing') AND job.args->>:argument = waiting.id::text
)
""")

ASKED_BY_THE_PORTAL = {
    "process_message": text("SELECT public.queue_process_message(CAST(:message AS uuid))"),
    "grant_on_acceptance": text(
        "SELECT public.queue_grant_on_acceptance(CAST(:message AS uuid), CAST(:session AS uuid))"
    ),
}
"""Tasks that the portal may queue: each by a definer function of its own (`roles.sql`), whoever asks."""


async def defer(connection: AsyncConnection | AsyncSession, task: str, /, **ids: str) -> int:
    """Queue `task(**ids)` in the running transaction; the job's number, of use to tests and logs only."""
    return await defer_until(connection, task, None, **ids)


async def defer_until(connection: AsyncConnection | AsyncSession, task: str, at: datetime | None, /, **ids: str) -> int:
    """The same, to be run at `at` (aware) or later; None means at once."""
    if task in ASKED_BY_THE_PORTAL and at is None:
        found = await connection.execute(ASKED_BY_THE_PORTAL[task], ids)
    else:
        queue = MEDIA if task in LONG else STEPS
        values = {"queue": queue, "task": task, "arguments": json.dumps(ids, sort_keys=True), "at": at}
        found = await connection.execute(DEFER, values)
    failpoint("job.deferred")
    return int(found.scalar_one())


async def without_job(
    connection: AsyncConnection, waiting: Select[tuple[UUID]], task: str, argument: str
) -> list[UUID]:
    """Of these ids (one column, `id`) those for which no `task(argument=id)` is queued or running."""
    found = waiting.subquery("waiting")
    rows = await connection.execute(select(found.c.id).where(NO_JOB), {"task": task, "argument": argument})
    return list(rows.scalars())


async def defer_again(connection: AsyncConnection, waiting: Select[tuple[UUID]], task: str, argument: str) -> int:
    """Queue the task for each of these that waits without a job, because its last try failed; how many."""
    found = await without_job(connection, waiting, task, argument)
    for one in found:
        await defer(connection, task, **{argument: str(one)})
    return len(found)


def queue_schema() -> str:
    """The SQL that makes procrastinate's tables and functions, for the first migration."""
    return SchemaManager.get_schema()
