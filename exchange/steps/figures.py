"""What a worker's metrics say of the whole service, looked at once a minute: the queue, what waits, the last backup."""

from prometheus_client import Gauge
from sqlalchemy import text

from exchange.store.service import Service
from exchange.store.unit import reading

JOBS = Gauge("exchange_jobs", "Jobs in the queue by status; failed ones were tried five times.", ["status"])
OLDEST_JOB = Gauge("exchange_oldest_job_seconds", "How long the oldest job that could run has waited.")
QUARANTINED = Gauge("exchange_quarantined_messages", "Messages that were put in and are not made safe yet.")
OLDEST_QUARANTINED = Gauge("exchange_oldest_quarantined_seconds", "How long the oldest of them has waited.")
REAP = Gauge("exchange_objects_to_reap", "Objects that are due to be removed from the store.")
BACKUP = Gauge("exchange_backup_timestamp_seconds", "When the last backup was made; 0 before the first.")
LOST = Gauge("exchange_backup_lost_objects", "Objects that the last backup did not find in the store.")

UNREADABLE = Gauge("exchange_unreadable_objects", "Stored objects that were missing or changed when read back.")
OLDEST_READ = Gauge("exchange_oldest_read_back_seconds", "How long ago the object was read back that waits longest.")

STATUSES = ("todo", "doing", "failed")
_JOBS = text("select status::text as status, count(*) as number from procrastinate_jobs group by status")
_OLDEST = text(
    "select coalesce(extract(epoch from now() - min(e.at)), 0) from procrastinate_jobs j"
    " join procrastinate_events e on e.job_id = j.id and e.type = 'deferred'"
    " where j.status = 'todo' and (j.scheduled_at is null or j.scheduled_at <= now())"
)
_WAITING = text(
    "select count(*) as number, coalesce(extract(epoch from now() - min(state_since)), 0) as oldest"
    " from message where state = 'quarantined'"
)
_REAP = text("select count(*) from reap where done or after < now()")
_BACKUP = text(
    "select extract(epoch from at) as at, coalesce((value ->> 'missing')::bigint, 0) as lost"
    " from service_setting where name = 'backup_made'"
)

_SCRUB = text(
    "select count(*) filter (where state <> 'whole') as bad,"
    " coalesce(extract(epoch from now() - min(read_at)), 0) as oldest from scrub"
)


async def look(service: Service) -> None:
    """Set every figure to what the database says now."""
    async with reading(service) as conn:
        jobs = {row.status: row.number for row in await conn.execute(_JOBS)}
        for status in STATUSES:
            JOBS.labels(status).set(jobs.get(status, 0))
        OLDEST_JOB.set(float((await conn.execute(_OLDEST)).scalar_one()))
        waiting = (await conn.execute(_WAITING)).one()
        QUARANTINED.set(waiting.number)
        OLDEST_QUARANTINED.set(float(waiting.oldest))
        REAP.set((await conn.execute(_REAP)).scalar_one())
        backup = (await conn.execute(_BACKUP)).one_or_none()
        BACKUP.set(float(backup.at) if backup else 0)
        LOST.set(backup.lost if backup else 0)
        read = (await conn.execute(_SCRUB)).one()
        UNREADABLE.set(read.bad)
        OLDEST_READ.set(float(read.oldest))
