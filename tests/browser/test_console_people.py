"""Signing in and confirming by hand in a real Chromium; every other page is in test_every_page.py.

Set EXCHANGE_SCREENSHOTS to a folder to keep the pictures.
"""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from exchange.core.model import OPERATOR, Actor, FactKind
from exchange.steps import accounts, referral, setup
from exchange.store import ledger
from exchange.store import tables as t
from exchange.store.ledgerkey import load_signer
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work
from tests.support.chromium import system_chromium
from tests.support.console_site import Console, running_console, session_cookie
from tests.support.world import PASSWORD, World, make_world

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]  # a minute in all, unless the machine is busy
PICTURES = os.environ.get("EXCHANGE_SCREENSHOTS")
WIDTHS = (360, 1280)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The Chromium of this machine."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])
        yield launched
        await launched.close()


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case, two letters, a pause, tasks, a referral and a signed checkpoint."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Message service")
    made = await make_world(service)
    await made.letter()
    await made.approved()
    await made.fact(FactKind.GUARDIAN, "needed", made.recipient)
    await made.fact(FactKind.PAUSE, "on")
    await referral.save_referral(
        service, {"reach_by": "phone", "reach_address": "01632 960 555", "about": "A burglary in spring"}
    )
    async with unit_of_work(service, made.facilitator) as unit:
        await unit.add(t.task, case_id=made.case, participant_id=made.author, kind="call_me")
        unit.leaf("task.added", case=made.case, participant=made.author, kind="call_me")
    async with reading(service) as conn:
        await ledger.checkpoint(conn, load_signer(service.settings.ledger_key_file))
    await accounts.enrol(service, OPERATOR, made.facilitator.id or made.case)
    return made


async def checked(page: Page, name: str) -> list[object]:
    """What is wrong with the page that is open."""
    wrong: list[object] = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        if PICTURES:
            await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        if not await page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            wrong.append((name, width, "scrolls sideways"))
        violations = (await Axe().run(page)).response["violations"] if width == WIDTHS[-1] else []
        wrong += [(name, width, v["id"], v["nodes"][0]["html"]) for v in violations]
    if await page.locator("h1").count() != 1:
        wrong.append((name, "not one h1"))
    return wrong


async def signed_in(browser: Browser, console: Console, actor: Actor) -> Page:
    """A page in a browser where this member of staff is signed in."""
    assert actor.id
    context = await browser.new_context(locale="en-GB")
    cookie = await session_cookie(console.service, actor.id)
    await context.add_cookies([{"name": "console", "value": cookie, "url": console.url}])
    page = await context.new_page()
    page.on("console", lambda message: _no_complaint(message.text))
    return page


def _no_complaint(text: str) -> None:
    assert "Content Security Policy" not in text, text


async def test_signing_in_by_hand(browser: Browser, world: World) -> None:
    """Name and password, the code that the demonstration shows, the start page, and out again."""
    async with running_console(world.service) as console:
        page = await (await browser.new_context(locale="en-GB")).new_page()
        await page.goto(console.url)
        assert await checked(page, "sign-in") == []
        await page.fill("#login", "fern")
        await page.fill("#password", "wrong wrong wrong")
        await page.click("text=Continue")
        assert await checked(page, "sign-in-wrong") == []
        await page.fill("#password", PASSWORD)
        await page.click("text=Continue")
        assert await checked(page, "sign-in-code") == []
        await page.fill("#code", await page.inner_text("#demo-code"))
        await page.click("button:has-text('Sign in')")
        assert await page.inner_text("h1") == "Needs you now"
        await page.click("text=Sign out")
        await page.wait_for_url(re.compile("/sign-in$"))


async def test_step_up_keeps_what_was_entered(browser: Browser, world: World) -> None:
    """An administrator whose second factor is an hour old makes an account: the code is asked in between."""
    assert world.administrator.id
    await accounts.enrol(world.service, OPERATOR, world.administrator.id)
    async with running_console(world.service) as console:
        context = await browser.new_context(locale="en-GB")
        cookie = await session_cookie(world.service, world.administrator.id, stepped_up=False)
        await context.add_cookies([{"name": "console", "value": cookie, "url": console.url}])
        page = await context.new_page()
        await page.goto(console.url + "/admin/accounts/new")
        await page.fill("#display_name", "Wren")
        await page.fill("#login", "wren")
        await page.check("input[value=facilitator]")
        await page.click("text=Make the account")
        assert await page.inner_text("h1") == "Confirm that it is you"
        assert await checked(page, "step-up-form") == []
        await page.fill("#step_up_code", await page.inner_text("#demo-code"))
        await page.click("text=Confirm and continue")
        assert await page.inner_text("h1") == "First password"
        assert await checked(page, "first-password") == []
        password = await page.inner_text("#first-password")
        assert len(password) >= 12
