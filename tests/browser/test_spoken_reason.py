"""Sent back in the facilitator's own voice: recorded, made safe, heard on the author's phone; changed, sent again."""

import pytest
from playwright.async_api import Page, expect

from exchange.core.model import State
from exchange.store.service import Service
from tests.support.browser import Participant, Staff, chromium, press, say, tick, told
from tests.support.running import Exchange
from tests.support.world import LETTER

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
REASON = "Thank you for your words. Please leave out the street."


async def test_a_reason_is_spoken_and_heard_and_the_letter_comes_back(exchange: Exchange, inside: Service) -> None:
    """Microphone, worker, link, player, pause with the support numbers, draft with the words, receipt."""
    world = await exchange.case(inside)
    message = f"/messages/{await world.letter()}"
    async with chromium(*MICROPHONE) as browser:
        fern = await Staff.signed_in(exchange, browser, "fern")
        await fern.go(f"{message}/return")
        await fern.page.get_by_label("What should the author change, and why?").fill(REASON)
        await press(fern.page, "Send it back")
        await _say_it(fern)
        await fern.go(message)
        await press(fern.page, "Give the author a link to change it")
        await told(fern.page, "They also hear the reason in your own voice.")
        await tick(fern.page, "channel", "email")
        await press(fern.page, "Make the link")
        author = await Participant.with_link(browser, await fern.link())
        await told(author.page, REASON)
        await _hear_it(author.page)
        await press(author.page, "Continue")
        await press(author.page, "Continue")
        await tick(author.page, "way", "write")
        await press(author.page, "Continue")
        field = author.page.locator("textarea[name=text]")
        assert LETTER.split("\n")[2] in await field.input_value()
        await field.fill("A letter without a street.")
        await press(author.page, "Continue")
        await told(author.page, "A letter without a street.")
        await author.page.locator("form[action$='/check'] button").last.click()
        await told(author.page, "It has arrived")
        await fern.made_safe(message)
    assert await world.state(message.rsplit("/", 1)[1]) == State.IN_REVIEW


async def _say_it(fern: Staff) -> None:
    """Record three seconds; the worker makes it safe; the facilitator can hear what was made of it."""
    page = fern.page
    await press(page, "Say the reason in your own voice")
    await press(page, "Start recording")
    await told(page, "Recording: 0:02")
    await press(page, "Stop recording")
    await told(page, "Save it, or record again.")
    await press(page, "Save the recording")
    for _ in range(60):
        if await page.locator("audio").count():
            break
        await page.wait_for_timeout(500)
        await page.reload()
    seconds = await _seconds(page)
    say(f"a spoken reason: recorded, made safe, {seconds:.1f} seconds")
    assert 1.5 < seconds < 10
    assert await page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


async def _hear_it(page: Page) -> None:
    """It plays; "I need a break" stops it and shows whom to ring; it goes on only by the person's own hand."""
    assert await _seconds(page) > 1.5
    await page.evaluate("document.querySelector('audio').play()")
    await page.wait_for_function("() => document.querySelector('audio').currentTime > 0.2")
    await page.get_by_role("button", name="I need a break").click()
    pause = page.get_by_role("dialog")
    await expect(pause.get_by_text("116 123")).to_be_visible()
    await expect(pause.get_by_role("button", name="Exit this page")).to_be_visible()
    assert await page.evaluate("document.querySelector('audio').paused")
    await pause.get_by_role("button", name="Go back").click()
    await expect(pause).to_have_count(0)
    assert await page.evaluate("document.querySelector('audio').paused")


async def _seconds(page: Page) -> float:
    await page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
    return float(await page.evaluate("document.querySelector('audio').duration"))
