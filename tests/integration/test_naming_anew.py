"""What was agreed to was agreed to as it was named and signed then: a change asks anew and ends what shows the old."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import select

from exchange.core.errors import BadInput, LinkDead, Refused
from exchange.core.model import Channel, State
from exchange.steps import cases, links, naming, offer, release, visit
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Console, running_console
from tests.support.dialogue import question
from tests.support.roles import as_portal
from tests.support.world import CODE, World, make_world

COOKIE = "S" * 42 + "A"
FORM = "Form responsible"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The staff's site."""
    async with running_console(service) as running:
        yield running


async def _agree(world: World, signature: str, form_of_name: str = FORM) -> None:
    told = {"form_of_name": form_of_name, "signature": signature, "knowing": True}
    await naming.agree(world.service, world.facilitator, world.author, **told)


async def _opens(world: World, link: links.NewLink) -> bool:
    try:
        await visit.claim(as_portal(world.service), link.secret, COOKIE, CODE)
    except LinkDead:
        return False
    return True


async def test_rule_16_a_changed_signature_asks_the_author_anew(world: World) -> None:
    """Agreed to unsigned: it cannot be offered signed, nor accepted by what was told before, until they agree again."""
    service, lead = world.service, world.facilitator
    await _agree(world, "")
    told, (offered, link) = await world.shared(), await world.offered()
    preview = await links.preview_link(service, lead, told, channel=Channel.EMAIL)
    assert link is not None
    await _agree(world, "")
    assert await world.state(offered) == State.OFFERED
    await _agree(world, "R. from that evening")
    assert [await world.state(one) for one in (told, offered)] == [State.APPROVED, State.APPROVED]
    terms = offer.Terms("A letter.", Channel.PHONE, by_link=False)
    for message in (told, offered):
        with pytest.raises(Refused):
            await offer.make_offer(service, lead, message, terms)
    assert not await _opens(world, preview)
    assert not await _opens(world, link)
    await world.agree_to_share(offered)
    await offer.make_offer(service, lead, offered, terms)


async def test_rule_17_a_name_taken_back_is_on_no_link_any_more(world: World) -> None:
    """Not where it is read, not where somebody writes to them; what was read and ended stays where it was."""
    service, lead = world.service, world.facilitator
    read = await question(world)
    released, reading_link = await world.released()
    people = {"author": world.recipient, "recipient": world.author}
    writing = await links.invite(service, lead, channel=Channel.EMAIL, **people)
    own = await links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL)
    await _agree(world, "", "The person who did it")
    assert [await world.state(one) for one in (read, released)] == [State.OPENED, State.APPROVED]
    async with reading(service) as conn:
        dead = (await conn.execute(select(t.link.c.id).where(t.link.c.payload.is_(None)))).scalars().all()
    assert {reading_link.id, writing.id} <= set(dead)
    assert own.id not in dead
    assert not await _opens(world, reading_link)
    with pytest.raises(Refused):
        await release.release_by_link(service, lead, released, channel=Channel.EMAIL)
    again = await _agreed_anew(world, released)
    assert (await world.visit(again, COOKIE)).payload["from"] == "The person who did it"


async def _agreed_anew(world: World, message: UUID) -> links.NewLink:
    """Both say yes once more, and it is handed over again."""
    service, lead = world.service, world.facilitator
    await world.agree_to_share(message)
    await offer.make_offer(service, lead, message, offer.Terms("A letter.", Channel.PHONE, by_link=False))
    await world.accept(message)
    return await release.release_by_link(service, lead, message, channel=Channel.EMAIL)


async def test_rule_16_what_was_read_is_shown_again_only_with_a_new_yes(world: World) -> None:
    """It stays where it was when the signature changes; taken back after that, the old yes is over."""
    service, lead = world.service, world.facilitator
    read, untouched = await question(world), await question(world)
    await release.revoke(service, lead, untouched)
    assert await world.state(untouched) == State.ACCEPTED
    await _agree(world, "J.", FORM)
    assert await world.state(read) == State.OPENED
    await release.revoke(service, lead, read)
    assert [await world.state(one) for one in (read, untouched)] == [State.APPROVED, State.APPROVED]
    with pytest.raises(Refused):
        await release.release_by_link(service, lead, read, channel=Channel.EMAIL)
    again = await _agreed_anew(world, read)
    await world.visit(again, COOKIE)
    await release.revoke(service, lead, read)
    assert await world.state(read) == State.ACCEPTED


async def test_rule_17_details_page_cannot_save_a_telling_name_unknowingly(world: World, console: Console) -> None:
    """The page of details asks what the page of names asks, and ends what that ends; other details ask nothing."""
    service, lead = world.service, world.facilitator
    offered, _ = await world.offered()
    kept = {"name": "Full name responsible", "needs": "", "custody": False}
    with pytest.raises(BadInput) as refused:
        await cases.change_participant(service, lead, world.author, form_of_name="R. 07700 900123", **kept)
    assert refused.value.field == "knowing"
    await cases.change_participant(service, lead, world.author, form_of_name=FORM, **{**kept, "needs": "Large print"})
    assert await world.state(offered) == State.OFFERED
    team = await console.as_(lead)
    place, form = f"/people/{world.author}/edit", {"name": "Full name responsible", "form_of_name": "R. 07700 900123"}
    status, page, _ = await team.send(place, **form)
    assert (status, "They know this and want it so" in page) == (422, True)
    assert await world.state(offered) == State.OFFERED
    assert (await team.send(place, **form, knowing="yes"))[0] == 303
    assert await world.state(offered) == State.APPROVED
