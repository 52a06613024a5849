"""What the tests of attacks share: a second look into the database, and two acts at once."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from exchange.core.errors import ExchangeError, Refused
from exchange.core.model import Purpose
from exchange.steps import links, view, visit
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.unit import reading, unit_of_work
from tests.support.roles import as_portal
from tests.support.world import World

COOKIE = "E" * 42 + "A"


async def one(world: World, query: Any) -> Any:
    """A row."""
    async with reading(world.service) as conn:
        return (await conn.execute(query)).one()


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    """The reasons' codes."""
    return [getattr(reason, "code", "") for reason in refused.value.reasons]


async def do(world: World, statement: Any) -> None:
    """What only a clock or an administrator of the database could do."""
    async with reading(world.service) as conn:
        await conn.execute(statement)


async def read(world: World, found: visit.Visit) -> str:
    """What a visitor gets."""
    opened = await view.open_for_visitor(as_portal(world.service), found, "text")
    return (await opened.reader.whole()).decode()


async def decided(world: World) -> tuple[UUID, visit.Visit]:
    """A message offered for the same sitting, and the recipient's open `decide` visit."""
    message, link = await world.offered(on_acceptance=True)
    assert link is not None
    return message, await world.visit(link, COOKIE)


async def both(first: Awaitable[Any], second: Awaitable[Any]) -> list[Any]:
    """Both at once; whatever is refused is refused with one of our sentences, never for a deadlock."""
    found: list[Any] = list(await asyncio.gather(first, second, return_exceptions=True))
    for error in found:
        if isinstance(error, BaseException):
            assert isinstance(error, ExchangeError), repr(error)
            assert error.status != 503, repr(error)
    return found


async def stop_link(world: World, message: UUID) -> links.NewLink:
    """The author's stop link."""
    async with unit_of_work(world.service, world.facilitator) as unit:
        row = await unit.message(message)
        person = await unit.one(select(t.participant).where(t.participant.c.id == world.author))
        opener = await opener_of(world.service, unit.conn, world.case)
        return await links.make(unit, opener, person, Purpose.STOP, {"you": "You"}, message=row, days=None)


async def recorded(world: World, message: UUID) -> list[str]:
    """The acts about a message and its case's holds, in the record's order."""
    query = text(
        "select leaf::jsonb->>'act' from public.ledger_leaf where leaf like :id"
        " or leaf::jsonb->>'fact' = 'hold' order by index"
    )
    async with reading(world.service) as conn:
        return list((await conn.execute(query, {"id": f"%{message}%"})).scalars())


async def orphans(world: World) -> int:
    """Reading grants without all three decisions in force."""
    query = text(
        "select count(*) from access_grant g where purpose = 'view' and not ("
        " exists (select from approval_current a where a.message_id = g.message_id and a.digest = g.digest)"
        " and exists (select from share_current s where s.message_id = g.message_id and s.digest = g.digest)"
        " and exists (select from receive_current r where r.message_id = g.message_id))"
    )
    return int((await one(world, query))[0])
