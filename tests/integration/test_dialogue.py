"""Messages and answers as one thread: questions, ground rules, and how people are named and sign, on the real pages."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import func, select

from exchange.core.audit_rules import replay
from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.ground_rules import Rules
from exchange.core.model import Channel, FactKind, Kind, Method, State
from exchange.steps import agreeing, consent, dialogue, draft, intake, links, naming, offer, release, sending, texts
from exchange.steps.own_thread import own_thread
from exchange.store import ledger_read
from exchange.store import tables as t
from exchange.store.read import thread_view
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.pack_words import pack_words
from tests.support.console_site import Console, running_console
from tests.support.dialogue import ASKED, question
from tests.support.portal_site import PortalSite, Visitor, running_portal
from tests.support.roles import as_portal
from tests.support.world import CODE, World, make_world

COOKIE = "D" * 42 + "A"
RULES = Rules(
    ("We write through our facilitator.", "Nobody has to answer."), ("Rydym yn ysgrifennu drwy ein hwylusydd.",)
)


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, without keys."""
    async with running_portal(portal_service) as running:
        yield running


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The staff's site."""
    async with running_console(service) as running:
        yield running


async def _inside(browser: Visitor, link: links.NewLink) -> str:
    """Through landing, code and "for me"; the session's path."""
    session = await browser.open(link.secret, CODE)
    await browser.follow(await browser.post(session + "/me", answer="me"))
    return session


async def answering(world: World, asked: UUID) -> links.NewLink:
    """A link with which the other person answers it."""
    people = {"author": world.recipient, "recipient": world.author}
    return await links.invite(world.service, world.facilitator, channel=Channel.EMAIL, answers=asked, **people)


async def test_a_question_goes_the_way_of_every_message_and_its_answer_finds_it(world: World, site: PortalSite) -> None:
    """Asked, approved, agreed to, offered, read: then it is open; who answers sees it above what they write."""
    asked = await question(world)
    view = await thread_view(world.service, world.facilitator, world.case)
    assert [row.id for row in view.questions] == [asked]
    async with site.browser() as browser:
        here = await _inside(browser, await answering(world, asked))
        page = await browser.get(here + "/write")
        assert ASKED in page.text
        await browser.follow(await browser.post(here + "/write", text="It stood open.", go="next"))
        await browser.follow(await browser.post(here + "/check"))
    view = await thread_view(world.service, world.facilitator, world.case)
    (answer,) = view.answers[asked]
    assert (answer.author_id, answer.asks, view.questions) == (world.recipient, False, [])
    async with reading(world.service) as conn:
        leaves = [leaf.leaf for leaf in await ledger_read.leaves(conn, limit=1000)]
    assert replay(leaves) == []
    assert any(leaf["act"] == "view.opened" and leaf["message"] == str(asked) for leaf in leaves)


async def test_a_question_that_was_taken_back_is_not_shown_to_whoever_answers(world: World, site: PortalSite) -> None:
    """Also while they are writing; so where the reading of it is taken back."""
    asked = await question(world)
    other = await question(world, "Do you remember the dog?")
    async with site.browser() as first, site.browser() as second:
        here, there = (
            await _inside(first, await answering(world, asked)),
            await _inside(second, await answering(world, other)),
        )
        assert ASKED in (await first.get(here + "/write")).text
        await consent.withdraw_message(world.service, world.facilitator, asked)
        page = (await first.get(here + "/write")).text
        assert ASKED not in page
        assert "cannot be shown just now" in page
        assert "the dog" in (await second.get(there + "/write")).text
        await world.revoke(other)
        assert "the dog" not in (await second.get(there + "/write")).text


async def test_a_question_is_shown_above_the_answer_only_while_the_gate_shows_it(
    world: World, site: PortalSite
) -> None:
    """A hold hides it at once, and it is there again afterwards; a no to receiving it takes it away."""
    asked = await question(world)
    async with site.browser() as browser:
        here = await _inside(browser, await answering(world, asked))
        await world.fact(FactKind.HOLD, "on")
        assert ASKED not in (await browser.get(here + "/guidance")).text
        await world.fact(FactKind.HOLD, "off", by=world.supervisor)
        assert ASKED in (await browser.get(here + "/guidance")).text
        await world.accept(asked, given=False)
        assert ASKED not in (await browser.get(here + "/guidance")).text


async def test_only_what_somebody_was_handed_can_be_answered(world: World) -> None:
    """Not what is on its way to them, not their own, not somebody else's."""
    waiting, asked = await world.approved(), await question(world)
    people = {"author": world.recipient, "recipient": world.author}
    for wrong, who in ((waiting, people), (asked, {"author": world.author, "recipient": world.recipient})):
        with pytest.raises(BadInput) as refused:
            await links.invite(world.service, world.facilitator, channel=Channel.EMAIL, answers=wrong, **who)
        assert refused.value.field == "answers"
    with pytest.raises(NotFound):
        await intake.begin_message(
            world.service, world.facilitator, world.case, kind=Kind.LETTER, answers=asked,
            author=world.author, recipient=world.recipient,
        )  # fmt: skip


async def test_a_question_is_one_short_question_in_writing(world: World) -> None:
    """No recording, no letter never to be sent, nothing longer than a question."""
    who = {"author": world.author, "recipient": world.recipient}
    for wrong in ({"kind": Kind.AUDIO}, {"kind": Kind.LETTER, "never_sent": True}):
        with pytest.raises(BadInput):
            await intake.begin_message(world.service, world.facilitator, world.case, asks=True, **wrong, **who)
    message = await intake.begin_message(
        world.service, world.facilitator, world.case, kind=Kind.LETTER, asks=True, **who
    )
    with pytest.raises(BadInput):
        await intake.write_letter(world.service, world.facilitator, message, "Why? " * 201)
    await intake.write_letter(world.service, world.facilitator, message, "Why? " * 200)


async def test_the_thread_of_one_person_holds_what_they_wrote_and_were_handed_and_nothing_on_its_way(
    world: World, console: Console
) -> None:
    """Rule 1: an offer that was not accepted stands in the case's thread and not in its recipient's."""
    asked, (waiting, _) = await question(world), await world.offered()
    mine = await thread_view(world.service, world.facilitator, world.case, world.recipient)
    assert [line.message.id for line in mine.lines] == [asked]
    theirs = await thread_view(world.service, world.facilitator, world.case, world.author)
    assert [line.message.id for line in theirs.lines] == [asked, waiting]
    assert [line.released_at is not None for line in theirs.lines] == [True, False]
    with pytest.raises(NotFound):
        await thread_view(world.service, world.stranger, world.case)
    team = await console.as_(world.facilitator)
    status, page = await team.get(f"/cases/{world.case}/thread")
    numbers = [(await world.row(one)).reference for one in (asked, waiting)]
    assert (status, "Open questions" in page, all(number in page for number in numbers)) == (200, True, True)
    _, page = await team.get(f"/cases/{world.case}/thread?of={world.recipient}")
    assert [number in page for number in numbers] == [True, False]


async def test_the_thread_a_participant_sees_tells_nothing_of_what_became_of_theirs(
    world: World, site: PortalSite
) -> None:
    """Rules 4 and 8: the same page for a letter that was read, declined or waits; of the other's what they may read."""
    asked = await question(world)
    visits = {}
    for name, who in (("author", world.author), ("recipient", world.recipient)):
        other = world.author if name == "recipient" else world.recipient
        link = await links.invite(world.service, world.facilitator, who, other, channel=Channel.EMAIL)
        visits[name] = await world.visit(link, COOKIE)
    portal = as_portal(world.service)
    before = await own_thread(portal, visits["author"])
    assert [(one.mine, one.asks) for one in before] == [(True, True)]
    assert [(one.mine, one.asks) for one in await own_thread(portal, visits["recipient"])] == [(False, True)]
    await world.accept(asked, given=False)
    assert await own_thread(portal, visits["author"]) == before
    assert await own_thread(portal, visits["recipient"]) == []
    async with site.browser() as browser:
        link = await links.invite(
            world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL
        )
        page = await browser.get(await _inside(browser, link) + "/thread")
    assert "a question" in page.text
    assert not any(word in page.text.lower() for word in ("opened it", "declined", "accepted", "offered"))


async def test_nobody_sends_before_they_agreed_to_the_ground_rules_and_new_ones_ask_again(
    world: World, site: PortalSite
) -> None:
    """The link leads to the rules first; they stand above the page; changed rules refuse until they are agreed to."""
    service, lead = world.service, world.facilitator
    await dialogue.write(service, lead, world.case, RULES)
    who = {"author": world.author, "recipient": world.recipient}
    with pytest.raises(Refused) as refused:
        await intake.begin_message(service, lead, world.case, kind=Kind.LETTER, **who)
    assert [one.code for one in refused.value.reasons] == ["ground_rules"]
    link = await links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL)
    async with site.browser() as browser:
        here = await _inside(browser, link)
        page = await browser.follow(await browser.get(here + "/guidance"))
        assert RULES.en[0] in page.text
        assert "What helps" not in page.text
        page = await browser.follow(await browser.post(here + "/rules", answer="agree"))
        assert "What helps" in page.text
        page = await browser.get(here + "/write")
        assert RULES.en[1] in page.text
        newest = await dialogue.write(service, lead, world.case, Rules(("Only letters.",)))
        page = await browser.follow(await browser.get(here + "/write"))
        assert "have changed" in page.text
        answer = await browser.post(here + "/rules", answer="agree")
        assert answer.status == 409
    with pytest.raises(Refused):
        await intake.begin_message(service, lead, world.case, kind=Kind.LETTER, **who)
    await dialogue.record(service, lead, world.author, newest, Method.PAPER)
    await intake.begin_message(service, lead, world.case, kind=Kind.LETTER, **who)


async def test_ground_rules_are_sealed_versions_that_only_the_team_writes(world: World) -> None:
    """Not by the stranger; the same words are no new version; nobody agrees to old ones."""
    service, lead = world.service, world.facilitator
    first = await dialogue.write(service, lead, world.case, RULES)
    with pytest.raises(Conflict):
        await dialogue.write(service, lead, world.case, RULES)
    with pytest.raises(NotFound):
        await dialogue.write(service, world.stranger, world.case, Rules(("Mine.",)))
    with pytest.raises(BadInput):
        await dialogue.write(service, lead, world.case, Rules((" ",), ()))
    await dialogue.write(service, lead, world.case, dialogue.template())
    with pytest.raises(Conflict):
        await dialogue.record(service, lead, world.author, first, Method.PHONE)
    with pytest.raises(BadInput):
        await dialogue.record(service, lead, world.author, first, Method.LINK)
    assert [one.rules for one in await dialogue.read(service, lead, world.case)] == [dialogue.template(), RULES]
    async with reading(service) as conn:
        stored = (await conn.execute(select(t.ground_rules.c.text_sealed))).scalars().all()
        assert (await conn.execute(select(func.count()).select_from(t.rules_agreed))).scalar_one() == 0
    assert not any(line.encode() in blob for blob in stored for line in RULES.en)


async def test_a_letter_never_to_be_sent_needs_no_ground_rules(world: World) -> None:
    """It is written for oneself."""
    await dialogue.write(world.service, world.facilitator, world.case, RULES)
    link = await links.invite(
        world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL, never_sent=True
    )
    visit = await world.visit(link, COOKIE)
    assert not (await agreeing.standing(as_portal(world.service), visit)).agreed
    await draft.save(as_portal(world.service), visit, "For me.")
    await sending.write(as_portal(world.service), visit, "For me.")
    (line,) = (await thread_view(world.service, world.facilitator, world.case)).lines
    assert line.message.never_sent


async def test_rule_16_the_agreed_signature_stands_on_what_is_offered_and_read(
    world: World, site: PortalSite, console: Console
) -> None:
    """Named and signed as agreed: the offer, the page where it is read, the author's own preview."""
    named = {"form_of_name": "The person who did it", "signature": "R. from that evening"}
    await naming.agree(world.service, world.facilitator, world.author, **named)
    approved = await world.approved()
    preview = await links.preview_link(world.service, world.facilitator, approved, channel=Channel.EMAIL)
    _, link = await world.released()
    async with site.browser() as author, site.browser() as recipient:
        own = await author.get(await _inside(author, preview) + "/preview")
        here = await _inside(recipient, link)
        before, read = await recipient.get(here + "/before"), await recipient.get(here + "/read")
    for page in (own, before, read):
        assert named["signature"] in page.text
    assert named["form_of_name"] in before.text
    shared = await world.shared()
    team = await console.as_(world.facilitator)
    assert named["signature"] in (await team.get(f"/messages/{shared}/offer"))[1]


async def test_rule_17_a_form_of_name_that_tells_more_is_saved_only_knowingly(world: World, console: Console) -> None:
    """Part of the full name, an address or a number is marked, on the form and on the person's page."""
    service, lead = world.service, world.facilitator
    for tells in ({"form_of_name": "Full name responsible"}, {"form_of_name": "R.", "signature": "07700 900123"}):
        told = {"signature": "", **tells}
        with pytest.raises(BadInput) as refused:
            await naming.agree(service, lead, world.author, **told)
        assert refused.value.field == "knowing"
    assert await naming.tells(service, lead, world.author) == []
    team = await console.as_(lead)
    place = f"/people/{world.author}/naming"
    status, page, _ = await team.send(place, form_of_name="R.", signature="07700 900123")
    assert (status, "They know this and want it so" in page) == (422, True)
    status, _, _ = await team.send(place, form_of_name="R.", signature="07700 900123", knowing="yes")
    assert status == 303
    assert await naming.tells(service, lead, world.author) == [("phone", "07700 900123")]
    assert "07700 900123</strong>: telephone number" in (await team.get(f"/people/{world.author}"))[1]
    async with reading(service) as conn:
        row = (await conn.execute(select(t.participant).where(t.participant.c.id == world.author))).one()
    assert b"07700" not in (row.signature_sealed or b"")


async def test_the_state_of_a_question_is_told_as_a_question(world: World, console: Console) -> None:
    """On the case, its thread and the pages of putting in."""
    who = {"author": world.author, "recipient": world.recipient, "what": "question"}
    team = await console.as_(world.facilitator)
    _, _, place = await team.send(f"/cases/{world.case}/messages/new", **who)
    assert "The question, word for word" in (await team.get(place))[1]
    status, _, where = await team.send(place.split("?")[0] + "/typed?what=typed", page=place, text=ASKED, given="paper")
    assert status == 303
    row = await world.row(UUID(where.rsplit("/", 1)[1]))
    assert (row.asks, row.state) == (True, State.QUARANTINED)
    assert ">Question " in (await team.get(f"/cases/{world.case}"))[1]


async def test_a_translation_says_who_made_it_wherever_it_is_shown_and_the_original_goes_with_it(
    world: World, site: PortalSite, console: Console
) -> None:
    """At the desk, in the preview, where it is read and on paper; approved and agreed to with its maker inside."""
    service, lead, message = world.service, world.facilitator, await world.approved()
    made = texts.Translated("machine", "Engine 3", checked=True)
    first = await world.digest(message)
    words = {"name": "translation", "language": "pl", "text": "Drogi sąsiedzie"}
    with pytest.raises(BadInput):
        await texts.add_text(
            service, lead, message, base_digest=first, **words, translated=texts.Translated("person", " ")
        )
    digest = await texts.add_text(service, lead, message, base_digest=first, **words, translated=made)
    assert await world.state(message) == State.IN_REVIEW
    team = await console.as_(lead)
    sentence = "A machine made this translation, and a person checked it."
    assert sentence in (await team.get(f"/messages/{message}/review"))[1]
    again = (await team.get(f"/messages/{message}/text?name=translation-pl"))[1]
    assert ("Drogi sąsiedzie" in again, "Engine 3" in again) == (True, False)
    await world.approve(message)
    await world.agree_to_share(message)
    terms = offer.Terms("A letter.", Channel.PHONE, by_link=False)
    await offer.make_offer(service, lead, message, terms)
    await world.accept(message)
    link = await release.release_by_link(service, lead, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        page = (await browser.get(await _inside(browser, link) + "/read")).text
    assert all(
        told in page for told in (sentence, "Drogi sąsiedzie", "— Engine 3, ", "I think about that evening often.")
    )
    async with reading(service) as conn:
        p, r = t.part, t.revision
        facts = (
            select(p.c.facts)
            .join(r, r.c.id == p.c.revision_id)
            .where(r.c.digest == digest, p.c.name == "translation-pl")
        )
        told = (await conn.execute(facts)).scalar_one()
    assert (told["made_by"], told["checked"], "Engine" in str(told)) == ("machine", True, False)
    sheets = pack_words("en", phone="1", name="N.")
    assert sheets.made(told) == sentence


async def test_the_page_of_the_ground_rules_begins_from_ours_and_records_who_agreed(
    world: World, console: Console
) -> None:
    """Written in both languages, agreed to on paper, changed: then everybody is asked anew, and the old ones stay."""
    team, place = await console.as_(world.facilitator), f"/cases/{world.case}/ground-rules"
    _, page = await team.get(place)
    assert all(line.replace("'", "&#39;") in page for line in dialogue.template().cy)
    assert (await team.send(place, en="", cy=""))[0] == 422
    status, _, where = await team.send(place, en="\n".join(RULES.en), cy=RULES.cy[0])
    assert (status, where) == (303, place)
    (version,) = await dialogue.read(world.service, world.facilitator, world.case)
    assert version.rules == RULES
    told = {"person": world.author, "rules": version.row.id, "method": "paper"}
    assert (await team.send(place + "/agreed", page=place, **told))[0] == 303
    page = (await team.get(place))[1]
    assert ("On a signed paper" in page, page.count("Not yet")) == (True, 1)
    assert (await team.send(place, en="Only letters."))[0] == 303
    page = (await team.get(place))[1]
    assert (page.count("Not yet"), RULES.en[0] in page) == (2, True)
    assert (await team.send(place + "/agreed", page=place, **told))[0] == 409
    boss = await console.as_(world.supervisor)
    assert (await boss.get(place))[0] == 403
