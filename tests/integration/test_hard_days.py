"""Hard days: somebody dies or cannot be reached, comes of age, or said yes so long ago that it is asked anew."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from exchange.core.audit_rules import replay
from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from exchange.core.model import Channel, ConsentKind, FactKind, Method, State, Status
from exchange.steps import cases, consent, gone, links, notices, of_age, offer, release, team, view, wording
from exchange.steps.consent import Said
from exchange.store import ledger_read
from exchange.store import tables as t
from exchange.store.read import message_view
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Console, running_console
from tests.support.notices import SAFE
from tests.support.portal_site import PortalSite, running_portal
from tests.support.roles import as_portal
from tests.support.world import CODE, World, make_world, said_of

COOKIE = "H" * 42 + "A"
AFTER = Said(Method.IN_PERSON, "share-after-2026-11")
TERMS = offer.Terms("A letter of one page.", Channel.PHONE, by_link=False)


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


async def codes(world: World, message: Any) -> list[str]:
    """What is still needed before the next act."""
    return [reason.code for reason, _ in (await message_view(world.service, world.facilitator, message)).needed]


async def says(world: World, message: Any, *, given: bool) -> None:
    """The author says beforehand what should happen to it."""
    kind = ConsentKind.SHARE_AFTER
    await consent.record(world.service, world.facilitator, world.author, kind, given, AFTER, message_id=message)


async def died(world: World, status: Status = Status.DIED) -> None:
    """It is recorded of the author."""
    await world.fact(FactKind.STATUS, status, world.author)


@pytest.mark.parametrize("status", [Status.DIED, Status.LOST_CONTACT])
async def test_without_a_word_beforehand_nothing_of_the_dead_is_shared(world: World, status: Status) -> None:
    """No offer, no release, and what is being read stops; a no beforehand is the same as none."""
    silent, no, (read, link) = await world.shared(), await world.shared(), await world.released()
    await says(world, no, given=True)
    await says(world, no, given=False)
    visit = await world.visit(link, COOKIE)
    opened = await view.shelf(as_portal(world.service), visit)
    assert opened.parts
    await died(world, status)
    for message in (silent, no):
        assert await codes(world, message) == ["said_beforehand"]
        with pytest.raises(Refused):
            await gone.approve(
                world.service, world.supervisor, message, await world.digest(message), reason="It is right."
            )
        with pytest.raises(Refused):
            await offer.make_offer(world.service, world.facilitator, message, TERMS)
    assert await codes(world, read) == ["said_beforehand"]
    with pytest.raises(Refused):
        await view.shelf(as_portal(world.service), visit)


async def test_with_their_word_it_needs_a_supervisors_second_approval_and_everything_else(world: World) -> None:
    """Said beforehand, approved by a supervisor who is not the first: then offered, accepted, released; and audited."""
    service, message = world.service, await world.shared()
    await says(world, message, given=True)
    with pytest.raises(Refused):
        await gone.approve(service, world.supervisor, message, await world.digest(message), reason="Alive.")
    await died(world)
    digest = await world.digest(message)
    assert await codes(world, message) == ["approval_after"]
    for who in (world.facilitator, world.second, world.auditor):
        with pytest.raises((NotAllowed, NotFound)):
            await gone.approve(service, who, message, digest, reason="x")
    with pytest.raises(BadInput):
        await gone.approve(service, world.supervisor, message, digest, reason=" ")
    with pytest.raises(Conflict):
        await gone.approve(service, world.supervisor, message, "0" * 64, reason="x")
    await gone.approve(service, world.supervisor, message, digest, reason="Her sister knows of it.")
    with pytest.raises(BadInput, match="from outside"):
        await team.assign(service, world.supervisor, world.case, world.supervisor.id)
    assert await codes(world, message) == []
    await offer.make_offer(service, world.facilitator, message, TERMS)
    await world.accept(message)
    await release.release_by_link(service, world.facilitator, message, channel=Channel.EMAIL)
    assert await world.state(message) == State.RELEASED
    async with reading(service) as conn:
        leaves = [leaf.leaf for leaf in await ledger_read.leaves(conn, limit=1000)]
    assert replay(leaves) == []
    without = [leaf for leaf in leaves if leaf["act"] != "review.approved_after"]
    assert [found.reasons for found in replay(without)] == [("approval_after",)]
    unsaid = [leaf for leaf in leaves if leaf.get("scope") != "share_after"]
    assert [found.reasons for found in replay(unsaid)] == [("said_beforehand",)]


async def test_a_second_approval_counts_for_the_situation_and_the_version_for_which_it_was_given(world: World) -> None:
    """It falls with a new version, with the facilitator's approval, and when the situation is recorded anew."""
    service, message = world.service, await world.shared()
    await says(world, message, given=True)
    await died(world, Status.LOST_CONTACT)
    digest = await world.digest(message)
    await gone.approve(service, world.supervisor, message, digest, reason="Years ago.")
    with pytest.raises(Conflict):
        await gone.approve(service, world.supervisor, message, digest, reason="Again.")
    await died(world, Status.DIED)
    assert await codes(world, message) == ["approval_after"]


async def test_the_dead_cannot_be_asked_and_what_they_took_back_stays_so(world: World) -> None:
    """No yes is recorded for them afterwards; a withdrawal of before stands; a no can still be recorded."""
    message, taken = await world.shared(), await world.shared()
    await consent.withdraw_message(world.service, world.facilitator, taken)
    await died(world)
    with pytest.raises(Refused):
        await says(world, message, given=True)
    await says(world, message, given=False)
    assert await world.state(taken) == State.WITHDRAWN
    with pytest.raises(Refused):
        await world.agree_to_share(message)


async def test_every_contact_with_the_dead_stops_at_once(world: World) -> None:
    """Their links end, a notice that waits does not go, and no new link is made for them; the other's stay."""
    service, lead = world.service, world.facilitator
    approved, (_, asked) = await world.approved(), await world.offered(by_link=True)
    preview = await links.preview_link(service, lead, approved, channel=Channel.EMAIL)
    invited = await links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL)
    assert asked
    async with reading(service) as conn:
        waits = {"case_id": world.case, "participant_id": world.author, "event": "link", "means": "email"}
        await conn.execute(t.notice.insert().values(**waits, token="a" * 32, due_at=func.now() + timedelta(days=1)))
    await died(world)
    async with reading(service) as conn:
        states = dict((await conn.execute(select(t.link.c.id, t.link.c.state))).all())
        notice = (await conn.execute(select(t.notice.c.state, t.notice.c.outcome))).one()
    assert (states[preview.id], states[invited.id], states[asked.id]) == ("revoked", "revoked", "live")
    assert tuple(notice) == ("stopped", "status")
    for make in (
        links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL),
        links.preview_link(service, lead, approved, channel=Channel.EMAIL),
    ):
        with pytest.raises((BadInput, Refused)):
            await make


async def test_the_author_says_it_beforehand_through_their_own_link_and_can_change_it(
    world: World, site: PortalSite
) -> None:
    """After agreeing to share; the newest answer counts."""
    message = await world.approved()
    link = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        here = await browser.open(link.secret, CODE)
        await browser.follow(await browser.post(here + "/me", answer="me"))
        await browser.get(here + "/preview")
        done = await browser.follow(await browser.post(here + "/preview", answer="share"))
        assert "/beforehand" in done.text
        page = await browser.get(here + "/beforehand")
        assert wording.current(ConsentKind.SHARE_AFTER).paragraphs[0] in page.text
        await browser.post(here + "/beforehand", answer="share")
        await browser.post(here + "/beforehand", answer="do_not_share")
    view = await message_view(world.service, world.facilitator, message)
    said = [(row.given, row.method, row.wording) for row in view.consents if row.kind == ConsentKind.SHARE_AFTER]
    wanted = wording.current(ConsentKind.SHARE_AFTER).id
    assert said == [(False, "link", wanted), (True, "link", wanted)]


async def test_the_pages_ask_beforehand_and_lead_the_supervisor_to_the_second_approval(
    world: World, console: Console
) -> None:
    """The message's page says what is missing and who may; the form does it."""
    message = await world.shared()
    team, boss = await console.as_(world.facilitator), await console.as_(world.supervisor)
    place = f"/messages/{message}"
    words = wording.current(ConsentKind.SHARE_AFTER)
    told = {"wording": words.id, "language": words.language, "given": "yes", "method": "in_person"}
    assert (await team.send(place + "/consent/after", **told))[0] == 303
    await died(world)
    assert "a supervisor must approve this version too" in (await boss.get(place))[1]
    assert place + "/after" in (await boss.get(place))[1]
    assert (await team.get(place + "/after"))[0] == 403
    digest = await world.digest(message)
    assert (await boss.send(place + "/after", digest=digest, reason=""))[0] == 422
    assert (await boss.send(place + "/after", digest=digest, reason="It is right."))[0] == 303
    assert await codes(world, message) == []


async def said_long_ago(world: World, message: Any) -> None:
    """What counts was said a year and a day ago: to take part, to be asked, to share."""
    said = {"given": True, "method": "in_person", "wording": "x", "at": func.now() - timedelta(days=366)}
    people = [(world.author, ConsentKind.TAKE_PART), (world.recipient, ConsentKind.TAKE_PART)]
    async with reading(world.service) as conn:
        for person, kind in [*people, (world.recipient, ConsentKind.BE_ASKED)]:
            await conn.execute(t.consent.insert().values(participant_id=person, kind=kind, **said))
        told = {"participant_id": world.author, "kind": ConsentKind.SHARE, "message_id": message}
        made = t.consent.insert().values(**told, digest=await world.digest(message), **said)
        share = (await conn.execute(made.returning(t.consent.c.id))).scalar_one()
        await conn.execute(update(t.share_current).values(consent_id=share))


async def test_an_old_yes_is_asked_anew_before_an_offer_and_the_page_says_why(world: World, console: Console) -> None:
    """Rules 2 and 5: waiting for years is normal; offering then asks again, and a fresh yes is enough."""
    message = await world.shared()
    assert await codes(world, message) == []
    await said_long_ago(world, message)
    assert await codes(world, message) == [
        "recipient_consent_old", "be_asked_old", "author_consent_old", "share_old",
    ]  # fmt: skip
    team = await console.as_(world.facilitator)
    page = (await team.get(f"/messages/{message}"))[1]
    assert "agreed to share it too long ago: ask again" in page
    with pytest.raises(Refused):
        await offer.make_offer(world.service, world.facilitator, message, TERMS)
    for person in (world.author, world.recipient):
        await consent.record(
            world.service, world.facilitator, person, ConsentKind.TAKE_PART, True, said_of(ConsentKind.TAKE_PART)
        )
    await consent.record(
        world.service, world.facilitator, world.recipient, ConsentKind.BE_ASKED, True, said_of(ConsentKind.BE_ASKED)
    )
    assert await codes(world, message) == ["share_old"]
    await world.agree_to_share(message)
    await offer.make_offer(world.service, world.facilitator, message, TERMS)


async def young(world: World) -> date:
    """The author is under 18, with a guardian in place, and becomes 18 in twenty days."""
    async with reading(world.service) as conn:
        await conn.execute(update(t.participant).where(t.participant.c.id == world.author).values(under_18=True))
        now: datetime = (await conn.execute(select(func.now()))).scalar_one()
    await world.fact(FactKind.GUARDIAN, "in_place", world.author)
    day = (now + timedelta(days=20)).date()
    await of_age.set_day(world.service, world.facilitator, world.author, day)
    return day


async def birthday(world: World) -> None:
    """It is the day, and everything else was before."""
    async with reading(world.service) as conn:
        mine = update(t.participant).where(t.participant.c.id == world.author)
        await conn.execute(mine.values(of_age_at=func.clock_timestamp()))


async def test_on_the_18th_birthday_what_was_decided_before_counts_no_more(world: World) -> None:
    """By the clock at once; the worker then ends links and code, and a supervisor and the person decide anew."""
    service, lead, message = world.service, world.facilitator, await world.shared()
    await young(world)
    assert await codes(world, message) == []
    assert await of_age.run(service) == 0
    invited = await links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL)
    await birthday(world)
    assert await codes(world, message) == ["author_of_age", "share_consent"]
    with pytest.raises(Refused):
        await offer.make_offer(service, lead, message, TERMS)
    assert await of_age.run(service) == 1
    assert await of_age.run(service) == 0
    assert await codes(world, message) == ["author_of_age", "author_status", "share_consent"]
    async with reading(service) as conn:
        link = (await conn.execute(select(t.link.c.state).where(t.link.c.id == invited.id))).scalar_one()
        code = (await conn.execute(select(t.code).where(t.code.c.participant_id == world.author))).first()
        kinds = (await conn.execute(select(t.task.c.kind, t.task.c.done_at.is_(None)))).all()
    assert (link, code) == ("revoked", None)
    assert dict(map(tuple, kinds))["of_age_soon"] is False
    assert dict(map(tuple, kinds))["decide_status"] is True
    await world.fact(FactKind.STATUS, Status.ACTIVE, world.author, by=world.supervisor)
    await consent.record(service, lead, world.author, ConsentKind.TAKE_PART, True, said_of(ConsentKind.TAKE_PART))
    await world.agree_to_share(message)
    assert await codes(world, message) == []
    await cases.agree_code(service, lead, world.author, how=Channel.PHONE, code="maple ocean lantern")


async def test_came_of_age_recorded_by_hand_ends_links_code_and_what_was_decided_before(world: World) -> None:
    """No day was known: it is recorded that they have come of age, and from then on nothing of the child's counts."""
    service, lead, message = world.service, world.facilitator, await world.shared()
    p = t.participant
    async with reading(service) as conn:
        await conn.execute(update(p).where(p.c.id == world.author).values(under_18=True))
    await world.fact(FactKind.GUARDIAN, "in_place", world.author)

    await notices.record_wish(service, lead, world.author, SAFE)
    invited = await links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL)
    await world.fact(FactKind.STATUS, Status.CAME_OF_AGE, world.author)
    async with reading(service) as conn:
        link = (await conn.execute(select(t.link.c.state).where(t.link.c.id == invited.id))).scalar_one()
        left = [
            (await conn.execute(select(table.c.participant_id).where(table.c.participant_id == world.author))).first()
            for table in (t.code, t.notice_wish)
        ]
        person = (
            await conn.execute(select(p.c.under_18, p.c.of_age_at <= func.now()).where(p.c.id == world.author))
        ).one()
    assert (link, left, tuple(person)) == ("revoked", [None, None], (False, True))
    await world.fact(FactKind.STATUS, Status.ACTIVE, world.author, by=world.supervisor)
    assert await codes(world, message) == ["author_of_age", "share_consent"]
    await consent.record(service, lead, world.author, ConsentKind.TAKE_PART, True, said_of(ConsentKind.TAKE_PART))
    await world.agree_to_share(message)
    assert await codes(world, message) == []


async def test_the_day_of_coming_of_age_is_not_moved_once_it_has_passed(world: World) -> None:
    """Nobody gives a guardian's yes its force back by another day, or by none."""
    message, day = await world.shared(), await young(world)
    await birthday(world)
    for other in (None, day):
        with pytest.raises(BadInput):
            await of_age.set_day(world.service, world.facilitator, world.author, other)
    assert await codes(world, message) == ["author_of_age", "share_consent"]


async def test_the_day_is_kept_only_where_it_is_needed_and_reminds_once(world: World, console: Console) -> None:
    """For somebody under 18 only, in the future only; one task four weeks before; it can be taken away again."""
    service, lead = world.service, world.facilitator
    with pytest.raises(BadInput):
        await of_age.set_day(service, lead, world.author, date(2030, 5, 4))
    day = await young(world)
    for wrong in (date(2020, 1, 1), date(2090, 1, 1)):
        with pytest.raises(BadInput):
            await of_age.set_day(service, lead, world.author, wrong)
    with pytest.raises(NotFound):
        await of_age.set_day(service, world.stranger, world.author, day)
    for _ in range(2):
        await of_age.run(service)
    async with reading(service) as conn:
        tasks = (await conn.execute(select(t.task.c.kind).where(t.task.c.kind == "of_age_soon"))).scalars().all()
    assert tasks == ["of_age_soon"]
    team = await console.as_(lead)
    place = f"/people/{world.author}/of-age"
    assert f'value="{day.year}"' in (await team.get(place))[1]
    parts = {"day-day": "", "day-month": "", "day-year": ""}
    assert (await team.send(place, **parts))[0] == 303
    async with reading(service) as conn:
        kept = select(t.participant.c.of_age_at).where(t.participant.c.id == world.author)
        assert (await conn.execute(kept)).scalar_one() is None
