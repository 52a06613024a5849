"""Somebody leaves: account closed and cases handed over in one step, on real PostgreSQL."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text

from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused, StepUpNeeded
from exchange.core.model import Actor, Kind, Role
from exchange.steps import accounts, bars, cases, intake, leaving, setup, team, tokens
from exchange.store import read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import running_console, session_cookie
from tests.support.staff import leaves
from tests.support.world import World, make_world, staff


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case that `facilitator` leads."""
    await setup.found_service(service, demo=True, name="Messages")
    return await make_world(service)


def id_of(actor: Actor) -> UUID:
    """The account of an actor."""
    assert actor.id
    return actor.id


async def team_of(world: World, case: UUID) -> tuple[dict[UUID, str], UUID | None]:
    """Who is on a case with their parts, and its cover."""
    a, c = t.assignment, t.cases
    async with reading(world.service) as conn:
        on_it = await conn.execute(select(a.c.account_id, a.c.part).where(a.c.case_id == case, a.c.until.is_(None)))
        cover = (await conn.execute(select(c.c.cover_id).where(c.c.id == case))).scalar_one()
        return {row.account_id: row.part for row in on_it}, cover


async def test_one_step_closes_the_account_and_gives_every_case_somebody(world: World) -> None:
    """Led, co-facilitated and covered cases; sessions and tokens dead at once; what is being put in stays."""
    service, who = world.service, world.facilitator
    led = await cases.open_case(service, who)
    covered = await cases.open_case(service, world.stranger)
    await team.set_cover(service, world.supervisor, covered, id_of(who))
    shared = await cases.open_case(service, world.stranger)
    await team.assign(service, world.supervisor, shared, id_of(who))
    people = {"author": world.author, "recipient": world.recipient}
    begun = await intake.begin_message(service, who, world.case, kind=Kind.AUDIO, **people)
    token = await tokens.create_token(service, who, label="script")
    async with running_console(service) as console:
        open_browser = console.client(await session_cookie(service, id_of(who)))
        assert (await open_browser.get("/"))[0] == 200
        takers = {world.case: id_of(world.second), led: id_of(world.stranger), covered: id_of(world.second)}
        await leaving.hand_over_and_close(service, world.supervisor, id_of(who), takers)
        assert await open_browser.where("/") == "/sign-in"
    with pytest.raises(Exception, match="sign in"):
        await tokens.resolve(service, token.secret)
    assert await team_of(world, world.case) == ({id_of(world.second): "lead"}, None)
    assert await team_of(world, led) == ({id_of(world.stranger): "lead"}, None)
    assert await team_of(world, covered) == ({id_of(world.stranger): "lead"}, id_of(world.second))
    assert await team_of(world, shared) == ({id_of(world.stranger): "lead"}, None)
    assert await world.state(begun) == "receiving"
    assert (await read.message_view(service, world.second, begun)).message.id == begun
    with pytest.raises(NotFound):
        await read.case_view(service, who, world.case)
    assert sum('"kind":"left"' in leaf and '"count":4' in leaf for leaf in await leaves(service)) == 1


async def test_nothing_is_left_without_a_lead(world: World) -> None:
    """A case nobody is named for: nothing at all is changed, other cases and the account included."""
    service, who = world.service, world.facilitator
    led = await cases.open_case(service, who)
    for takers in ({}, {world.case: id_of(world.second)}, {world.case: id_of(world.second), led: id_of(who)},
                   {world.case: id_of(world.auditor), led: id_of(world.second)}):  # fmt: skip
        with pytest.raises(BadInput) as refusal:
            await leaving.hand_over_and_close(service, world.supervisor, id_of(who), takers)
        assert refusal.value.field.startswith("case-")
    assert (await team_of(world, world.case))[0][id_of(who)] == "lead"
    assert (await leaving.leaving(service, world.supervisor, id_of(who))).active
    with pytest.raises(Refused):
        await accounts.deactivate(service, world.administrator, id_of(who))
    with pytest.raises(Refused):
        await accounts.set_roles(service, world.administrator, id_of(who), roles=[Role.AUDITOR])


async def test_whoever_is_barred_takes_nothing_over_and_hands_nothing_over(world: World) -> None:
    """Not offered in the form, refused if sent; a barred supervisor is told only that somebody else must."""
    service, who = world.service, world.facilitator
    other = await staff(service, "yew", Role.SUPERVISOR)
    await bars.set_bar(service, world.supervisor, world.case, id_of(world.stranger), reason="A cousin.")
    found = await leaving.leaving(service, other, id_of(who))
    assert id_of(world.stranger) not in dict(found.takers[world.case])
    with pytest.raises(BadInput):
        await leaving.hand_over_and_close(service, other, id_of(who), {world.case: id_of(world.stranger)})
    await bars.set_bar(service, world.supervisor, world.case, id_of(other), reason="A neighbour.")
    for attempt in (
        leaving.leaving(service, other, id_of(who)),
        leaving.hand_over_and_close(service, other, id_of(who), {world.case: id_of(world.second)}),
    ):
        with pytest.raises(Refused) as refusal:
            await attempt
        assert str(world.case) not in str(refusal.value)


async def test_who_may_and_what_cannot_be(world: World) -> None:
    """Supervisors and administrators with a fresh second factor; not oneself, not twice, not the last administrator."""
    service, who = world.service, world.stranger
    for nobody in (world.facilitator, world.auditor):
        with pytest.raises(NotAllowed):
            await leaving.hand_over_and_close(service, nobody, id_of(who), {})
    for stale in (world.supervisor, world.administrator):
        with pytest.raises(StepUpNeeded):
            await leaving.hand_over_and_close(service, replace(stale, stepped_up=False), id_of(who), {})
    with pytest.raises(Refused):
        await leaving.hand_over_and_close(service, world.supervisor, id_of(world.supervisor), {})
    with pytest.raises(Refused):
        await leaving.hand_over_and_close(service, world.supervisor, id_of(world.administrator), {})
    with pytest.raises(Conflict):
        await leaving.hand_over_and_close(service, world.supervisor, id_of(who), {world.case: id_of(world.second)})
    await leaving.hand_over_and_close(service, world.administrator, id_of(who), {})
    with pytest.raises(Conflict):
        await leaving.hand_over_and_close(service, world.administrator, id_of(who), {})


async def test_the_form_names_one_person_for_everything(world: World) -> None:
    """One choice for all, another for one; wrong ones show the form again; an administrator sees references only."""
    service, who = world.service, world.facilitator
    special = await cases.open_case(service, who)
    async with running_console(service) as console:
        client = await console.as_(world.administrator)
        path = f"/leaving/{id_of(who)}"
        status, page = await client.get(path)
        assert (status, "Form harmed" in page) == (200, False)
        assert (await client.send(path))[0] == 422
        chosen = {"everything": str(world.second.id), f"case-{special}": str(world.stranger.id)}
        status, _, to = await client.send(path, **chosen)
        assert (status, to) == (303, "/admin/accounts")
    assert (await team_of(world, world.case))[0] == {id_of(world.second): "lead"}
    assert (await team_of(world, special))[0] == {id_of(world.stranger): "lead"}
    async with reading(service) as conn:
        left = "select count(*) from account where login = 'fern' and active"
        assert (await conn.execute(text(left))).scalar_one() == 0
