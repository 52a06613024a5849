"""Rule 14: no-contact and protection orders, and the exceptions a supervisor records."""

from datetime import UTC, datetime, timedelta

import pytest

from exchange.core.errors import BadInput, ExchangeError, NotAllowed, Refused
from exchange.core.model import FactKind
from exchange.steps import facts
from exchange.store.read import case_view
from exchange.store.service import Service
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


async def test_rule_14_an_order_blocks_approval(world: World) -> None:
    """A contact order without a recorded exception blocks approval; the exception is a supervisor's."""
    message = await world.letter()
    await world.fact(FactKind.CONTACT_ORDER, "in_force")
    with pytest.raises(Refused) as refused:
        await world.approve(message)
    assert [reason.code for reason in refused.value.reasons] == ["contact_order"]
    with pytest.raises(ExchangeError):
        await world.fact(FactKind.CARVE_OUT, "recorded")
    await world.fact(FactKind.CARVE_OUT, "recorded", by=world.supervisor)
    assert await world.approve(message) is True


async def test_rule_14_only_a_supervisor_changes_an_order_in_force(world: World) -> None:
    """A facilitator puts an order on record, and neither ends it nor gives it an earlier end."""
    soon = datetime.now(UTC) + timedelta(days=1)
    await world.fact(FactKind.CONTACT_ORDER, "none")
    await world.fact(FactKind.CONTACT_ORDER, "in_force")
    for value, until in (("none", None), ("in_force", soon)):
        with pytest.raises(NotAllowed):
            await facts.record_fact(
                world.service, world.facilitator, world.case, FactKind.CONTACT_ORDER, value, until=until
            )
    await world.fact(FactKind.CONTACT_ORDER, "none", by=world.supervisor)


async def test_an_order_ends_with_its_date(world: World) -> None:
    """A fact with a date ends by itself; a date in the past is refused."""
    past = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(BadInput):
        await facts.record_fact(
            world.service, world.facilitator, world.case, FactKind.CONTACT_ORDER, "in_force", until=past
        )


async def test_the_case_page_shows_whether_an_exception_counts(world: World) -> None:
    """Rule 14: an exception of an earlier order is not shown as one of the newer order."""
    await world.fact(FactKind.CONTACT_ORDER, "in_force")
    await world.fact(FactKind.CARVE_OUT, "recorded", by=world.supervisor)
    assert (await case_view(world.service, world.facilitator, world.case)).carved_out is True
    await world.fact(FactKind.CONTACT_ORDER, "in_force", by=world.supervisor)
    assert (await case_view(world.service, world.facilitator, world.case)).carved_out is False
