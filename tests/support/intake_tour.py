"""What is put in: a letter in the wrong case, and tables of cases, with the pages to look at."""

from sqlalchemy import select

from exchange.core import case_table
from exchange.steps import misfiled
from exchange.store import tables as t
from exchange.store.unit import unit_of_work
from tests.support.stops import Stop
from tests.support.world import World


async def wrong_case(world: World) -> tuple[str, ...]:
    """A letter in the wrong case: to be reported, its concern, and the two steps of the decision."""
    stray, known = await world.letter(), await world.letter()
    made = await misfiled.report(world.service, world.facilitator, stray, reason="It is of another case.")
    async with unit_of_work(world.service, world.facilitator) as unit:
        (reference,) = await unit.one(select(t.cases.c.reference).where(t.cases.c.id == world.case))
    decide = f"/concerns/{made}/misfiled"
    return (f"/messages/{known}/misfiled", f"/concerns/{made}", decide, f"{decide}?reference={reference}")


def with_mistakes(case: str) -> tuple[Stop, ...]:
    """A policy that no case may have; a table of cases, one with a mistake, and none."""
    look, table = "Look at it first", case_table.template().replace('"jo"', '"fern"')
    return (
        Stop("supervisor-policy-wrong", f"{case}/policy", 422, "Change the rules", (("cooling_days", "-3"),)),
        Stop("supervisor-import-none", "/cases/import", 422, look),
        Stop("supervisor-import-found", "/cases/import", 200, look, file=table),
        Stop("supervisor-import-wrong", "/cases/import", 422, look, file=table.replace('"harmed"', '"hurt"')),
    )
