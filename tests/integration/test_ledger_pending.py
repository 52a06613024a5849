"""Leaves between their act and their place: committed together, placed in order, by whoever comes next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from exchange.core.audit import Outcome, verify
from exchange.core.errors import LedgerUnavailable
from exchange.core.model import WORKER, Actor, ActorKind
from exchange.steps import setup
from exchange.store import ledger, ledger_read, record
from exchange.store import tables as t
from exchange.store.ledgerkey import load_signer
from exchange.store.placing import places_of
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work
from tests.support.ledger import CASES
from tests.support.roles import as_owner, as_portal

READER = Actor(ActorKind.PARTICIPANT, CASES[0])


def leaf(number: int = 0) -> dict[str, Any]:
    """Some act."""
    return {"act": "case.opened", "actor": {"kind": "system", "role": "worker"}, "number": number}


async def acts(service: Service) -> list[tuple[int, Any]]:
    """Index and number of every leaf that has its place."""
    async with reading(service) as conn:
        return [(found.index, found.leaf.get("number")) for found in await ledger_read.leaves(conn)]


async def waiting(service: Service) -> int:
    """How many leaves have none yet."""
    async with reading(service) as conn:
        return int((await conn.execute(text("select count(*) from ledger_pending"))).scalar_one())


async def committed(service: Service, *numbers: int) -> None:
    """What a process leaves behind that dies between the commit and the placing."""
    async with service.engine.begin() as conn:
        await ledger.write(conn, [leaf(number) for number in numbers])


async def act(service: Service, actor: Actor, name: str, number: int) -> None:
    """One act that changes nothing else."""
    async with unit_of_work(service, actor) as unit:
        unit.leaf(name, number=number)


async def changing(service: Service) -> None:
    """One act that changes a row."""
    async with unit_of_work(service, WORKER) as unit:
        noted = insert(t.access_leaf).values(session_id=CASES[0], part_id=CASES[1], grant_id=CASES[2])
        await unit.change(noted)
        unit.leaf("case.opened")


async def failing(service: Service) -> None:
    """One act that ends in an error after its leaf."""
    async with unit_of_work(service, WORKER) as unit:
        unit.leaf("case.opened", number=1)
        raise ValueError("changed my mind")


async def raw(service: Service, untrusted: str) -> None:
    """A leaf as somebody could send it who has the database role and nothing else."""
    async with service.engine.begin() as conn:
        await conn.execute(text("select public.ledger_append(array[:leaf])"), {"leaf": untrusted})


@asynccontextmanager
async def no_placing(service: Service) -> AsyncIterator[None]:
    """The function that places is gone for a while."""
    gone = "alter function public.{} rename to {}"
    async with reading(as_owner(service)) as conn:
        await conn.execute(text(gone.format("ledger_place", "ledger_place_gone")))
    yield
    async with reading(as_owner(service)) as conn:
        await conn.execute(text(gone.format("ledger_place_gone", "ledger_place")))


async def test_acts_do_not_wait_for_each_other(service: Service) -> None:
    """One that has written its leaf and is not committed yet holds up nobody; its place is that of its commit."""
    async with service.engine.begin() as slow:
        await ledger.write(slow, [leaf(1)])
        await act(service, WORKER, "case.opened", 2)
        assert await acts(service) == [(0, 2)]
    await places_of(service.engine).settle()
    assert await acts(service) == [(0, 2), (1, 1)]
    async with reading(service) as conn:
        times = [found.at for found in await ledger_read.leaves(conn)]
    assert times[0] <= times[1]


async def test_a_process_that_dies_before_placing_loses_nothing(service: Service) -> None:
    """The next act places the leaf before its own; a signer places it before it signs."""
    setup.make_keys(service.settings)
    await committed(service, 1, 2)
    assert (await acts(service), await waiting(service)) == ([], 2)
    await act(service, WORKER, "case.opened", 3)
    assert await acts(service) == [(0, 1), (1, 2), (2, 3)]
    await committed(service, 4)
    note = await record.sign(service)
    assert await waiting(service) == 0
    assert str(note).splitlines()[1] == "4"
    async with reading(service) as conn:
        lines = [line async for line in ledger_read.export(conn)]
    assert verify(lines, load_signer(service.settings.ledger_key_file).verifier).outcome is Outcome.WHOLE


async def test_rolled_back_leaves_wait_for_nothing(service: Service) -> None:
    """A unit that fails leaves neither a leaf nor a gap."""
    with pytest.raises(ValueError, match="changed my mind"):
        await failing(service)
    await act(service, WORKER, "case.opened", 2)
    assert (await acts(service), await waiting(service)) == ([(0, 2)], 0)


async def test_many_at_once_have_their_places_when_they_return(service: Service) -> None:
    """120 acts over one pool: no gap, none twice, each sees its own, times run forward."""

    async def one(number: int) -> int:
        await act(service, WORKER, "case.opened", number)
        return next(found for found in await acts(service) if found[1] == number)[0]

    found = await asyncio.gather(*(one(number) for number in range(120)))
    assert sorted(found) == list(range(120))
    async with reading(service) as conn:
        times = [entry.at for entry in await ledger_read.leaves(conn)]
    assert all(before <= after for before, after in pairwise(times))
    assert await waiting(service) == 0


async def test_a_giving_up_visitor_does_not_take_others_along(service: Service) -> None:
    """Whoever shares a call and goes away leaves it running for the others."""
    await committed(service, 1)
    places = places_of(service.engine)
    gone, kept = asyncio.create_task(places.settle()), asyncio.create_task(places.settle())
    await asyncio.sleep(0)
    gone.cancel()
    await kept
    assert await acts(service) == [(0, 1)]


async def test_content_waits_for_its_place_and_other_acts_do_not(service: Service) -> None:
    """Where nothing can be placed an act is done, since its leaf is committed; nothing is shown."""
    async with no_placing(service):
        await act(service, WORKER, "case.opened", 1)
        with pytest.raises(LedgerUnavailable):
            await act(service, READER, "view.opened", 2)
        assert (await acts(service), await waiting(service)) == ([], 2)
    await act(service, WORKER, "case.opened", 3)
    assert [number for _, number in await acts(service)] == [1, 2, 3]


async def test_state_and_leaf_are_one(service: Service) -> None:
    """A leaf that cannot be written takes the change with it."""
    async with reading(as_owner(service)) as conn:
        await conn.execute(text("alter table ledger_pending rename to elsewhere"))
    with pytest.raises(LedgerUnavailable):
        await changing(service)
    async with reading(service) as conn:
        assert (await conn.execute(text("select count(*) from access_leaf"))).scalar_one() == 0


async def test_a_waiting_leaf_cannot_be_changed_or_removed(service: Service) -> None:
    """Not by the console's role, which has no right to, nor by the owner while the triggers stand."""
    await committed(service, 1)
    for statement in ("update ledger_pending set leaf = leaf", "delete from ledger_pending", "truncate ledger_pending"):
        for whom, why in ((service, "permission denied"), (as_owner(service), "append-only")):
            with pytest.raises(DBAPIError, match=why):
                async with reading(whom) as conn:
                    await conn.execute(text(statement))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with reading(service) as conn:
            await conn.exec_driver_sql("insert into ledger_pending (leaf, at) values ('{}', now())")
    assert await waiting(service) == 1


@pytest.mark.parametrize(
    "untrusted",
    [
        '["@"]',
        '{"at":"@"',
        '{"at":"@"}x',
        '{"at":"@","x":"\\u0000"}',
        *(f'{{"at":"@","{name}":"{"0" * 300}"}}' for name in ("act", "case", "message")),
        f'{{"at":"@","x":"{"x" * 4100}"}}',
    ],
)
async def test_nothing_that_could_hold_up_the_others_comes_in(service: Service, untrusted: str) -> None:
    """What could not be placed is refused when it is written: every leaf after it would wait for ever."""
    with pytest.raises(DBAPIError):
        await raw(service, untrusted)
    assert await waiting(service) == 0


async def test_the_portal_places_what_others_wrote_and_writes_only_its_own(service: Service) -> None:
    """Its limit stands where leaves come in."""
    portal = as_portal(service)
    await committed(service, 1)
    await act(portal, READER, "feedback.given", 2)
    assert await acts(service) == [(0, 1), (1, 2)]
    with pytest.raises(LedgerUnavailable):
        await act(portal, WORKER, "case.opened", 3)
    assert (await acts(service), await waiting(service)) == ([(0, 1), (1, 2)], 0)


async def test_more_than_one_call_takes_is_placed_in_several(service: Service) -> None:
    """After an outage thousands may wait."""
    async with service.engine.begin() as conn:
        await ledger.write(conn, [leaf(number) for number in range(2_300)])
    await places_of(service.engine).settle()
    assert await acts(service) == [(number, number) for number in range(2_300)]
