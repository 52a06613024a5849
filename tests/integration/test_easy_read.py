"""Easy Read: chosen by a button, or because the person's recorded access needs name it (rule 19)."""

import re
from collections.abc import AsyncIterator

import pytest

from exchange.core.model import Channel
from exchange.steps import cases, guidance, links
from exchange.steps.guidance import Guidance
from exchange.store.service import Service
from tests.support.portal_site import PortalSite, Visitor, running_portal
from tests.support.world import CODE, World, make_world


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
async def browser(site: PortalSite) -> AsyncIterator[Visitor]:
    """One browser."""
    async with site.browser() as found:
        yield found


async def _invited(world: World) -> str:
    who, author, recipient = world.facilitator, world.author, world.recipient
    return (await links.invite(world.service, who, author, recipient, channel=Channel.EMAIL)).secret


async def _needs(world: World, needs: str) -> None:
    about = {"name": "Full name responsible", "form_of_name": "Form responsible", "custody": False}
    await cases.change_participant(world.service, world.facilitator, world.author, needs=needs, **about)


async def test_the_button_changes_every_key_page_until_it_is_pressed_again(browser: Visitor) -> None:
    """Only by POST with a token, back to where it was pressed; other words and other sites are refused."""
    for path in ("/", "/privacy", "/exit-explained"):
        assert "app-easy__line" not in (await browser.get(path)).text
    refused = await browser.ask("POST", "/easy-read", data={"easy": "yes", "back": "/"})
    assert refused.status == 403
    done = await browser.post("/easy-read", easy="yes", back="/privacy")
    assert (done.status, done.location) == (303, "/privacy")
    for path in ("/", "/privacy", "/exit-explained"):
        assert (await browser.get(path)).text.count("app-easy__line") >= 8
    assert "app-easy__line" not in (await browser.get("/cookies")).text
    for fields in ({"easy": "maybe", "back": "/"}, {"easy": "yes", "back": "//elsewhere.example"}):
        assert (await browser.post("/easy-read", **fields)).status == 422
    await browser.post("/easy-read", easy="no", back="/")
    assert "app-easy__line" not in (await browser.get("/")).text


@pytest.mark.parametrize(("needs", "easy"), [("Large print. Easy Read.", True), ("An interpreter", False), ("", False)])
async def test_rule_19_a_recorded_need_opens_the_link_in_easy_read(
    world: World, browser: Visitor, needs: str, easy: bool
) -> None:
    """From the first page behind the link on, with no word of the need itself in any page."""
    await _needs(world, needs)
    session = await browser.open(await _invited(world), CODE)
    await browser.post(session + "/me", answer="me")
    page = await browser.get(session + "/guidance")
    assert ("app-easy__line" in page.text) is easy
    assert [word for word in ("Large print", "An interpreter") if any(word in one.text for one in browser.seen)] == []


@pytest.mark.parametrize("easy", ["yes", "no"])
async def test_rule_13_before_a_letter_never_to_be_sent_nothing_is_said_of_sending_it(
    world: World, browser: Visitor, easy: str
) -> None:
    """It once named the other person, and told the author that they decide whether they want it."""
    invited = await links.invite(
        world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL, never_sent=True
    )
    session = await browser.open(invited.secret, CODE)
    await browser.post("/easy-read", easy=easy, back="/l")
    await browser.post(session + "/me", answer="me")
    page = (await browser.get(session + "/guidance")).text
    assert ("app-easy__line" in page) is (easy == "yes")
    assert "Nobody sends it on" in page
    assert [
        words for words in ("Form harmed", "whether they want it", "What can hurt", "changes") if words in page
    ] == []


async def test_what_the_visitor_chose_stands_over_what_was_recorded(world: World, browser: Visitor) -> None:
    """Whoever turned it off keeps the usual pages, with the next link too."""
    await _needs(world, "Easy Read")
    await browser.get("/l")
    await browser.post("/easy-read", easy="no", back="/l")
    session = await browser.open(await _invited(world), CODE)
    await browser.post(session + "/me", answer="me")
    assert "app-easy__line" not in (await browser.get(session + "/guidance")).text


async def test_the_stop_link_of_a_receipt_keeps_easy_read(world: World, site: PortalSite) -> None:
    """Opened later, in another browser, it still begins as the person needs it."""
    await _needs(world, "Easy Read")
    async with site.browser() as first:
        session = await first.open(await _invited(world), CODE)
        await first.post(session + "/me", answer="me")
        await first.post(session + "/write", text="I think about that day.", go="next")
        await first.post(session + "/check")
        receipt = await first.get(session + "/receipt")
        secret = re.search(r"/l#([\w-]{43})", receipt.text)
    assert secret
    async with site.browser() as second:
        stop = await second.follow(await second.get(await second.open(secret[1], CODE)))
        assert stop.text.count("app-easy__line") == 4
        assert 'value="withdraw"' in stop.text


async def test_the_services_own_guidance_stands_below_the_pictures(world: World, browser: Visitor) -> None:
    """What an administrator wrote for everybody (rule 9) is not lost to who reads with pictures."""
    own = Guidance(("Say what you want to know.",), ("Do not write about the trial.",), "Two of us read it.")
    await guidance.save(world.service, world.administrator, "en", own)
    await _needs(world, "Easy Read")
    session = await browser.open(await _invited(world), CODE)
    await browser.post(session + "/me", answer="me")
    page = (await browser.get(session + "/guidance")).text
    assert page.count("app-easy__line") > 8
    assert [words for words in (*own.helps, *own.hurts, own.reads) if words not in page] == []
