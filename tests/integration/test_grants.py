"""The database repeats the gate's rule: a grant cannot be without approval and both consents of its digest."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from exchange.core.errors import ExchangeError, LinkDead
from exchange.steps import visit
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.world import CODE, World, make_world

CURRENT = {"approval": t.approval_current, "share": t.share_current, "receive": t.receive_current}


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def grants(world: World, message: UUID) -> int:
    """How many grants a message has."""
    async with reading(world.service) as conn:
        query = select(func.count()).select_from(t.grant).where(t.grant.c.message_id == message)
        return int((await conn.execute(query)).scalar_one())


@pytest.mark.parametrize("name", CURRENT)
async def test_taking_any_decision_back_kills_the_grant_in_the_same_statement(world: World, name: str) -> None:
    """One DELETE of what is in force, and the grant is gone: no code of ours in between."""
    message, _ = await world.released()
    assert await grants(world, message) == 1
    table = CURRENT[name]
    async with reading(world.service) as conn:
        await conn.execute(delete(table).where(table.c.message_id == message))
    assert await grants(world, message) == 0


async def test_a_grant_needs_all_three_of_the_same_message_and_digest(world: World) -> None:
    """Whatever is left out or of another message or digest, PostgreSQL refuses the row."""
    message, link = await world.released()
    other = await world.letter("Another letter.")
    digest = await world.digest(message)
    good = {
        "purpose": "view",
        "message_id": message,
        "digest": digest,
        "share_message_id": message,
        "share_digest": digest,
        "receive_message_id": message,
        "link_id": link.id,
        "key_wrapped": b"x",
    }
    wrong = [
        {"share_message_id": None, "share_digest": None},
        {"share_digest": "ab" * 32},
        {"receive_message_id": None},
        {"receive_message_id": other},
        {"share_message_id": other},
        {"digest": await world.digest(other)},
        {"message_id": other},
    ]
    async with reading(world.service) as conn:
        await conn.execute(delete(t.grant))
    for change in wrong:
        with pytest.raises(IntegrityError):
            async with world.service.engine.begin() as conn:
                await conn.execute(insert(t.grant).values({**good, **change}))
    async with reading(world.service) as conn:
        await conn.execute(insert(t.grant).values(good))
    assert await grants(world, message) == 1


async def test_of_many_simultaneous_redemptions_one_wins(world: World) -> None:
    """Forty browsers with link and code at once: one session, one claim in the record."""
    _, link = await world.released()
    cookies = [f"{n:042d}A" for n in range(40)]

    async def attempt(cookie: str) -> str:
        try:
            await visit.claim(world.service, link.secret, cookie, CODE)
        except LinkDead:
            return "dead"
        except ExchangeError as error:
            return type(error).__name__
        return "won"

    answers = await asyncio.gather(*(attempt(cookie) for cookie in cookies))
    assert answers.count("won") == 1
    assert answers.count("dead") == len(cookies) - 1
