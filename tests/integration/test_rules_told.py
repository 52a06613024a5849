"""What people are told and what they are not, on the real pages (the numbers are RULES.md's): rules 4, 9, 16 and 24."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from exchange.core.errors import ExchangeError
from exchange.core.model import Channel, ConsentKind, State
from exchange.steps import guidance, links, wording
from exchange.steps.guidance import Guidance
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.attacks import stop_link
from tests.support.console_site import Console, running_console
from tests.support.portal_site import PortalSite, Visitor, running_portal
from tests.support.world import CODE, World, make_world

HURTS = ("xcuse", "blam", "forgiv", "romise", "phone number")
NO_BEARING = "It does not count for or against anyone"


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
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


async def test_rule_4_the_author_learns_only_what_the_recipient_allows(
    world: World, site: PortalSite, console: Console
) -> None:
    """Nothing ticked: nothing may be told, and the author's page stays the same. Ticked: exactly that may be told."""
    message, asked = await world.offered(by_link=True)
    assert asked
    team = await console.as_(world.facilitator)
    async with site.browser() as author, site.browser() as recipient:
        own = await author.open((await stop_link(world, message)).secret, CODE)
        before = [(await author.get(own + page)).text.replace(author.token, "") for page in ("/stop", "/stopped")]
        session = await _inside(recipient, asked)
        await recipient.get(session + "/accept")
        await recipient.post(session + "/accept", how="with_facilitator")
        assert await world.state(message) == State.ACCEPTED
        assert (
            "Nothing. Do not tell whether it was offered, wanted or read."
            in (await team.get(f"/messages/{message}"))[1]
        )
        after = [(await author.get(own + page)).text.replace(author.token, "") for page in ("/stop", "/stopped")]
        assert _plain(before) == _plain(after)
        await recipient.post(session + "/decide", answer="accept")
        await recipient.post(session + "/accept", how="alone", learn="accepted")
    shown = (await team.get(f"/messages/{message}"))[1]
    assert "that they want to receive it" in shown
    assert "that they have read" not in shown
    assert "that it was offered" not in shown


def _plain(pages: list[str]) -> list[str]:
    """Without what is new at each request: the nonce of scripts."""
    return [" ".join(part for part in page.split() if not part.startswith(("nonce=", "value="))) for page in pages]


async def test_rule_9_guidance_comes_before_writing(world: World, site: PortalSite) -> None:
    """An invitation opens on it, in both languages: each thing that hurts, and when we must tell someone."""
    for language, hurts in (("en", HURTS), ("cy", ("sgusodion", "feio", "faddeu", "ddewidion", "ffôn"))):
        link = await links.invite(
            world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL
        )
        async with site.browser() as browser:
            browser.client.cookie_jar.update_cookies({"lang": language})
            session = await browser.open(link.secret, CODE)
            first = await browser.follow(await browser.post(session + "/me", answer="me"))
            assert first.path == session + "/guidance"
            assert f'lang="{language}"' in first.text
            assert [word for word in hurts if word not in first.text] == []
            assert wording.current("privacy", language).paragraphs[0] in first.text


async def test_rule_9_the_service_writes_its_own_guidance(world: World, site: PortalSite, console: Console) -> None:
    """An administrator looks at it before it is used; it counts in its language only; the house's words come back."""
    linden = await console.as_(world.administrator)
    place, words = (
        "/admin/guidance?in=en",
        {"helps": "Tell it as it was.\n<b>Short</b>", "hurts": "Blame", "reads": "We do."},
    )
    status, page, _ = await linden.send(place, **words, go="look")
    assert (status, "This is how people will see it" in page, "&lt;b&gt;Short" in page) == (200, True, True)
    assert await guidance.read(world.service, "en") is None
    status, page, _ = await linden.send(place, **{**words, "hurts": " \n "}, go="save")
    assert (status, await guidance.read(world.service, "en")) == (422, None)
    assert (await linden.send(place, **words, go="save"))[0] == 303
    assert await _shown(world, site, "en") == (True, False)
    assert await _shown(world, site, "cy") == (False, False)
    for other in (world.facilitator, world.supervisor, world.auditor):
        with pytest.raises(ExchangeError):
            await guidance.save(world.service, other, "en", Guidance(("x",), ("x",), "x"))
    assert (await linden.send("/admin/guidance/reset?in=en", "/admin/guidance?in=en"))[0] == 303
    assert await _shown(world, site, "en") == (False, True)


async def _shown(world: World, site: PortalSite, language: str) -> tuple[bool, bool]:
    """Whether an invited author reads the service's words, and whether the house's English ones."""
    link = await links.invite(world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL)
    async with site.browser() as browser:
        browser.client.cookie_jar.update_cookies({"lang": language})
        session = await _inside(browser, link)
        page = (await browser.get(session + "/guidance")).text
    return "Tell it as it was." in page, "Short is fine." in page


async def test_rule_16_only_the_agreed_form_of_name_is_shown(world: World, site: PortalSite) -> None:
    """The recipient meets the agreed form and never the name, on every page from the offer to the end."""
    _, asked = await world.offered(by_link=True, on_acceptance=True)
    message, link = await world.released()
    assert asked
    async with site.browser() as browser:
        decide, view = await _inside(browser, asked), await _inside(browser, link)
        pages = [decide + "/decide", decide + "/accept", view + "/before", view + "/read", view + "/after"]
        texts = [(await browser.get(page)).text for page in pages]
    assert "Form responsible" in texts[0]
    assert "Form responsible" in texts[2]
    assert [page for page, text in zip(pages, texts, strict=True) if "Full name" in text] == []
    assert await world.state(message) == State.OPENED


@pytest.mark.parametrize(("copy", "readable"), [("kept", True), ("returned", False), ("destroyed", False)])
async def test_rule_16_afterwards_the_copy_is_kept_returned_or_destroyed(
    world: World, site: PortalSite, copy: str, readable: bool
) -> None:
    """What was chosen is recorded; what was given back or destroyed opens nothing more, also with the old address."""
    message, link = await world.released()
    async with site.browser() as browser:
        session = await _inside(browser, link)
        assert (await browser.get(session + "/read")).status == 200
        await browser.get(session + "/after")
        await browser.follow(await browser.post(session + "/copy", copy=copy))
        assert ((await browser.get(session + "/read")).status == 200) is readable
        assert ((await browser.get(session + "/part/text")).status == 200) is readable
    async with reading(world.service) as conn:
        row = (await conn.execute(select(t.release).where(t.release.c.message_id == message))).one()
    assert (row.copy, row.ended_at is None) == (copy, readable)


async def test_rule_24_taking_part_counts_for_nothing_and_every_consent_says_so(
    world: World, site: PortalSite, console: Console
) -> None:
    """Said where consent is asked, by link and by staff, to each side, and on the first page; in both languages."""
    approved, (message, asked) = await world.approved(), await world.offered(by_link=True)
    preview = await links.preview_link(world.service, world.facilitator, approved, channel=Channel.EMAIL)
    assert asked
    async with site.browser() as browser:
        accept = await browser.get(await _inside(browser, asked) + "/accept")
        share = await browser.get(await _inside(browser, preview) + "/preview")
        start = await browser.get("/")
    team = await console.as_(world.facilitator)
    places = [
        f"/messages/{approved}/consent/share",
        f"/messages/{message}/consent/receive",
        f"/people/{world.author}/consents/take_part",
        f"/people/{world.author}/consents/be_asked",
    ]
    by_staff = [(await team.get(place))[1] for place in places]
    said = [page for page in (accept.text, share.text, *by_staff) if "not count for or against anyone" in page]
    assert len(said) == 6
    assert "count" in start.text
    for kind in ConsentKind:
        assert any("count for or against" in line for line in wording.current(kind).paragraphs), kind
        assert any("o blaid nac yn erbyn" in line for line in wording.current(kind, "cy").paragraphs), kind
        assert len(wording.current(kind, "cy").paragraphs) == len(wording.current(kind).paragraphs)
