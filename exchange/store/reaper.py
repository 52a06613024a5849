"""Removes what nobody owns: uploads given up, pieces that never counted, parts of products that never came.

An object is deleted only when a line in `reap` names it, its hour has passed and no durable piece and no part
uses it; rows whose key was destroyed use nothing any more. The line is marked in the statement that checks
this, and both ways of coming to own an object need an unmarked line, so an object that is owned is never
deleted and a deleted one never owned (SECURITY I5).
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.model import WORKER
from exchange.store import tables as t
from exchange.store.failpoints import failpoint
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

AT_ONCE = 500
PATIENCE = "interval '1 hour'"
PREFIXES = ("upload/", "revision/", "copy/", "pile/")
UNREADABLE = ("key_sealed", "key_wrapped", "name_sealed", "about_wrapped")
"""What an upload is read with: all of it goes when it is given up."""

_DUE = f"""
  select object_key from reap
  where done or coalesce(after, at + {PATIENCE}) < now() order by at limit {AT_ONCE}
"""  # noqa: S608  # only our own constants are put together
# the same order as in `pieces.count`: first the piece, then its line
_FORGET = text(f"delete from piece where not durable and object_key in ({_DUE})")  # noqa: S608  # only our own constants are put together
_MARK = text(
    f"""
update reap set done = true where object_key in ({_DUE})
and not exists (
  select from piece join upload on upload.id = upload_id
  where piece.object_key = reap.object_key and durable and key_sealed is not null)
and not exists (
  select from part join revision on revision.id = revision_id
  where part.object_key = reap.object_key and key_sealed is not null)
and not exists (select from spoken where spoken.object_key = reap.object_key and key_sealed is not null)
and not exists (select from early where early.object_key = reap.object_key)
and not exists (select from own_copy where own_copy.object_key = reap.object_key and key_sealed is not null)
and not exists (select from pile where pile.object_key = reap.object_key and key_sealed is not null)
and not exists (
  select from pile_page join pile_part on pile_part.id = part_id
  where pile_page.object_key = reap.object_key and key_sealed is not null)
returning object_key
"""  # noqa: S608  # only our own constants are put together
)
_UNKNOWN = text(
    """
insert into reap (object_key, after)
select given, now() + interval '1 hour' from unnest(cast(:names as text[])) as given
where not exists (select from piece where piece.object_key = given)
and not exists (select from part where part.object_key = given)
and not exists (select from spoken where spoken.object_key = given)
and not exists (select from early where early.object_key = given)
and not exists (select from own_copy where own_copy.object_key = given)
and not exists (select from pile where pile.object_key = given)
and not exists (select from pile_page where pile_page.object_key = given)
on conflict (object_key) do nothing
"""
)


@dataclass(frozen=True)
class Reaped:
    """What one round removed."""

    uploads: int
    objects: int


async def reap(service: Service) -> Reaped:
    """One round: uploads that nobody went on with, then objects that are due. Safe at any time, and twice."""
    expired = await _expired_uploads(service)
    for upload_id in expired:
        await _give_up(service, upload_id)
    objects = 0
    while keys := await _due(service):
        failpoint("reap.marked")
        for key in keys:
            await service.objects.delete(key)
        async with reading(service) as conn:
            await conn.execute(delete(t.reap).where(t.reap.c.object_key.in_(keys), t.reap.c.done))
        failpoint("reap.forgotten")
        objects += len(keys)
    return Reaped(len(expired), objects)


async def find_orphans(service: Service) -> int:
    """Compare the store with the tables: objects that no row knows are put down to be reaped; how many.

    What was begun and never ended is no object yet and goes at once; last, for some S3 credentials may not do that.
    """
    found = 0
    for prefix in PREFIXES:
        names: list[str] = []
        async for name, _ in service.objects.list(prefix):
            names.append(name)
            if len(names) == AT_ONCE:
                found += await _put_down(service, names)
                names = []
        found += await _put_down(service, names)
    await service.objects.tidy()
    return found


async def to_reap(unit: Unit, object_key: str) -> None:
    """Nobody needs this object any more."""
    due = insert(t.reap).values(object_key=object_key, after=unit.now)
    await unit.change(due.on_conflict_do_update(index_elements=["object_key"], set_={"after": unit.now}))


async def discard(unit: Unit, upload_id: UUID) -> None:
    """An upload is gone: its key destroyed, its objects to be reaped. The caller writes the leaf.

    A piece that is not durable may be on its way into the store this moment, so it is looked for later.
    """
    await unit.conn.execute(
        text(
            "insert into reap (object_key, after) select object_key,"
            " now() + case when durable then interval '0' else interval '1 hour' end"
            " from piece where upload_id = :upload"
            " on conflict (object_key) do update set after = excluded.after"
        ),
        {"upload": upload_id},
    )
    await unit.change(delete(t.piece).where(t.piece.c.upload_id == upload_id))
    gone = update(t.upload).where(t.upload.c.id == upload_id)
    await unit.change(gone.values(state="gone", **dict.fromkeys(UNREADABLE)))


async def _expired_uploads(service: Service) -> list[UUID]:
    u = t.upload
    query = select(u.c.id).where(u.c.state == "open", u.c.expires_at < func.now()).limit(AT_ONCE)
    async with reading(service) as conn:
        return list((await conn.execute(query)).scalars())


async def _give_up(service: Service, upload_id: UUID) -> None:
    u = t.upload
    async with unit_of_work(service, WORKER) as unit:
        still = select(u.c.message_id).where(u.c.id == upload_id, u.c.state == "open", u.c.expires_at < func.now())
        row = await unit.maybe(still.with_for_update())
        if row is not None:
            await discard(unit, upload_id)
            unit.leaf("upload.expired", message=row.message_id, upload=upload_id)


async def _due(service: Service) -> list[str]:
    async with reading(service) as conn:
        return await _mark(conn)


async def _mark(conn: AsyncConnection) -> list[str]:
    await conn.execute(_FORGET)
    return list((await conn.execute(_MARK)).scalars())


async def _put_down(service: Service, names: list[str]) -> int:
    if not names:
        return 0
    async with reading(service) as conn:
        return int((await conn.execute(_UNKNOWN, {"names": names})).rowcount)
