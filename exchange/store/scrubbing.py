"""Which stored objects were not read back for the longest, and what reading found (`steps/scrub.py`).

Copies for people and sounds that are listened to early are left out: both are gone within days, and are made again. So
are scanned piles: gone within weeks, proved page by page when they are put in, and until then there is the paper.
"""

from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.store import tables as t

WHOLE, MISSING, CHANGED = "whole", "missing", "changed"
RUNS_A_DAY = 144

_NEEDED = """
select p.object_key, 'upload' as kind, u.id as owner, u.key_sealed, u.message_id, u.received, p.number, p.start,
  p.size::bigint as size, u.id as sealed_in, '' as name
from piece p join upload u on u.id = p.upload_id where p.durable and u.key_sealed is not null
union all
(select distinct on (a.object_key) a.object_key, 'revision', r.id, r.key_sealed, r.message_id, 0, 0, 0,
  a.size, a.sealed_in, a.name
from part a join revision r on r.id = a.revision_id where r.key_sealed is not null order by a.object_key, r.number)
union all
select s.object_key, 'spoken', s.id, s.key_sealed, s.message_id, 0, 0, 0, s.size, s.id, s.name
from spoken s where s.key_sealed is not null
"""
_DUE = text(
    f"""
with needed as ({_NEEDED}), share as (select ceil(count(*) / cast(:runs as numeric)) + 1 as most from needed)
select needed.*, m.case_id, coalesce(s.state, '') as found
from needed join message m on m.id = needed.message_id left join scrub s on s.object_key = needed.object_key
where s.read_at is null
or s.read_at < now() - case when s.state = 'whole' then make_interval(days => :days) else interval '1 day' end
order by s.read_at nulls first, needed.object_key limit (select most from share)
"""  # noqa: S608  # only our own constants are put together
)
_STILL = text(f"select exists (select from ({_NEEDED}) as needed where object_key = :key)")  # noqa: S608  # as above
_FORGET = text(f"delete from scrub where object_key not in (select object_key from ({_NEEDED}) as needed)")  # noqa: S608  # as above


async def due(conn: AsyncConnection, days: int) -> list[Row[Any]]:
    """One run's share, the longest unread first; what was not whole comes again after a day."""
    return list((await conn.execute(_DUE, {"days": days, "runs": days * RUNS_A_DAY})).all())


async def still_needed(conn: AsyncConnection, object_key: str) -> bool:
    """Whether a row that can be opened needs it now: what was erased meanwhile is not lost."""
    return bool((await conn.execute(_STILL, {"key": object_key})).scalar_one())


async def keep(conn: AsyncConnection, object_key: str, state: str) -> None:
    """What was found at this moment; since when it is not whole stays as it was."""
    bad = state != WHOLE
    fresh = {"state": state, "found_at": func.now() if bad else None, "read_at": func.now()}
    row = insert(t.scrub).values(object_key=object_key, **fresh)
    since = func.coalesce(t.scrub.c.found_at, func.now()) if bad else None
    await conn.execute(row.on_conflict_do_update(index_elements=["object_key"], set_={**fresh, "found_at": since}))


async def forget(conn: AsyncConnection) -> None:
    """What no row needs any more."""
    await conn.execute(_FORGET)


async def known(conn: AsyncConnection, object_key: str) -> str:
    """What was found last, "" before the first time."""
    found = (await conn.execute(select(t.scrub.c.state).where(t.scrub.c.object_key == object_key))).scalar_one_or_none()
    return str(found or "")
