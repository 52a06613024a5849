"""Conflicts of interest, on real PostgreSQL: whoever is barred never meets the case, in any list or page."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from exchange.core.errors import BadInput, Conflict, ExchangeError, NotFound, Refused
from exchange.core.model import Actor, Role
from exchange.steps import bars, concern, record, referral, setup, team
from exchange.store import read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work
from exchange.web.frame import PUBLIC, route_census
from tests.support.console_site import running_console
from tests.support.staff import dump, leaves
from tests.support.world import World, make_world, staff

WHY = "They live in the same street as the recipient."


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case."""
    await setup.found_service(service, demo=True, name="Messages")
    return await make_world(service)


async def of_everything(world: World) -> Actor:
    """Somebody with all four roles."""
    return await staff(world.service, "ash", *Role)


async def barred(world: World, who: Actor) -> None:
    """A supervisor keeps somebody from the case."""
    assert who.id
    await bars.set_bar(world.service, world.supervisor, world.case, who.id, reason=WHY)


async def reference(world: World) -> str:
    """The case's reference."""
    async with reading(world.service) as conn:
        return str((await conn.execute(select(t.cases.c.reference).where(t.cases.c.id == world.case))).scalar_one())


async def test_no_page_names_the_case_to_whoever_is_barred(world: World) -> None:
    """All four roles, every page there is: no reference, no id, no name, whether guessed or listed."""
    service, who = world.service, await of_everything(world)
    message = await world.letter()
    raised = await concern.raise_concern(service, world.facilitator, message, kind="threat", note="Look at it.")
    await referral.save_referral(service, {"reach_by": "phone", "reach_address": "01632 960 555"})
    asked = (await referral.listed(service, world.supervisor))[0]
    async with unit_of_work(service, world.facilitator) as unit:
        task = await unit.add(t.task, case_id=world.case, kind="decide_hold")
        unit.leaf("task.added", case=world.case, kind="decide_hold")
    ids = {"case": world.case, "person": world.author, "message": message, "concern": raised, "task": task,
           "referral": asked.id, "account": who.id, "kind": "pause"}  # fmt: skip
    named = [await reference(world), "Form harmed", "Form responsible"]
    async with running_console(service) as console:
        client = await console.as_(who)
        paths = {"/cases?show=all", f"/cases?show=all&search={named[0]}", f"/record?case={named[0]}"}
        for method, path, permission in route_census(console.app):
            places = re.findall(r"{(\w+)}", path)
            if method == "GET" and permission is not PUBLIC and set(places) <= set(ids) and "api" not in path:
                paths.add(path.format(**{name: str(found) for name, found in ids.items()}))
        pages = {path: (await client.get(path))[1] for path in paths}
        before = [path for path, page in pages.items() if any(word in page for word in named)]
        assert {"/cases?show=all", f"/cases/{world.case}", "/", "/supervisor"} <= set(before)
        await barred(world, who)
        for path in sorted(paths):
            status, page = await client.get(path)
            assert status < 500, path
            # a search box shows what was typed into it
            shown = page.replace(f'value="{named[0]}"', "")
            assert [word for word in named if word in shown] == [], path
            if f"/{world.case}" in path or str(message) in path:
                assert status == 404, path


async def test_a_bar_ends_team_cover_and_emergency_at_once(world: World) -> None:
    """And whoever was on the team is off it; what they approved does not count any more."""
    service, second = world.service, world.second
    assert second.id
    await team.set_cover(service, world.supervisor, world.case, second.id)
    assert await read.case_view(service, second, world.case)
    await barred(world, second)
    with pytest.raises(NotFound):
        await read.case_view(service, second, world.case)
    seen = await read.case_view(service, world.facilitator, world.case)
    assert ([row.account_id for row in seen.team], seen.cover) == ([world.facilitator.id], "")
    for attempt in (
        team.assign(service, world.supervisor, world.case, second.id),
        team.set_cover(service, world.supervisor, world.case, second.id),
    ):
        with pytest.raises(BadInput):
            await attempt


async def test_the_lead_is_replaced_first(world: World) -> None:
    """Nothing is left without somebody who leads it."""
    with pytest.raises(Refused):
        await barred(world, world.facilitator)
    assert await read.case_view(world.service, world.facilitator, world.case)
    assert world.second.id
    await team.assign(world.service, world.supervisor, world.case, world.second.id, part="lead")
    await barred(world, world.facilitator)
    with pytest.raises(NotFound):
        await read.case_view(world.service, world.facilitator, world.case)


async def test_a_barred_supervisor_cannot_undo_it(world: World) -> None:
    """Not lift it, not assign themselves, not see who set it: the case is not there. Another supervisor can."""
    service, who = world.service, await of_everything(world)
    await barred(world, who)
    (bar,) = await bars.bars_of(service, world.supervisor, world.case)
    assert (bar.account_id, bar.reason) == (who.id, WHY)
    assert who.id
    for attempt in (
        bars.lift_bar(service, who, world.case, bar.id),
        bars.bars_of(service, who, world.case),
        bars.set_bar(service, who, world.case, who.id, reason="x"),
        team.assign(service, who, world.case, who.id),
        team.set_cover(service, who, world.case, who.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(BadInput):
        await record.find_case(service, who, str(world.case))
    with pytest.raises(Conflict):
        await barred(world, who)
    await bars.lift_bar(service, world.supervisor, world.case, bar.id)
    assert await read.case_view(service, who, world.case)


@pytest.mark.parametrize("who", ["facilitator", "second", "stranger", "auditor", "administrator"])
async def test_only_a_supervisor_sets_one(world: World, who: str) -> None:
    """Nobody else, on the team or not."""
    actor, other = getattr(world, who), world.supervisor
    assert other.id
    with pytest.raises(ExchangeError):
        await bars.set_bar(world.service, actor, world.case, other.id, reason=WHY)
    assert await read.case_view(world.service, other, world.case)


async def test_the_reason_is_sealed_and_not_in_the_record(world: World) -> None:
    """The leaf names case and account; the words lie sealed to the case."""
    who = await of_everything(world)
    await barred(world, who)
    assert WHY.encode() not in await dump(world.service)
    (leaf,) = [leaf for leaf in await leaves(world.service) if '"act":"case.barred"' in leaf]
    assert str(who.id) in leaf


async def test_a_supervisor_may_bar_themselves(world: World) -> None:
    """The commonest conflict of interest is one's own; the page leads away from the case."""
    async with running_console(world.service) as console:
        client = await console.as_(world.supervisor)
        path = f"/cases/{world.case}/bars"
        assert (await client.send(path, account="", reason="x"))[0] == 422
        status, _, to = await client.send(path, account=str(world.supervisor.id), reason=WHY)
        assert (status, to) == (303, "/cases")
        assert (await client.get(path))[0] == 404


async def test_a_bar_counts_in_the_database_once(world: World) -> None:
    """Two at once make one bar."""
    who = await of_everything(world)
    await barred(world, who)
    double = replace(world, supervisor=await staff(world.service, "yew", Role.SUPERVISOR))
    with pytest.raises(Conflict):
        await barred(double, who)
    async with reading(world.service) as conn:
        assert (await conn.execute(text("select count(*) from bar"))).scalar_one() == 1
