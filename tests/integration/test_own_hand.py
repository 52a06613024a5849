"""An answer "by link" is given by the person themselves, in their own visit: staff never record one so (rule 5)."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from exchange.core.errors import BadInput
from exchange.core.model import ConsentKind, Given, Kind, Method
from exchange.steps import appeals, consent, intake, process, review, setup
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import running_api
from tests.support.world import LETTER, PERSON, World, make_world

LINK = Said(Method.LINK, "share-2026-01")


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service)


async def test_staff_never_record_an_answer_as_given_by_link(world: World) -> None:
    """Not sharing, receiving, taking part, later or an appeal; a dictated letter is read back whatever they say."""
    service, lead = world.service, world.facilitator
    who = {"author": world.author, "recipient": world.recipient}
    message = await intake.begin_message(service, lead, world.case, kind=Kind.LETTER, **who)
    await intake.write_letter(service, lead, message, LETTER, given=Given.PHONE)
    await intake.finish(service, lead, message)
    await process.process_message(service, message)
    await world.approve(message)
    share = {"message_id": message, "digest": await world.digest(message)}
    take_part, receive = ConsentKind.TAKE_PART, ConsentKind.RECEIVE
    async with reading(service) as conn:
        before = len((await conn.execute(select(t.consent.c.id))).all())
    for given in (True, False):
        for recorded in (
            consent.record(service, lead, world.author, ConsentKind.SHARE, given, LINK, **share),
            consent.record(service, lead, world.author, take_part, given, replace(LINK, wording="take_part-2026-01")),
            consent.record(service, lead, world.recipient, receive, given, LINK, message_id=message),
            consent.postpone(service, lead, world.recipient, message, LINK),
        ):
            with pytest.raises(BadInput) as refused:
                await recorded
            assert refused.value.field == "method"
    with pytest.raises(BadInput) as refused:
        await consent.record(service, lead, world.author, ConsentKind.SHARE, True, PERSON, **share)
    assert refused.value.field == "read_back"
    other = await world.letter()
    await review.withhold(service, lead, other, await world.digest(other), reason="It names a school.")
    with pytest.raises(BadInput) as refused:
        await appeals.appeal(service, lead, other, says="No.", method=Method.LINK)
    assert refused.value.field == "method"
    async with reading(service) as conn:
        assert len((await conn.execute(select(t.consent.c.id))).all()) == before
        assert (await conn.execute(select(t.appeal.c.id))).all() == []


async def test_the_api_takes_no_answer_by_link_from_staff(world: World) -> None:
    """Neither a consent nor an appeal; the answer names the field and says why in a sentence."""
    async with running_api(world.service) as api:
        caller = await api.as_(world.facilitator)
        asked = {"kind": "take_part", "given": True, "method": "link", "wording": "take_part-2026-01"}
        answer = await caller.ask("POST", f"/participants/{world.author}/consents", asked)
        assert (answer.status, "through their link" in str(answer.body)) == (422, True)
        appealed = {"says": "No.", "method": "link"}
        answer = await caller.ask("POST", f"/messages/{await world.letter()}/appeal", appealed)
        assert (answer.status, "through their link" in str(answer.body)) == (422, True)
