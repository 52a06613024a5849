"""Captions and words in time in real Chromium: by keyboard, with the player, kept by itself, at phone width too."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from exchange.core.edits import Doing
from exchange.core.model import Kind
from exchange.steps import captions, redact
from exchange.store.service import Service
from tests.support.console_site import Console, running_console, session_cookie
from tests.support.message_tour import put_in, with_captions
from tests.support.world import World, make_world
from tests.vectors.media import inputs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SHOTS = os.environ.get("EXCHANGE_SHOTS", "")


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The console, listening."""
    async with running_console(service) as running:
        yield running


@pytest.fixture
async def browser(chromium: str | None) -> AsyncIterator[Browser]:
    """Real Chromium."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        await launched.close()


@pytest.fixture
async def page(browser: Browser, console: Console, world: World) -> Page:
    """A page of the facilitator's, and what it complains of in `wrong`."""
    assert world.facilitator.id
    cookie = await session_cookie(console.service, world.facilitator.id)
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    await context.add_cookies([{"name": "console", "value": cookie, "domain": "127.0.0.1", "path": "/"}])
    return await context.new_page()


async def looked_at(page: Page, name: str) -> list[str]:
    """Axe and sideways scrolling, wide and narrow; pictures where a folder is named."""
    wrong = [str(found["id"]) for found in (await Axe().run(page, options={"preload": False})).response["violations"]]
    for label, width, height in (("desktop", 1280, 900), ("phone", 360, 640)):
        await page.set_viewport_size({"width": width, "height": height})
        if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wrong.append(f"{label} scrolls sideways")
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"{name}-{label}.png", full_page=True)
    await page.set_viewport_size({"width": 1280, "height": 900})
    return wrong


async def until(page: Page, told: str) -> None:
    """Wait for the player; the page's own policy forbids `wait_for_function`."""
    for _ in range(200):
        if await page.evaluate(f"(media => {told})(document.querySelector('[data-media]'))"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(told)


async def time_of(page: Page) -> float:
    """Where the player is, in seconds."""
    return float(await page.evaluate("document.querySelector('[data-media]').currentTime"))


async def test_lines_are_timed_with_the_keyboard_and_kept_by_themselves(
    world: World, console: Console, page: Page, tmp_path: Path
) -> None:
    """Times come from the player, the spoken line is marked, and what was typed outlives the tab without a save."""
    sound = await put_in(world, Kind.AUDIO, inputs.ffmpeg(tmp_path / "voice.wav", *inputs.SOUND, seconds=6))
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    address = f"{console.url}/messages/{sound}/captions"
    await page.goto(address)
    await until(page, "media.readyState > 0")
    await page.get_by_label("Words Line 1").fill("The first line")
    await page.evaluate("document.querySelector('[data-media]').currentTime = 1.25")
    await page.keyboard.press("Alt+s")
    await page.evaluate("document.querySelector('[data-media]').currentTime = 2.5")
    await page.keyboard.press("Alt+e")
    assert await page.locator("[name=start-0]").input_value() == "0:01.250"
    assert await page.locator("[name=end-0]").input_value() == "0:02.500"
    await page.get_by_text("Kept", exact=True).wait_for()
    kept = await captions.sheet(world.service, world.facilitator, sound)
    assert [(c.start, c.end, c.text) for c in kept.captions] == [(1250, 2500, "The first line")]
    await page.get_by_label("Words Line 1").fill("The first line, changed")
    async with page.expect_response(lambda answer: answer.url == address and answer.request.method == "POST"):
        pass
    assert await page.evaluate("document.querySelector('[data-media]').paused")
    await page.keyboard.press("Alt+p")
    await page.locator(".app-cue--now").wait_for()
    await until(page, "media.paused")
    assert 2.4 < await time_of(page) < 3.2
    await page.goto(address)
    assert await page.locator("[name=text-0]").input_value() == "The first line, changed"
    assert await page.locator("[name=text-1]").count() == 1
    await page.get_by_text("Keys", exact=True).click()
    assert await looked_at(page, "captions") == []
    await page.get_by_role("button", name="Save as a new version").click()
    await page.wait_for_url("**/review")
    assert await page.get_by_text("The first line, changed").count() == 2
    assert wrong == []


async def test_a_word_is_heard_and_struck_by_keyboard_and_mouse(
    world: World, console: Console, page: Page, tmp_path: Path
) -> None:
    """A click and the sound goes there; the spoken word is marked; chosen words go onto the list of what is muted."""
    sound = await put_in(world, Kind.AUDIO, inputs.ffmpeg(tmp_path / "voice.wav", *inputs.SOUND, seconds=3))
    await with_captions(world, sound)
    await page.goto(f"{console.url}/messages/{sound}/words")
    await until(page, "media.readyState > 0")
    word = page.locator(".app-word")
    await word.get_by_text("in", exact=False).first.click()
    assert 0.85 < await time_of(page) < 0.95
    assert await page.locator(".app-word--now").inner_text() == "in "
    await page.keyboard.press("Shift+ArrowRight")
    assert await page.locator(".app-word[aria-pressed=true]").all_inner_texts() == ["in ", "Leeds"]
    assert await looked_at(page, "words") == []
    await page.keyboard.press("m")
    assert await page.evaluate("document.activeElement.name") == "why"
    await page.keyboard.press("ArrowDown")
    await page.locator(".app-word[tabindex='0']").focus()
    await page.keyboard.press("m")
    await page.get_by_text("It is on the list.").wait_for()
    shop = await redact.workshop(world.service, world.facilitator, sound)
    (one,) = shop.wanted
    assert (one.edit.doing, one.edit.start, one.edit.end, one.why) == (Doing.MUTE, 900, 1500, "whereabouts")
