"""Rule 23, by name: what is erased of a person who never took part, what it must not touch, and what stops it."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from exchange.core.diary import Diary
from exchange.core.disclosure import Disclosure
from exchange.core.errors import Refused
from exchange.core.model import OPERATOR, Channel, Policy
from exchange.core.retention import What
from exchange.steps import concern, diary, disclosure, erase, own_copy, referral, retention, setup
from exchange.store import read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.integration.test_retention import bystander, closed
from tests.support.api import running_api
from tests.support.world import World, make_world

REACH = "01632 960 003"
"""Of the bystander."""


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded, kept for a year once it is closed."""
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service, policy=Policy(retention_days=365))


async def test_rule_23_a_case_is_still_read_when_somebody_who_never_took_part_is_erased(world: World) -> None:
    """List, case, message, home, what was passed on, their own page, a copy for another: all read, without the name."""
    service, fern, rowan = world.service, world.facilitator, world.supervisor
    message = await world.letter()
    third = await bystander(world, world.case)
    whom = {"concerned": (third, world.author), "duty": "An act of law"}
    duty = Disclosure("safeguarding", "A council", "A date", "legal_duty", **whom)
    await disclosure.record(service, fern, world.case, duty)
    await closed(world, world.case, days_ago=100)
    await retention.confirm(service, rowan, What.PERSON, third)
    [row] = await read.case_list(service, rowan, show="all")
    assert sorted(name for _, name in row.people) == ["", "Form harmed", "Form responsible"]
    view = await read.case_view(service, fern, world.case)
    assert (view.names[third], view.forms[third]) == ("", "")
    assert view.names[world.author] == "Full name responsible"
    assert (await read.person_view(service, fern, third)).form_of_name == ""
    assert (await read.message_view(service, fern, message)).message.id == message
    await read.needs_you_now(service, fern)
    [told] = await disclosure.of_case(service, fern, world.case)
    assert sorted(told.people) == ["", "Form responsible"]
    copy = await own_copy.prepare(service, fern, world.author)
    first = (await own_copy.read(service, fern, copy)).items[0]
    assert (await own_copy.look_at(service, fern, copy, first.row.id))[1].records
    async with running_api(service) as api:
        lead = await api.console.as_(fern)
        pages = ("/", "/cases?show=all", f"/cases/{world.case}", f"/messages/{message}", f"/people/{third}")
        assert {path: (await lead.get(path))[0] for path in pages} == dict.fromkeys(pages, 200)


async def test_rule_23_an_open_concern_stops_the_erasure_of_a_person_too(world: World) -> None:
    """What it is about may be them: a supervisor decides first. By hand or by itself, not a word of them goes."""
    service, rowan = world.service, world.supervisor
    message = await world.letter()
    third = await bystander(world, world.case)
    await closed(world, world.case, days_ago=100)
    raised = await concern.raise_concern(service, world.facilitator, message, kind="threat", note="Look.")
    with pytest.raises(Refused, match="concern"):
        await retention.confirm(service, rowan, What.PERSON, third)
    assert (await row_of(service, t.participant, third)).name_sealed
    await concern.end_concern(service, rowan, raised, outcome="continue", note="Settled.")
    await retention.confirm(service, rowan, What.PERSON, third)
    assert (await row_of(service, t.participant, third)).name_sealed == b""


async def test_rule_23_nothing_said_about_somebody_who_never_took_part_is_left(world: World) -> None:
    """Their own referral, diary, what was passed on about nobody else; a notice that waits is not sent.

    What is about somebody else too stays, and so does another's referral.
    """
    service, rowan = world.service, world.supervisor
    third = await bystander(world, world.case)
    left = await everything_about(world, third)
    await closed(world, world.case, days_ago=100)
    await retention.confirm(service, rowan, What.PERSON, third)
    assert (await row_of(service, t.referral, left["theirs"])).detail_sealed is None
    assert (await row_of(service, t.referral, left["anothers"])).detail_sealed is not None
    alone = await row_of(service, t.disclosure, left["alone"])
    assert (alone.authority_sealed, alone.what_sealed, alone.duty_sealed) == (None, None, None)
    both = await row_of(service, t.disclosure, left["both"])
    assert None not in (both.authority_sealed, both.what_sealed, both.duty_sealed)
    assert (await row_of(service, t.notice, left["notice"])).state == "stopped"
    async with reading(service) as conn:
        written = select(t.diary.c.words_sealed).where(t.diary.c.participant_id == third)
        assert set((await conn.execute(written)).scalars()) == {None}


async def test_a_restore_erases_people_and_referrals_again(world: World) -> None:
    """By the leaves of the record alone, over a concern that came back.

    Whoever has agreed to take part by now is not whom the leaf means: the backup was made later.
    """
    service, rowan = world.service, world.supervisor
    message = await world.letter()
    third = await bystander(world, world.case)
    left = await everything_about(world, third)
    await referral.save_referral(service, {"reach_by": "phone", "reach_address": "01632 960 777"})
    asked = (await referral.listed(service, rowan))[0].id
    await closed(world, world.case, days_ago=100)
    await concern.raise_concern(service, world.facilitator, message, kind="other", note="Look.")
    leaves = [
        {"act": "participant.erased", "participant": str(third)},
        {"act": "participant.erased", "participant": str(world.recipient)},
        {"act": "referral.erased", "referral": str(asked)},
    ]
    assert await erase.replay(service, OPERATOR, leaves) == 2
    assert (await row_of(service, t.participant, third)).name_sealed == b""
    assert (await row_of(service, t.participant, world.recipient)).name_sealed
    assert {(await row_of(service, t.referral, one)).detail_sealed for one in (asked, left["theirs"])} == {None}
    assert await erase.replay(service, OPERATOR, leaves) == 0


async def row_of(service: Service, table: Any, row: UUID) -> Any:
    """One row as it is now."""
    async with reading(service) as conn:
        return (await conn.execute(select(table).where(table.c.id == row))).one()


async def everything_about(world: World, third: UUID) -> dict[str, UUID]:
    """What is said about somebody who never took part, and beside it what is about others too; by what it is."""
    service, fern = world.service, world.facilitator
    left = {}
    for name, address in (("theirs", REACH), ("anothers", "01632 960 888")):
        await referral.save_referral(service, {"reach_by": "phone", "reach_address": address, "about": "What was"})
        left[name] = (await referral.listed(service, fern))[0].id
        async with reading(service) as conn:
            mine = update(t.referral).where(t.referral.c.id == left[name])
            await conn.execute(mine.values(state="opened", case_id=world.case))
    for name, whom in (("alone", (third,)), ("both", (third, world.author))):
        duty = Disclosure("safeguarding", "A council", "A date", "legal_duty", duty="A law", concerned=whom)
        left[name] = await disclosure.record(service, fern, world.case, duty)
    await diary.record(service, fern, world.case, Diary.INFORMATION, "done", participant=third, words="They wept.")
    notice = {"case_id": world.case, "participant_id": third, "event": "link", "means": Channel.TEXT, "token": "a" * 32}
    async with reading(service) as conn:
        left["notice"] = (await conn.execute(insert(t.notice).values(**notice).returning(t.notice.c.id))).scalar_one()
    return left
