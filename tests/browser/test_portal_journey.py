"""The participant's whole journey: by keyboard alone, without scripts, and what it leaves behind on the device."""

import sqlite3
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from exchange.store.service import Service
from tests.support.browser import PHONE, new_page, say
from tests.support.chromium import system_chromium
from tests.support.hands import Hands, Keys
from tests.support.portal_journey import FEEDBACK, LETTER, prepared, whole_journey, writes
from tests.support.running import FORMS, NAMES, Exchange
from tests.support.scripts import script
from tests.support.world import CODE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
WEATHER = "https://www.bbc.co.uk/**"


async def test_the_whole_journey_by_keyboard_alone(exchange: Exchange, inside: Service, visitors: Browser) -> None:
    """Only keys: the focus shows at every stop and nothing lies over it, on a phone and at a desk; Shift × 3 leaves."""
    world = await exchange.case(inside)
    hands = Keys(await new_page(visitors, PHONE))
    await whole_journey(hands, await prepared(exchange, world))
    say(f"keyboard: {hands.stops} stops of the focus, {len(hands.wrong)} wrong")
    assert hands.wrong == []
    desk = Keys(await new_page(visitors))
    await writes(desk, (await prepared(exchange, world)).write)
    assert desk.wrong == []
    await _leaves_by_shift(desk.page)


async def _leaves_by_shift(page: Page) -> None:
    was = page.url
    await page.route(WEATHER, lambda route: route.fulfill(body="weather"))
    for _ in range(3):
        await page.keyboard.press("Shift")
    await page.wait_for_url(WEATHER)
    await page.goto(was)
    await expect(page.get_by_role("heading", level=1)).to_have_text("This is locked")


async def test_the_first_key_skips_to_the_content(exchange: Exchange, visitors: Browser) -> None:
    """Tab, Enter, Tab: from the top of the page into its main part, past header and exit."""
    page = await new_page(visitors, PHONE)
    for path in ("/", "/l", "/privacy"):
        await page.goto(exchange.portal + path)
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
        box = await page.locator(":focus").bounding_box()
        assert box
        assert box["y"] >= 0
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.closest('main') !== null"), path


async def test_the_whole_journey_without_scripts(exchange: Exchange, inside: Service, visitors: Browser) -> None:
    """Forms and links alone: the last part of the link is pasted, waiting has a button, Exit leads away and locks."""
    world = await exchange.case(inside)
    context = await visitors.new_context(java_script_enabled=False, viewport=PHONE, locale="en-GB")
    hands = Hands(await context.new_page(), scripts=False)
    await whole_journey(hands, await prepared(exchange, world))
    was = hands.page.url
    await context.route(WEATHER, lambda route: route.fulfill(body="weather"))
    await hands.button("Emergency: Exit this page").click()
    await hands.page.wait_for_url(WEATHER)
    await hands.page.goto(was)
    await expect(hands.page.get_by_role("heading", level=1)).to_have_text("This is locked")
    await context.close()


async def test_easy_read_stays_for_the_visit_without_scripts(exchange: Exchange, visitors: Browser) -> None:
    """One button turns it on for every page that has it, one turns it off; the cookie ends with the browser."""
    context = await visitors.new_context(java_script_enabled=False, viewport=PHONE, locale="en-GB")
    page = await context.new_page()
    await page.goto(exchange.portal + "/")
    await page.get_by_role("button", name="Easy Read").click()
    assert page.url == exchange.portal + "/"
    for path in ("/", "/privacy", "/exit-explained"):
        await page.goto(exchange.portal + path)
        assert await page.locator(".app-easy__picture").count() >= 8
        assert await page.locator(".app-easy__picture:not([aria-hidden=true])").count() == 0
    kept = {cookie["name"]: cookie for cookie in await context.cookies()}["easy"]
    assert kept["expires"] == -1
    assert kept["httpOnly"]
    await page.get_by_role("button", name="Usual page").click()
    assert await page.locator(".app-easy").count() == 0
    await context.close()


STORES = script("stores")


async def test_nothing_of_the_message_stays_on_the_device(exchange: Exchange, inside: Service, tmp_path: Path) -> None:
    """After writing and reading in one profile: no storage of any kind, and in none of the browser's files a word."""
    world = await exchange.case(inside)
    profile = tmp_path / "profile"
    stores = []
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=system_chromium(),
            args=["--no-sandbox"],
            viewport=PHONE,
            locale="en-GB",
        )
        context.set_default_timeout(30_000)
        hands = Hands(context.pages[0])
        await whole_journey(hands, await prepared(exchange, world))
        stores = await hands.page.evaluate(STORES)
        await context.close()
    assert stores == []
    titles = _titles(profile)
    files = [path for path in profile.rglob("*") if path.is_file()]
    needles = {word for text in (LETTER, FEEDBACK, *FORMS.values(), *NAMES.values()) for word in _needles(text)}
    needles |= {"quince", "marigold", "heron", CODE}
    found = [(word, str(path.relative_to(profile))) for path in files for word in _held(path.read_bytes(), needles)]
    size = sum(path.stat().st_size for path in files)
    say(f"left on the device: {len(files)} files, {size} bytes, {len(found)} finds")
    assert len(titles) > 8, "the profile holds no history: nothing was looked at"
    assert found == []
    assert {title for title in titles if not title.endswith(" – Letter Bridge")} <= {"", "about:blank"}
    assert [log.name for log in exchange.tree.logs.glob("*.log") if _held(log.read_bytes(), needles)] == []


def _titles(profile: Path) -> set[str]:
    """The titles in the browser's history."""
    history = next(profile.rglob("History"))
    with sqlite3.connect(f"file:{history}?immutable=1", uri=True) as opened:
        return {row[0] for row in opened.execute("select title from urls")}


def _needles(text: str) -> list[str]:
    return [text, *(part for part in text.split(". ") if len(part) > 5)]


def _held(hay: bytes, needles: set[str]) -> list[str]:
    """Which of these words are in there, in any of the ways in which Chromium writes text."""
    ways = ("utf-8", "utf-16-le", "utf-16-be")
    return [word for word in needles if any(word.encode(way) in hay for way in ways)]
