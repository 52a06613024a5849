"""A question is lent to the link through which it is answered: it is not that link's message, and only lent."""

from uuid import UUID

import pytest
from sqlalchemy import select, update

from exchange.core.errors import ExchangeError
from exchange.core.model import Channel, ConsentKind, State
from exchange.steps import consent, draft, intake, links, offer, process, release, sending, view, visit
from exchange.steps.visit import Visit
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.dialogue import question
from tests.support.roles import as_portal
from tests.support.world import PERSON, World, make_world, said_of

OLD, NEW = "O" * 42 + "A", "N" * 42 + "A"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def _answering(world: World) -> tuple[UUID, links.NewLink, Visit]:
    """A question that was read, and its recipient at the link for the answer."""
    asked = await question(world)
    people = {"author": world.recipient, "recipient": world.author}
    link = await links.invite(world.service, world.facilitator, channel=Channel.EMAIL, answers=asked, **people)
    return asked, link, await world.visit(link, OLD)


async def _written(world: World, found: Visit) -> tuple[UUID, Visit]:
    """The answer as it is put in, not yet sent, and the visit that is about it from now on."""
    portal = as_portal(world.service)
    await draft.save(portal, found, "It stood open.")
    await sending.write(portal, found, "It stood open.")
    found = await visit.load(portal, OLD, found.id)
    assert found.link.message_id is not None
    return found.link.message_id, found


async def _handed_over(world: World, answer: UUID) -> links.NewLink:
    """The answer made safe, approved, agreed to and handed over by link to who asked."""
    service, lead = world.service, world.facilitator
    await process.process_message(service, answer)
    await world.approve(answer)
    digest = await world.digest(answer)
    about = {"message_id": answer}
    await consent.record(service, lead, world.recipient, ConsentKind.SHARE, True, PERSON, digest=digest, **about)
    await offer.make_offer(service, lead, answer, offer.Terms("An answer.", Channel.PHONE, by_link=False))
    await consent.record(service, lead, world.author, ConsentKind.RECEIVE, True, said_of(ConsentKind.RECEIVE), **about)
    return await release.release_by_link(service, lead, answer, channel=Channel.EMAIL)


async def _locked(world: World, link: links.NewLink) -> None:
    """Ten wrong codes by the browser that has it; time passes between fives."""
    for _ in range(10):
        async with reading(world.service) as conn:
            await conn.execute(update(t.link).values(wait_until=None))
        with pytest.raises(ExchangeError):
            await visit.claim(world.service, link.secret, OLD, "not the code at all")


async def test_wrong_codes_on_an_old_link_for_writing_move_no_message(world: World) -> None:
    """What is handed over can still be taken back: staff sent the answer, so the link for writing it is still there."""
    _, old, found = await _answering(world)
    answer, _ = await _written(world, found)
    await intake.finish(world.service, world.facilitator, answer)
    link = await _handed_over(world, answer)
    await _locked(world, old)
    assert await world.state(answer) == State.RELEASED
    reader = await world.visit(link, NEW)
    await view.open_for_visitor(world.service, reader, "text")
    seen = await release.revoke(world.service, world.facilitator, answer, wrong_person=True)
    assert [one.part for one in seen] == ["text"]


async def test_what_was_seen_tells_the_parts_of_this_message_only(world: World) -> None:
    """The question read above the answer was seen of the question; of the answer nothing was."""
    asked, _, found = await _answering(world)
    async with reading(world.service) as conn:
        grants = (await conn.execute(select(t.grant.c.message_id))).scalars().all()
    assert grants == [asked]
    answer, found = await _written(world, found)
    await view.open_for_visitor(world.service, found, "text")
    await intake.finish(world.service, world.facilitator, answer)
    await _handed_over(world, answer)
    assert await release.revoke(world.service, world.facilitator, answer, wrong_person=True) == []
    seen = await release.revoke(world.service, world.facilitator, asked, wrong_person=True)
    assert [one.part for one in seen] == ["text"]


async def test_a_link_opened_in_a_second_browser_still_shows_the_question(world: World) -> None:
    """The first browser is out; what takes the question back takes it from the second too."""
    asked, link, first = await _answering(world)
    portal = as_portal(world.service)
    await view.open_for_visitor(portal, first, "text")
    second = await world.visit(link, NEW)
    await view.open_for_visitor(portal, second, "text")
    with pytest.raises(ExchangeError):
        await visit.load(portal, OLD, first.id)
    third = await world.visit(link, OLD)
    await view.open_for_visitor(portal, third, "text")
    await release.revoke(world.service, world.facilitator, asked)
    with pytest.raises(ExchangeError):
        await view.open_for_visitor(portal, third, "text")
    fourth = await world.visit(link, NEW)
    with pytest.raises(ExchangeError):
        await view.open_for_visitor(portal, fourth, "text")


async def test_a_sent_answer_lends_its_question_no_longer(world: World) -> None:
    """Sent is done: the key of the question goes from the link, and the visit that is still open cannot read it."""
    asked, link, found = await _answering(world)
    _, found = await _written(world, found)
    await sending.send(as_portal(world.service), found)
    async with reading(world.service) as conn:
        grants = (await conn.execute(select(t.grant.c.id).where(t.grant.c.link_id == link.id))).scalars().all()
    assert grants == []
    found = await visit.load(as_portal(world.service), OLD, found.id)
    with pytest.raises(ExchangeError):
        await view.open_for_visitor(as_portal(world.service), found, "text")
    assert await world.state(asked) == State.OPENED
