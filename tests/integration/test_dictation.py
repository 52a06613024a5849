"""A letter said by phone or in person and written down: confirmed by its author before any offer (rules 3, 7, 20)."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from exchange.core.errors import BadInput, Refused
from exchange.core.model import Channel, ConsentKind, Given, Kind, Method
from exchange.steps import consent, intake, offer, process, review
from exchange.steps.consent import Said
from exchange.store import ledger_read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import running_console
from tests.support.world import LETTER, World, make_world

PHONE = Said(Method.PHONE, "share-2026-01")
TERMS = offer.Terms("One page. It is calm.", Channel.PHONE, by_link=False)


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def dictated(world: World, given: Given = Given.PHONE, *, approve: bool = True) -> UUID:
    """A letter that staff were given so, made safe, and approved."""
    who = {"author": world.author, "recipient": world.recipient}
    message = await intake.begin_message(world.service, world.facilitator, world.case, kind=Kind.LETTER, **who)
    await intake.write_letter(world.service, world.facilitator, message, LETTER, given=given)
    await intake.finish(world.service, world.facilitator, message)
    await process.process_message(world.service, message)
    if approve:
        await world.approve(message)
    return message


async def share(world: World, message: UUID, said: Said, given: bool = True) -> None:
    """Record what the author said about sharing the newest version."""
    about = {"message_id": message, "digest": await world.digest(message)}
    await consent.record(world.service, world.facilitator, world.author, ConsentKind.SHARE, given, said, **about)


@pytest.mark.parametrize("given", [Given.PHONE, Given.IN_PERSON])
async def test_rule_20_what_was_said_is_read_back_before_it_is_offered(world: World, given: Given) -> None:
    """Without it no agreement is recorded and nothing can be offered; with it who, when and how are kept."""
    message = await dictated(world, given)
    for method in (Method.PHONE, Method.IN_PERSON, Method.WRITING):
        with pytest.raises(BadInput) as refused:
            await share(world, message, replace(PHONE, method=method))
        assert refused.value.field == "read_back"
    with pytest.raises(Refused):
        await offer.make_offer(world.service, world.facilitator, message, TERMS)
    await share(world, message, replace(PHONE, read_back=True))
    await offer.make_offer(world.service, world.facilitator, message, TERMS)
    async with reading(world.service) as conn:
        c, d = t.consent, t.dictation
        kept = (await conn.execute(select(c).where(c.c.message_id == message))).one()
        written = (await conn.execute(select(d).where(d.c.message_id == message))).one()
        leaves = [entry.leaf for entry in await ledger_read.leaves(conn)]
    assert (kept.detail["read_back"], kept.method, kept.recorded_by) == (True, "phone", world.facilitator.id)
    assert (written.given, written.account_id) == (given, world.facilitator.id)
    assert [leaf["method"] for leaf in leaves if leaf["act"] == "message.dictated"] == [given]


async def test_what_its_author_wrote_or_holds_in_their_hand_needs_no_reading_back(world: World) -> None:
    """Copied from paper; or agreed to on paper, against the printed version's code. A no is always taken."""
    copied = await dictated(world, Given.PAPER)
    await share(world, copied, PHONE)
    message = await dictated(world)
    async with reading(world.service) as conn:
        r = t.revision
        code = (await conn.execute(select(r.c.version_code).where(r.c.message_id == message))).scalar_one()
    await share(world, message, replace(PHONE, method=Method.PAPER, paper_code=code))
    await share(world, message, PHONE, given=False)


async def test_a_letter_copied_in_the_next_round_needs_no_reading_back(world: World) -> None:
    """What counts is how the words of this round were given; the record keeps both."""
    message = await dictated(world, approve=False)
    digest = await world.digest(message)
    await review.return_to_author(world.service, world.facilitator, message, digest, reason="Shorter, please.")
    await intake.put_in_again(world.service, world.facilitator, message)
    await intake.write_letter(world.service, world.facilitator, message, LETTER + "More.")
    await intake.finish(world.service, world.facilitator, message)
    await process.process_message(world.service, message)
    await world.approve(message)
    await share(world, message, PHONE)
    async with reading(world.service) as conn:
        leaves = [entry.leaf for entry in await ledger_read.leaves(conn)]
    assert [leaf["method"] for leaf in leaves if leaf["act"] == "message.dictated"] == ["phone", "paper"]


async def test_rule_20_the_pages_ask_how_it_was_given_and_for_the_reading_back(world: World, service: Service) -> None:
    """Paper is chosen unless somebody says otherwise; the tick stands on the page of a dictated letter only."""
    async with running_console(service) as console:
        fern = await console.as_(world.facilitator)
        who = {"author": world.author, "recipient": world.recipient}
        begun = await intake.begin_message(service, world.facilitator, world.case, kind=Kind.LETTER, **who)
        where = f"/messages/{begun}/upload?what=typed"
        _, text = await fern.get(where)
        assert 'value="paper" checked' in text
        assert (await fern.send(f"/messages/{begun}/upload/typed", where, text=LETTER, given="in_person"))[0] == 303
        await process.process_message(service, begun)
        await world.approve(begun)
        page = f"/messages/{begun}/consent/share"
        said = {"wording": "share-2026-01", "language": "en", "given": "yes", "method": "phone"}
        said["digest"] = await world.digest(begun)
        status, text, _ = await fern.send(page, **said)
        assert (status, "read it back to them, word for word" in text) == (422, True)
        assert (await fern.send(page, **said, read_back="yes"))[0] == 303
        other = await world.approved()
        assert 'name="read_back"' not in (await fern.get(f"/messages/{other}/consent/share"))[1]
