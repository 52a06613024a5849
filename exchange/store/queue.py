"""Jobs are deferred by name inside the caller's transaction: no commit, no job (DESIGN section 11).

The queue is procrastinate's, in the same PostgreSQL; `workers/` holds the tasks. Nothing here imports them,
so steps, console and portal can defer what only a worker can run. Arguments are ids, never content.
"""

import json
from datetime import datetime

from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

STEPS = "steps"
MEDIA = "media"
LONG = frozenset({"process_message", "process"})
"""Tasks that run media tools for minutes; they have a queue of their own, so that no notice waits for one."""

DEFER = text("""
SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[
  ROW(CAST(:queue AS text), CAST(:task AS text), 0, NULL, NULL,
      CAST(:arguments AS jsonb), CAST(:at AS timestamptz))::procrastinate_job_to_defer_v1
]))
""")


async def defer(
    connection: AsyncConnection | AsyncSession,
    task: str,
    /,
    *,
    not_before: datetime | None = None,
    **ids: str,
) -> int:
    """Queue `task(**ids)` in the running transaction; the job's number.

    `not_before` (aware) delays it. The number is of use to tests and logs only.
    """
    queue = MEDIA if task in LONG else STEPS
    arguments = json.dumps(ids, sort_keys=True)
    values = {"queue": queue, "task": task, "arguments": arguments, "at": not_before}
    found = await connection.execute(DEFER, values)
    return int(found.scalar_one())


def queue_schema() -> str:
    """The SQL that makes procrastinate's tables and functions, for the first migration."""
    return SchemaManager.get_schema()
