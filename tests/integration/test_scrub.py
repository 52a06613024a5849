"""Stored objects are read back within a month: what is lost is told once, and made again where it can be."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from exchange import doctor
from exchange.core.errors import StorageUnavailable
from exchange.core.model import State
from exchange.steps import figures, scrub
from exchange.store import reaper
from exchange.store import tables as t
from exchange.store.scrubbing import RUNS_A_DAY
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.integration.test_erasure import all_leaves, readable
from tests.integration.test_restore import objects_of
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case and its people."""
    return await make_world(service)


async def rows(world: World, query: Any) -> list[Any]:
    """What a query finds now."""
    async with reading(world.service) as conn:
        return list((await conn.execute(query)).all())


async def through(world: World) -> int:
    """As many runs as it takes to come through everything that is due; how many objects were read."""
    done = 0
    while more := await scrub.run(world.service):
        done += more
    return done


async def part_of(world: World, message: UUID) -> Any:
    """The first part of a message's version."""
    query = select(t.part).join(t.revision).where(t.revision.c.message_id == message).order_by(t.part.c.position)
    return (await rows(world, query))[0]


async def piece_of(world: World, message: UUID) -> str:
    """The first piece of its original."""
    query = select(t.piece.c.object_key).join(t.upload).where(t.upload.c.message_id == message)
    return str((await rows(world, query))[0].object_key)


async def flip(world: World, object_key: str) -> None:
    """One bit in the middle of an object as it lies."""
    data = bytearray(await world.service.objects.get(object_key))
    data[len(data) // 2] ^= 1
    await world.service.objects.delete(object_key)
    await world.service.objects.put(object_key, bytes(data))


async def alarms(world: World) -> list[tuple[UUID, UUID]]:
    """(case, message) of every open task about something lost."""
    k = t.task
    mine = select(k.c.case_id, k.c.message_id).where(k.c.kind == scrub.TASK, k.c.done_at.is_(None))
    return [tuple(row) for row in await rows(world, mine)]


async def acts(world: World) -> list[tuple[str, str]]:
    """(act, object) of what the record says of objects."""
    found = await all_leaves(world.service)
    return [(leaf["act"], leaf["object"]) for leaf in found if leaf["act"].startswith("object.")]


async def aged(world: World, days: int) -> None:
    """As if everything had been read back so many days earlier."""
    async with reading(world.service) as conn:
        await conn.execute(update(t.scrub).values(read_at=t.scrub.c.read_at - timedelta(days=days)))


async def test_a_healthy_store_is_read_once_in_its_time_and_nobody_is_alarmed(world: World) -> None:
    """Every object that a row needs, each once; again when the days are over, and not before."""
    for _ in range(3):
        await world.approved()
    wanted = await readable(world.service, world.case)
    assert await through(world) == len(wanted)
    assert {row.object_key for row in await rows(world, select(t.scrub.c.object_key))} == wanted
    assert (await alarms(world), await acts(world)) == ([], [])
    await aged(world, 29)
    assert await through(world) == 0
    await aged(world, 1)
    assert await through(world) == len(wanted)
    assert (await doctor.stored(world.service)).wrong == ""


async def test_the_longest_unread_comes_first_and_a_run_is_bounded(world: World) -> None:
    """One share of a month at a time; never read before long ago, long ago before lately."""
    messages = [await world.letter() for _ in range(3)]
    assert await scrub.run(world.service) <= 2 < RUNS_A_DAY
    await through(world)
    old, older = sorted(await objects_of(world.service, messages[0]))[:2]
    async with reading(world.service) as conn:
        for key, days in ((old, 40), (older, 50)):
            mine = update(t.scrub).where(t.scrub.c.object_key == key)
            await conn.execute(mine.values(read_at=func.now() - timedelta(days=days)))
    new = await objects_of(world.service, await world.letter())
    await through(world)
    lately = select(t.scrub.c.object_key).order_by(t.scrub.c.read_at.desc()).limit(4)
    order = [row.object_key for row in await rows(world, lately)]
    assert order[:2] == [old, older]
    assert set(order[2:]) == new


async def test_a_flipped_byte_of_a_made_part_is_told_and_the_part_is_made_again(world: World) -> None:
    """From the intact original, byte for byte: the digest, the approval and the state stay; the old object goes."""
    message = await world.approved()
    part, digest = await part_of(world, message), await world.digest(message)
    await through(world)
    await flip(world, part.object_key)
    await aged(world, 31)
    await through(world)
    now = await part_of(world, message)
    assert now.object_key != part.object_key
    assert (now.sha256, now.sealed_in, await world.digest(message)) == (part.sha256, part.sealed_in, digest)
    assert await world.state(message) == State.APPROVED
    assert now.object_key in await readable(world.service, world.case)
    assert [act for act, _ in await acts(world)] == ["object.lost", "object.made_again"]
    assert await alarms(world) == [(world.case, message)]
    await reaper.reap(world.service)
    assert part.object_key not in {key async for key, _ in world.service.objects.list("revision/")}
    await scrub.run(world.service)
    assert (await doctor.stored(world.service)).wrong == ""


async def test_what_would_be_another_version_is_only_told(world: World) -> None:
    """Made again it is not what was approved: nothing is put in its place, and what was made is reaped."""
    message = await world.approved()
    part = await part_of(world, message)
    async with reading(world.service) as conn:
        await conn.execute(update(t.part).where(t.part.c.id == part.id).values(sha256="0" * 64))
    await world.service.objects.delete(part.object_key)
    await through(world)
    assert (await part_of(world, message)).object_key == part.object_key
    assert await acts(world) == [("object.lost", part.object_key)]
    waiting = {row.object_key for row in await rows(world, select(t.reap.c.object_key))}
    assert any(key.startswith(f"{part.object_key}.") for key in waiting)


async def test_a_missing_original_is_told_once_and_taken_back_when_it_is_there_again(world: World) -> None:
    """It cannot be made; doctor names it, a figure counts it, and each day it is looked for."""
    message = await world.letter()
    piece = await piece_of(world, message)
    data = await world.service.objects.get(piece)
    await world.service.objects.delete(piece)
    await through(world)
    for _ in range(2):
        await aged(world, 1)
        await through(world)
    assert await alarms(world) == [(world.case, message)]
    assert await acts(world) == [("object.lost", piece)]
    assert piece in (await doctor.stored(world.service)).wrong
    await figures.look(world.service)
    assert figures.UNREADABLE.collect()[0].samples[0].value == 1
    await world.service.objects.put(piece, data)
    await aged(world, 1)
    await through(world)
    assert await acts(world) == [("object.lost", piece), ("object.whole_again", piece)]
    assert (await doctor.stored(world.service)).wrong == ""


async def test_a_store_that_does_not_answer_alarms_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends; the next one begins where it was."""
    await world.letter()

    async def away(*_: object) -> bytes:
        raise StorageUnavailable

    with monkeypatch.context() as then:
        then.setattr(type(world.service.objects), "get", away)
        with pytest.raises(StorageUnavailable):
            await scrub.run(world.service)
    assert await alarms(world) == []
    assert await rows(world, select(t.scrub)) == []
    assert await through(world) == len(await readable(world.service, world.case))
