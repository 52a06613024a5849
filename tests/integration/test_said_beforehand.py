"""What an author says beforehand, to be shared after their death: it ends with what they were, and is asked anew."""

import itertools
from typing import Any

import pytest
from sqlalchemy import func, update

from exchange.core.errors import Refused
from exchange.core.model import ConsentKind, FactKind, Method, Status
from exchange.steps import closing, consent, gone
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.read import message_view
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.closing import settle
from tests.support.world import PERSON, World, make_world, said_of

AFTER = Said(Method.IN_PERSON, "share-after-2026-11")


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def codes(world: World, message: Any) -> list[str]:
    """What is still needed before the next act."""
    return [reason.code for reason, _ in (await message_view(world.service, world.facilitator, message)).needed]


async def says(world: World, message: Any, *, given: bool) -> None:
    """The author says beforehand what should happen to it."""
    kind = ConsentKind.SHARE_AFTER
    await consent.record(world.service, world.facilitator, world.author, kind, given, AFTER, message_id=message)


async def died(world: World, status: Status = Status.DIED) -> None:
    """It is recorded of the author."""
    await world.fact(FactKind.STATUS, status, world.author)


async def child(world: World) -> None:
    """The author is under 18, with a guardian in place."""
    async with reading(world.service) as conn:
        await conn.execute(update(t.participant).where(t.participant.c.id == world.author).values(under_18=True))
    await world.fact(FactKind.GUARDIAN, "in_place", world.author)


async def birthday(world: World) -> None:
    """It is the day, and everything else was before."""
    async with reading(world.service) as conn:
        mine = update(t.participant).where(t.participant.c.id == world.author)
        await conn.execute(mine.values(of_age_at=func.clock_timestamp()))


async def test_what_a_child_said_beforehand_is_asked_anew_of_the_adult(world: World) -> None:
    """Said under 18, never again: after the death it is no yes, neither for the gate nor for the supervisor."""
    service, message = world.service, await world.shared()
    await child(world)
    await says(world, message, given=True)
    await birthday(world)
    await consent.record(
        service, world.facilitator, world.author, ConsentKind.TAKE_PART, True, said_of(ConsentKind.TAKE_PART)
    )
    await world.agree_to_share(message)
    assert await codes(world, message) == []
    await died(world)
    assert await codes(world, message) == ["said_beforehand"]
    with pytest.raises(Refused):
        await gone.approve(service, world.supervisor, message, await world.digest(message), reason="They said so.")
    await world.fact(FactKind.STATUS, Status.ACTIVE, world.author, by=world.supervisor)
    await says(world, message, given=True)
    await died(world)
    assert await codes(world, message) == ["approval_after"]


@pytest.mark.parametrize("how", ["left", "closed"])
async def test_what_was_said_beforehand_ends_with_taking_part(world: World, how: str) -> None:
    """Whoever left, or whose yes ended with the case, and came back is asked anew about this, too."""
    service, lead, message = world.service, world.facilitator, await world.shared()
    await says(world, message, given=True)
    if how == "left":
        await consent.record(service, lead, world.author, ConsentKind.TAKE_PART, False, PERSON)
    else:
        await settle(service, lead, world.case)
        await closing.close(service, world.supervisor, world.case)
        await closing.reopen(service, world.supervisor, world.case)
    for person, kind in itertools.product(
        (world.author, world.recipient), (ConsentKind.TAKE_PART, ConsentKind.BE_ASKED)
    ):
        await consent.record(service, lead, person, kind, True, said_of(kind))
    await world.agree_to_share(message)
    await died(world)
    assert await codes(world, message) == ["said_beforehand"]
