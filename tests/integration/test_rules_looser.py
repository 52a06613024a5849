"""Rule 12 through the real steps: a case is never looser than its type, and who makes it looser stands outside."""

from dataclasses import replace

import pytest

from exchange.core import case_types
from exchange.core.case_types import CaseType
from exchange.core.errors import BadInput, ExchangeError, NotAllowed, Refused, StepUpNeeded
from exchange.core.model import Actor, Policy, Role, State
from exchange.steps import cases, consent, leaving, team
from exchange.store.read import case_view, diary_of
from exchange.store.service import Service
from tests.support.world import World, make_world, staff


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    """The reasons' codes."""
    return [r.code for r in refused.value.reasons]


async def test_rule_12_a_serious_case_is_never_looser_than_its_type(world: World) -> None:
    """Opened with its own rules; neither opening nor changing takes four eyes or supervision away; stricter is fine."""
    service, lead, supervisor = world.service, world.facilitator, world.supervisor
    with pytest.raises(BadInput) as refused:
        await cases.open_case(service, lead, type=CaseType.SERIOUS, policy=Policy())
    assert refused.value.field == "four_eyes"
    case = await cases.open_case(service, lead, type=CaseType.SERIOUS)
    own = (await case_view(service, supervisor, case)).policy
    assert (own.four_eyes, own.supervision_days) == (True, 84)
    for looser in ({"four_eyes": False}, {"supervision_days": None}, {"assessment_days": 90}):
        with pytest.raises(BadInput):
            await cases.set_policy(
                service, supervisor, case, case_types.with_changes(CaseType.SERIOUS, looser), reason="x"
            )
    assert (await case_view(service, supervisor, case)).policy == own
    stricter = case_types.with_changes(CaseType.SERIOUS, {"cooling_days": 21})
    with pytest.raises(NotAllowed):
        await cases.set_policy(service, lead, case, stricter)
    await cases.set_policy(service, supervisor, case, stricter, reason="She asked for more time.")
    assert (await case_view(service, supervisor, case)).policy.cooling_days == 21
    assert [one.words for one in await diary_of(service, lead, case)] == ["She asked for more time."]
    assert [one.words for one in await diary_of(service, supervisor, case)] == [""]


async def test_rule_12_nobody_on_the_team_makes_their_own_case_looser(world: World) -> None:
    """Nor who was on it; from outside only with a fresh second factor. Stricter is everybody's who supervises."""
    service, rowan = world.service, world.supervisor
    lead = await staff(service, "second-supervisor", Role.SUPERVISOR, Role.FACILITATOR)
    case = await cases.open_case(service, lead, type=CaseType.SERIOUS)
    own = case_types.DEFAULTS[CaseType.SERIOUS]
    stricter = replace(own, cooling_days=21, consent_days=90)
    await cases.set_policy(service, lead, case, stricter, reason="She asked for more time.")

    async def refused(who: Actor, error: type[ExchangeError]) -> None:
        for less in ({"cooling_days": 20}, {"consent_days": 182}, {"emergency_hours": 9}, {"follow_up_days": 43}):
            with pytest.raises(error):
                await cases.set_policy(service, who, case, replace(stricter, **less), reason="x")
        for type_ in (CaseType.GENERAL, CaseType.CUSTODY, CaseType.YOUNG):
            with pytest.raises(error):
                await cases.set_type(service, who, case, type_, reason="x")
        assert (await case_view(service, rowan, case)).policy == stricter

    await refused(lead, Refused)
    await refused(replace(lead, stepped_up=False), Refused)
    await team.assign(service, rowan, case, world.facilitator.id, part="lead")
    await refused(lead, Refused)
    await refused(replace(rowan, stepped_up=False), StepUpNeeded)
    await cases.set_type(service, lead, case, CaseType.GENDER_VIOLENCE, reason="She told us more.")
    view = await case_view(service, rowan, case)
    assert (view.case.type, view.policy.cooling_days, view.policy.harmed_starts) == ("gender_violence", 21, True)
    assert (view.policy.consent_days, view.policy.assessment_days) == (90, 60)
    await cases.set_policy(service, rowan, case, replace(view.policy, cooling_days=7), reason="As she wishes.")
    await cases.set_type(service, rowan, case, CaseType.GENERAL, reason="It was another person.")
    assert not (await case_view(service, rowan, case)).policy.four_eyes


async def test_rule_12_who_loosened_a_case_from_outside_does_not_join_its_team(world: World) -> None:
    """Not as co-facilitator, lead or cover, whoever asks, nor when somebody leaves; a stricter rule bars nobody."""
    service, boss, lead = world.service, world.supervisor, world.facilitator
    stricter = Policy(four_eyes=True, assessment_days=60)
    await cases.set_policy(service, boss, world.case, stricter, reason="More careful.")
    await team.set_cover(service, boss, world.case, boss.id)
    await team.set_cover(service, boss, world.case, world.second.id)
    other = await staff(service, "elm", Role.SUPERVISOR)
    await cases.set_policy(service, other, world.case, replace(stricter, four_eyes=False), reason="Less careful.")
    for asker in (boss, other, lead):
        for part in ("co", "lead"):
            with pytest.raises((BadInput, NotAllowed)):
                await team.assign(service, asker, world.case, other.id, part=part)
    with pytest.raises(BadInput, match="from outside"):
        await team.set_cover(service, boss, world.case, other.id)
    with pytest.raises(BadInput, match="from outside"):
        await leaving.hand_over_and_close(service, boss, lead.id, {world.case: other.id})
    await team.assign(service, boss, world.case, boss.id)


async def test_rule_12_a_supervisor_alone_makes_the_case_they_lead_stricter(world: World) -> None:
    """Of every kind, opened without anybody else; nothing that it had more of is lost with a kind that has less."""
    service, lead = world.service, await staff(world.service, "alone", Role.SUPERVISOR, Role.FACILITATOR)
    for type_ in CaseType:
        await cases.open_case(service, lead, type=type_)
    case = await cases.open_case(service, lead, type=CaseType.GENERAL)
    for type_ in (CaseType.YOUNG, CaseType.SERIOUS, CaseType.GENDER_VIOLENCE):
        before = (await case_view(service, lead, case)).policy
        await cases.set_type(service, replace(lead, stepped_up=False), case, type_, reason="We know more.")
        after = (await case_view(service, lead, case)).policy
        assert case_types.looser(before, after) == frozenset()
        case_types.check(type_, after)
    assert after.assessment_days == 60


async def test_rule_12_what_was_approved_is_handed_over_as_carefully_as_it_was_approved(service: Service) -> None:
    """Four eyes and time to think stay until then, whoever asks; then they may go; the page says why not before."""
    policy = Policy(four_eyes=True, cooling_days=2)
    world = await make_world(service, policy=policy)
    await team.assign(service, world.supervisor, world.case, world.stranger.id)
    message = await world.letter()
    for who in (world.second, world.stranger):
        await world.approve(message, by=who)
    assert await world.state(message) == State.APPROVED
    for less in ({"four_eyes": False}, {"cooling_days": 1}):
        with pytest.raises(Refused, match="second pair of eyes"):
            await cases.set_policy(service, world.supervisor, world.case, replace(policy, **less), reason="x")
    await cases.set_policy(service, world.supervisor, world.case, replace(policy, assessment_days=120), reason="x")
    await cases.set_type(service, world.supervisor, world.case, CaseType.YOUNG, reason="x")
    await cases.set_type(service, world.supervisor, world.case, CaseType.GENERAL, reason="x")
    kept = (await case_view(service, world.supervisor, world.case)).policy
    assert (kept.four_eyes, kept.cooling_days) == (True, 2)
    await consent.withdraw_message(service, world.facilitator, message)
    await cases.set_policy(service, world.supervisor, world.case, Policy(), reason="x")
    assert (await case_view(service, world.supervisor, world.case)).policy == Policy()
