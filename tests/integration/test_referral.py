"""Self-referral on real PostgreSQL: sealed as it arrives, read by staff on the record, decided once."""

import asyncio
import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from exchange.core.diary import Diary
from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, WaitAWhile
from exchange.core.model import Role
from exchange.core.referrals import Source
from exchange.steps import diary, referral
from exchange.store import tables as t
from exchange.store.read import diary_of, needs_you_now
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.staff import dump, found, leaves, member

PLANTED = {
    "reach_by": "phone",
    "reach_address": "07700 900 123 planted-number",
    "reach_when": "planted-weekday mornings",
    "reach_words": "say you are the planted-dentist",
    "name": "Planted-Name Morgan",
    "about": "the burglary in planted-street; Gwenllïan 💬",
}


async def test_what_is_told_is_sealed(service: Service, portal_service: Service) -> None:
    """Saved without keys; nothing that was told is in any table or leaf; staff read it whole."""
    await found(service)
    reference = await referral.save_referral(portal_service, PLANTED)
    assert re.fullmatch(r"R-[2-9A-Z]{4}", reference)
    everything = (await dump(service)).lower()
    assert reference.lower().encode() in everything
    assert b"planted" not in everything
    assert b"planted".hex().encode() not in everything
    who = await member(service, "jo")
    actor = who.actor(Role.FACILITATOR)
    (listed,) = await referral.listed(service, actor)
    assert (listed.reference, listed.state) == (reference, "new")
    opened = await referral.read_referral(service, actor, listed.id)
    assert opened.answers == PLANTED
    acts = "".join(await leaves(service))
    assert '"act":"referral.received"' in acts
    assert '"act":"referral.read"' in acts


async def test_the_portal_cannot_read_it_again(service: Service, portal_service: Service) -> None:
    """Its database role does not even get the sealed words; without keys nothing of them would open."""
    await found(service)
    await referral.save_referral(portal_service, PLANTED)
    actor = (await member(service, "jo")).actor(Role.FACILITATOR)
    (listed,) = await referral.listed(service, actor)
    with pytest.raises(DBAPIError, match="permission denied for table referral"):
        await referral.read_referral(portal_service, actor, listed.id)
    with pytest.raises(NotAllowed):
        await referral.read_referral(replace(service, keys=None), actor, listed.id)


async def test_one_safe_way_is_enough_and_needed(service: Service) -> None:
    """Nothing else is demanded."""
    await found(service)
    with pytest.raises(BadInput) as refusal:
        await referral.save_referral(service, {"name": "Sam", "reach_by": "phone", "reach_address": "  "})
    assert refusal.value.field == "reach_address"
    assert await referral.save_referral(service, {"reach_by": "post", "reach_address": "c/o the library"})


@pytest.mark.parametrize("odd", [{"about": "x" * 4_001}, {"admin": "yes"}])
async def test_odd_answers_are_refused(service: Service, odd: dict[str, str]) -> None:
    """Too long, or fields that the form does not have; nothing is kept."""
    await found(service)
    with pytest.raises(BadInput):
        await referral.save_referral(service, {**PLANTED, **odd})
    async with reading(service) as conn:
        assert (await conn.execute(text("select count(*) from referral"))).scalar_one() == 0


async def test_a_flood_is_held_off(service: Service) -> None:
    """After a hundred in an hour people are asked to ring."""
    await found(service)
    insert = "insert into referral (reference) select 'X-' || n from generate_series(1, 100) n"
    async with reading(service) as conn:
        await conn.execute(text(insert))
    with pytest.raises(WaitAWhile, match="ring"):
        await referral.save_referral(service, PLANTED)
    assert await referral.save_referral(service, PROFESSIONAL, Source.PROFESSIONAL)


async def test_a_busy_form_of_professionals_never_shuts_out_people_in_need(
    portal_service: Service, service: Service
) -> None:
    """Each form has a count of its own, in the portal's role too."""
    await found(service)
    insert = "insert into referral (reference, source) select 'X-' || n, 'professional' from generate_series(1, 100) n"
    async with reading(service) as conn:
        await conn.execute(text(insert))
    with pytest.raises(WaitAWhile):
        await referral.save_referral(portal_service, PROFESSIONAL, Source.PROFESSIONAL)
    assert await referral.save_referral(portal_service, PLANTED)


async def test_it_becomes_one_case_with_its_reference(service: Service) -> None:
    """However often it is pressed; afterwards only the case's team reads it."""
    await found(service)
    reference = await referral.save_referral(service, PLANTED)
    actor = (await member(service, "jo")).actor(Role.FACILITATOR)
    other = (await member(service, "sam")).actor(Role.FACILITATOR)
    (listed,) = await referral.listed(service, actor)
    tries = [referral.open_case(service, one, listed.id) for one in (actor, other, actor)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    opened = [one for one in ended if not isinstance(one, BaseException)]
    assert len(set(opened)) == 1
    assert all(isinstance(one, Conflict) for one in ended if isinstance(one, BaseException))
    async with reading(service) as conn:
        cases = (await conn.execute(text("select id, reference from cases"))).all()
    assert [(case.id, case.reference) for case in cases] == [(opened[0], reference)]
    leads = actor if not isinstance(ended[0], BaseException) or not isinstance(ended[2], BaseException) else other
    outside = other if leads is actor else actor
    assert (await referral.read_referral(service, leads, listed.id)).answers == PLANTED
    with pytest.raises(NotFound):
        await referral.read_referral(service, outside, listed.id)


async def test_an_interrupted_opening_is_finished_by_the_next_try(service: Service) -> None:
    """The case was made, the referral not yet marked: the same case is taken."""
    await found(service)
    await referral.save_referral(service, PLANTED)
    actor = (await member(service, "jo")).actor(Role.FACILITATOR)
    (listed,) = await referral.listed(service, actor)
    case_id = await referral.open_case(service, actor, listed.id)
    async with reading(service) as conn:
        await conn.execute(text("update referral set state = 'new', case_id = null"))
    assert await referral.open_case(service, actor, listed.id) == case_id


async def test_not_for_us_needs_a_reason_that_is_sealed(service: Service) -> None:
    """And is final: no case afterwards."""
    await found(service)
    await referral.save_referral(service, PLANTED)
    actor = (await member(service, "jo")).actor(Role.SUPERVISOR)
    (listed,) = await referral.listed(service, actor)
    with pytest.raises(BadInput):
        await referral.not_for_us(service, actor, listed.id, reason=" ")
    await referral.not_for_us(service, actor, listed.id, reason="lives in planted-county")
    assert b"planted" not in await dump(service)
    assert (await referral.read_referral(service, actor, listed.id)).reason == "lives in planted-county"
    with pytest.raises(Conflict):
        await referral.open_case(service, actor, listed.id)
    assert await referral.listed(service, actor) == []


PROFESSIONAL = {
    "by_name": "planted-officer", "by_organisation": "planted-station", "by_role": "police", "by_reach": "planted-desk",
    "one_name": "planted-wren", "one_side": "harmed", "one_agreed": "yes", "one_agreed_when": "planted-day",
    "one_reach_by": "phone", "one_reach_address": "planted-number", "two_name": "planted-ash", "two_agreed": "no",
    "two_reach_address": "planted-unasked", "orders": "yes", "orders_words": "planted-order", "risks": "planted-risk",
}  # fmt: skip


async def test_rule_1_what_a_professional_tells_makes_nobody_a_contact(
    service: Service, portal_service: Service
) -> None:
    """Sealed as it arrives, in the same triage, marked; as a case it has no person, contact or consent in it."""
    await found(service)
    reference = await referral.save_referral(portal_service, PROFESSIONAL, Source.PROFESSIONAL)
    assert b"planted" not in (await dump(service)).lower()
    lead = (await member(service, "jo")).actor(Role.FACILITATOR)
    (listed,) = await referral.listed(service, lead)
    assert (listed.reference, listed.source) == (reference, Source.PROFESSIONAL)
    (waits,) = (await needs_you_now(service, lead))["referrals"]
    assert waits.kind == "referral_professional"
    told = (await referral.read_referral(service, lead, listed.id)).answers
    assert told == {name: text for name, text in PROFESSIONAL.items() if name != "two_reach_address"}
    case = await referral.open_case(service, lead, listed.id)
    async with reading(service) as conn:
        for table in (t.participant, t.safe_contact, t.consent, t.notice_wish):
            assert (await conn.execute(select(func.count()).select_from(table))).scalar_one() == 0, table.name
    assert b"planted" not in (await dump(service)).lower()
    (entry,) = await diary_of(service, lead, case)
    assert (entry.kind, entry.value) == (Diary.REFERRED, "professional")
    assert entry.words.splitlines() == [
        "planted-officer",
        "planted-station",
        "planted-desk",
        "planted-wren: planted-day",
    ]
    boss = (await member(service, "sam")).actor(Role.SUPERVISOR)
    assert [one.words for one in await diary_of(service, boss, case)] == [""]
    with pytest.raises(NotFound):
        await diary_of(service, (await member(service, "kim")).actor(Role.FACILITATOR), case)
    with pytest.raises(NotFound):
        await diary.record(service, lead, case, Diary.REFERRED, "self")


async def test_others_may_not_look(service: Service) -> None:
    """Neither auditor nor administrator."""
    await found(service)
    await referral.save_referral(service, PLANTED)
    who = await member(service, "jo")
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            await referral.listed(service, who.actor(role))
