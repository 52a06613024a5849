"""The author may leave the original out: then the translation alone is handed over, and the digest says so."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from exchange.core import gate
from exchange.core.errors import Conflict, NotFound, Refused
from exchange.core.model import Channel, State
from exchange.steps import links, offer, release, setup, texts, view
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import now_of, reading
from exchange.web.pack_words import pack_pdf
from tests.integration.test_own_copy import everywhere, taken
from tests.support.api import running_api
from tests.support.console_site import Console, running_console
from tests.support.message_tour import recording
from tests.support.pdf_ua import words
from tests.support.portal_site import PortalSite, Visitor, running_portal
from tests.support.world import CODE, World, make_world

OWN = "I think about that evening often."
POLISH = "Często myślę o tamtym wieczorze."
ALONE = "Only the translation is handed over."


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


async def translated(world: World) -> UUID:
    """A letter with a translation beside it, approved; its author was not asked yet."""
    message = await world.approved()
    await texts.add_text(
        world.service, world.facilitator, message, base_digest=await world.digest(message), name="translation",
        language="pl", text=POLISH, translated=texts.Translated("person", "A. Nowak"),
    )  # fmt: skip
    await world.approve(message)
    return message


async def alone(world: World, message: UUID, *, out: bool = True) -> str:
    """The original left out, or put back; the new digest."""
    base = await world.digest(message)
    return await texts.leave_out(world.service, world.facilitator, message, base, left_out=out)


async def released(world: World, message: UUID) -> links.NewLink:
    """Approved, agreed to, offered, accepted and handed over by link."""
    await world.approve(message)
    await world.agree_to_share(message)
    await offer.make_offer(
        world.service, world.facilitator, message, offer.Terms("A letter.", Channel.PHONE, by_link=False)
    )
    await world.accept(message)
    return await release.release_by_link(world.service, world.facilitator, message, channel=Channel.EMAIL)


async def names(world: World, message: UUID) -> list[str]:
    """Every part of the newest version."""
    async with reading(world.service) as conn:
        p, r = t.part, t.revision
        query = select(p.c.name).join(r, r.c.id == p.c.revision_id)
        mine = r.c.message_id == message, r.c.digest == await world.digest(message)
        return list((await conn.execute(query.where(*mine).order_by(p.c.position))).scalars())


async def inside(browser: Visitor, link: links.NewLink) -> str:
    """Through landing, code and "for me"; the session's path."""
    session = await browser.open(link.secret, CODE)
    await browser.follow(await browser.post(session + "/me", answer="me"))
    return session


async def test_rule_16_no_byte_of_an_original_that_is_left_out_reaches_the_recipient(
    world: World, site: PortalSite
) -> None:
    """On the page, by the address of each part, with staff beside them and on paper; the translation does."""
    message = await translated(world)
    await texts.add_text(
        world.service, world.facilitator, message, base_digest=await world.digest(message), name="transcription",
        language="en", text=OWN,
    )  # fmt: skip
    await alone(world, message)
    link = await released(world, message)
    parts = await names(world, message)
    assert set(parts) >= {"text", "transcription", "translation-pl"}
    async with site.browser() as browser:
        session = await inside(browser, link)
        page = (await browser.get(session + "/read?pages=yes")).text
        assert (POLISH in page, OWN in page) == (True, False)
        served = {name: (await browser.get(f"{session}/part/{name}")).status for name in parts}
    assert served == {name: 200 if name == "translation-pl" else 404 for name in parts}


async def test_whoever_gets_a_translation_alone_is_not_told_that_it_was_a_recording(
    world: World, site: PortalSite, tmp_path: Path
) -> None:
    """Not by the offer, not by the page, not in what passed so far: what they get is in writing."""
    service, lead = world.service, world.facilitator
    message = await recording(world, tmp_path)
    await texts.add_text(
        service, lead, message, base_digest=await world.digest(message), name="translation",
        language="pl", text=POLISH, translated=texts.Translated("person", "A. Nowak"),
    )  # fmt: skip
    await alone(world, message)
    await world.approve(message)
    await world.agree_to_share(message)
    asked = await offer.make_offer(service, lead, message, offer.Terms("A message.", Channel.PHONE))
    assert asked is not None
    async with site.browser() as browser:
        offered = (await browser.get(await inside(browser, asked) + "/decide")).text
    await world.accept(message)
    link = await release.release_by_link(service, lead, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        session = await inside(browser, link)
        before = (await browser.get(session + "/before")).text
        page = (await browser.get(session + "/read")).text
    writing = await links.invite(service, lead, world.recipient, world.author, channel=Channel.EMAIL)
    async with site.browser() as browser:
        passed = (await browser.get(await inside(browser, writing) + "/thread")).text
    told = {name: (bool(re.search("(a|the) letter", text, re.IGNORECASE)), "recording" in text) for name, text in
            (("offer", offered), ("before", before), ("page", page), ("thread", passed))}  # fmt: skip
    assert told == dict.fromkeys(told, (True, False))
    assert POLISH in page


@pytest.mark.parametrize("way", ["with_me", "printed"])
async def test_an_original_that_is_left_out_is_neither_shown_with_staff_nor_printed(world: World, way: str) -> None:
    """A release of either kind opens the translation and nothing else."""
    message = await translated(world)
    await alone(world, message)
    service, lead = world.service, world.facilitator
    await released(world, message)
    await release.revoke(service, lead, message)
    await world.accept(message)
    if way == "with_me":
        shown = await release.present(service, lead, message, who_is_there="Form harmed")
    else:
        shown = await release.print_pack(service, lead, message)
    for name in await names(world, message):
        if name == "translation-pl":
            opened = await view.open_for_staff(service, lead, message, name, release=shown)
            assert POLISH in (await opened.reader.whole()).decode()
            continue
        with pytest.raises(NotFound):
            await view.open_for_staff(service, lead, message, name, release=shown)


async def test_the_sheets_of_a_translation_alone_hold_no_word_of_the_original(world: World, tmp_path: Path) -> None:
    """The PDF for custody, read back."""
    message = await translated(world)
    await alone(world, message)
    await released(world, message)
    await release.revoke(world.service, world.facilitator, message)
    await world.accept(message)
    one = await release.print_pack(world.service, world.facilitator, message)
    path = tmp_path / "sheets.pdf"
    path.write_bytes(await pack_pdf(world.service, world.facilitator, message, one, large=None, language=None))
    found = words(path)
    assert (POLISH in found, "A. Nowak" in found, OWN in found) == (True, True, False)


async def test_no_own_copy_of_the_recipient_holds_the_original(world: World) -> None:
    """Nor the translation: a copy of what is held about them is none of what others wrote. The author's holds both."""
    await setup.found_service(world.service, demo=True, name="Message service")
    message = await translated(world)
    await alone(world, message)
    await released(world, message)
    theirs, own = [everywhere(await taken(world, who)) for who in (world.recipient, world.author)]
    assert (OWN.encode() in theirs, POLISH.encode() in theirs) == (False, False)
    assert (OWN.encode() in own, POLISH.encode() in own) == (True, True)


async def test_whoever_reviews_still_sees_both(world: World, console: Console) -> None:
    """The desk has the original and the translation, and says what is handed over."""
    message = await translated(world)
    await alone(world, message)
    page = (await (await console.as_(world.facilitator)).get(f"/messages/{message}/review"))[1]
    assert all(told in page for told in (ALONE, OWN, POLISH))


async def test_rule_16_leaving_the_original_out_is_part_of_what_is_approved_and_agreed_to(world: World) -> None:
    """Another digest each way: an approval of the one and a yes to the one are none to the other."""
    message = await translated(world)
    await world.agree_to_share(message)
    both = await world.digest(message)
    only = await alone(world, message)
    assert only != both
    assert await world.state(message) == State.IN_REVIEW
    with pytest.raises(Conflict):
        await alone(world, message)
    await world.approve(message)
    for digest, why in ((both, "4"), (only, "6")):
        with pytest.raises(Refused) as no:
            await _gate(world, message, digest)
        assert why in {reason.condition for reason in no.value.reasons}
    await world.agree_to_share(message)
    await _gate(world, message, only)
    again = await alone(world, message, out=False)
    assert again not in {both, only}
    assert await world.state(message) == State.IN_REVIEW
    with pytest.raises(Refused):
        await _gate(world, message, again)


async def _gate(world: World, message: UUID, digest: str) -> None:
    """What the offer of this digest asks."""
    async with reading(world.service) as conn:
        known = await facts.load(conn, await world.row(message), digest=digest)
        gate.explain(gate.Act.OFFER, known, await now_of(conn)).require()


async def test_what_is_made_afterwards_keeps_the_original_out(world: World) -> None:
    """A second translation, a transcription: the one is handed over, the other is the original's words."""
    message = await translated(world)
    await alone(world, message)
    for name, language in (("transcription", "en"), ("translation", "uk")):
        await texts.add_text(
            world.service, world.facilitator, message, base_digest=await world.digest(message), name=name,
            language=language, text=OWN, translated=texts.Translated("machine", "E") if language == "uk" else None,
        )  # fmt: skip
    async with reading(world.service) as conn:
        p, r = t.part, t.revision
        rows = await conn.execute(
            select(p).join(r, r.c.id == p.c.revision_id).where(r.c.digest == await world.digest(message))
        )
        shown = {row.name for row in rows if view.is_shown(row)}
    assert shown == {"translation-pl", "translation-uk"}


async def test_without_a_translation_the_original_is_not_left_out(world: World) -> None:
    """Nothing would be left to hand over; and nothing is approved of which nothing would be."""
    message = await world.approved()
    with pytest.raises(Refused):
        await alone(world, message)
    message = await translated(world)
    await alone(world, message)
    async with world.service.engine.begin() as conn:
        await conn.execute(
            t.part.update().where(t.part.c.name == "translation-pl").values(facts={"shown": False, "source": "typed"})
        )
    with pytest.raises(Refused, match="Nothing of this version"):
        await world.approve(message)


async def test_the_author_leaves_the_original_out_where_they_agree_to_share(
    world: World, site: PortalSite, console: Console
) -> None:
    """Asked for on the preview nothing is shared, what was agreed is taken back; made, they see it and agree to it."""
    message = await translated(world)
    await world.agree_to_share(message)
    first = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        session = await inside(browser, first)
        assert "Share only the translation" in (await browser.get(session + "/preview")).text
        asked = await browser.post(session + "/preview", answer="only_translation")
        assert asked.location == session + "/preview"
    async with reading(world.service) as conn:
        kinds = (await conn.execute(select(t.task.c.kind).where(t.task.c.message_id == message))).scalars().all()
        agreed = (await conn.execute(select(t.share_current).where(t.share_current.c.message_id == message))).all()
    assert ("only_translation" in kinds, agreed) == (True, [])
    team, place = await console.as_(world.facilitator), f"/messages/{message}"
    shown = (await team.get(place + "/consent/share"))[1]
    assert "Hand over only the translation" in shown
    made = await team.send(
        place + "/original", page=place + "/consent/share", digest=await world.digest(message), left_out="yes"
    )
    assert (made[0], made[2].split("?")[0]) == (303, place + "/review")
    assert ALONE in (await team.get(place + "/consent/share"))[1]
    await world.approve(message)
    second = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        session = await inside(browser, second)
        page = (await browser.get(session + "/preview")).text
        assert (POLISH in page, OWN in page, ALONE in page, "Share only" in page) == (True, False, True, False)
        assert (await browser.post(session + "/preview", answer="share")).location.endswith("said=yes")


async def test_nobody_asks_for_a_translation_that_is_not_there(world: World, site: PortalSite) -> None:
    """A preview without one has no such answer, and takes none."""
    message = await world.approved()
    link = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        session = await inside(browser, link)
        assert "Share only the translation" not in (await browser.get(session + "/preview")).text
        assert (await browser.post(session + "/preview", answer="only_translation")).status == 422


async def test_the_api_leaves_the_original_out_and_puts_it_back(world: World) -> None:
    """Each makes a version; the same twice is refused."""
    message = await translated(world)
    async with running_api(world.service) as api:
        lead, place = await api.as_(world.facilitator), f"/messages/{message}/original"
        for out in (True, False):
            told = {"digest": await world.digest(message), "left_out": out}
            made = await lead.ask("POST", place, told)
            assert (made.status, made.json) == (201, {"digest": await world.digest(message)})
            told["digest"] = await world.digest(message)
            assert (await lead.ask("POST", place, told)).status == 409
