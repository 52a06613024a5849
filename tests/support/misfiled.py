"""Messages in the wrong case, as a supervisor and a worker deal with them."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from exchange.steps import misfiled, refiling
from exchange.store import tables as t
from exchange.store.pieces import Original, pieces_of, read_original
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.world import World

WHY = "The coversheet says another case."


async def reference(world: World) -> str:
    """The case's."""
    async with reading(world.service) as conn:
        return str(await conn.scalar(select(t.cases.c.reference).where(t.cases.c.id == world.case)))


async def moved(world: World, right: World, one: UUID, **other: Any) -> UUID:
    """Decided by the supervisor; the new message."""
    there = {"reference": await reference(right), "author": right.author, "recipient": right.recipient, "reason": WHY}
    return await misfiled.move(world.service, world.supervisor, one, **{**there, **other})


async def work(service: Service) -> list[bool]:
    """What the worker does of every move that is under way."""
    async with reading(service) as conn:
        waiting = list((await conn.execute(select(t.refiling.c.id).where(t.refiling.c.ended_at.is_(None)))).scalars())
    return [await refiling.refile(service, one) for one in waiting]


async def words_of(service: Service, message: UUID) -> bytes:
    """The original, opened with its case's key."""
    async with reading(service) as conn:
        row = (await conn.execute(select(t.message).where(t.message.c.id == message))).one()
        one = (
            await conn.execute(select(t.upload).where(t.upload.c.message_id == message, t.upload.c.state != "gone"))
        ).one()
        key = (await opener_of(service, conn, row.case_id)).open_key(one.key_sealed, "upload.key", one.id)
        known = await pieces_of(conn, one.id)
    original = Original(one.id, row.case_id, message, one.received, key)
    return b"".join([plain async for plain, _ in read_original(service.objects, original, known)])
