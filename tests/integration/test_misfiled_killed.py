"""A move to the right case that is killed on its way, and a backup from before it."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text

from exchange.core.model import OPERATOR, State
from exchange.core.since import since
from exchange.steps import erase, misfiled, refiling
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.matrix import second_case
from tests.support.misfiled import WHY, moved, words_of, work
from tests.support.staff import leaves
from tests.support.world import LETTER, World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """The wrong case, in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def right(world: World) -> World:
    """The right case, of another team."""
    return await second_case(world)


KILLED = """
import asyncio, os, signal, sys
from uuid import UUID
from exchange.settings import Settings
from exchange.steps import refiling
from exchange.store import failpoints
from exchange.store.service import open_service

def armed(left):
    def reached(name):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return reached

async def main():
    async with open_service(Settings(), with_keys=True) as service:
        failpoints.arm(armed(int(sys.argv[2])))
        await refiling.refile(service, UUID(sys.argv[1]))

asyncio.run(main())
"""


async def test_killed_anywhere_nothing_is_lost_and_nothing_is_there_twice(world: World, right: World) -> None:
    """SIGKILL at the first, second, … place that the move passes, until it is through; then the next run ends it."""
    service = world.service
    environment = {"PATH": os.environ["PATH"], **service.settings.environment()}
    at, lives = 0, 0
    while True:
        at += 1
        old = await world.letter()
        one = await misfiled.report(service, world.facilitator, old, reason=WHY)
        new = await moved(world, right, one)
        async with reading(service) as conn:
            row = (await conn.execute(select(t.refiling.c.id).where(t.refiling.c.to_message == new))).scalar_one()
        process_ = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(row), str(at), env=environment, cwd=Path.cwd()
        )
        code = await asyncio.wait_for(process_.wait(), 120)
        assert code in (0, -signal.SIGKILL)
        there = await world.state(old) == State.ERASED
        assert await words_of(service, new if there else old) == LETTER.encode(), at
        await _worker_gone(service)
        assert await refiling.refile(service, row) is not there
        assert await words_of(service, new) == LETTER.encode()
        assert (await world.state(old), await world.state(new)) == (State.ERASED, State.QUARANTINED)
        lives += 1
        if code == 0:
            break
        at += 3  # every fourth place, so that it ends within a minute
    assert lives > 4


async def test_of_two_workers_at_once_one_moves_it(world: World, right: World) -> None:
    """The other finds nothing to do, and takes nothing of the copy away."""
    one = await misfiled.report(world.service, world.facilitator, await world.letter(), reason=WHY)
    new = await moved(world, right, one)
    async with reading(world.service) as conn:
        row = (await conn.execute(select(t.refiling.c.id))).scalar_one()
    done = await asyncio.gather(*(refiling.refile(world.service, row) for _ in range(3)))
    assert sorted(done) == [False, False, True]
    assert await words_of(world.service, new) == LETTER.encode()


async def _worker_gone(service: Service) -> None:
    """Until the database knows that the killed worker's connections are over."""
    for _ in range(100):
        async with reading(service) as conn:
            held = await conn.scalar(text("select count(*) from pg_locks where locktype = 'advisory'"))
        if not held:
            return
        await asyncio.sleep(0.05)


async def test_after_a_restore_the_only_copy_is_not_erased_again(world: World, right: World) -> None:
    """A backup from before the move has the old one only: it stays. With the new one there, the old one goes."""
    service, message = world.service, await world.letter()
    one = await misfiled.report(service, world.facilitator, message, reason=WHY)
    new = await moved(world, right, one)
    await work(service)
    told = [json.loads(leaf) for leaf in await leaves(service)]
    lost = await world.letter("A second one.")
    as_old = [json.loads(json.dumps(leaf).replace(str(message), str(lost))) for leaf in told]
    as_lost = [json.loads(json.dumps(leaf).replace(str(new), str(UUID(int=7)))) for leaf in as_old]
    assert {one: leaf["case"] for one, leaf in since(as_lost).concerns.items()} == {lost: str(world.case)}
    await erase.replay(service, OPERATOR, as_lost)
    assert await world.state(lost) == State.IN_REVIEW
    await erase.replay(service, OPERATOR, as_old)
    assert await world.state(lost) == State.ERASED
