"""Listen: what the page hands to the browser's speech, to which voice, and when it falls silent.

Chromium has no voice on a machine without speech, so the list of voices is planted and what is spoken is written down.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from exchange.core.links import new_secret
from tests.support.browser import PHONE, say
from tests.support.portal_tour import Tour
from tests.support.scripts import script

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
LOCAL = {"name": "Daisy", "lang": "en-GB", "localService": True, "default": False}
WELSH = {"name": "Dilys", "lang": "cy_GB", "localService": True, "default": False}
REMOTE = {"name": "Cloud", "lang": "en-GB", "localService": False, "default": True}
PLANTED = script("speech")
LONGEST = 200
IN_ENGLISH = "document.querySelector('.app-letter').lang = 'en'"  # as the desk records it of a transcription
ENGLISH_LETTER = "I think about that evening often."


class Ear:
    """What was spoken, in order: (voice, language, text), and "silence" where it was cut off."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def note(self, what: str) -> None:
        """One utterance, or silence."""
        self.heard.append("silence" if what == "silence" else tuple(json.loads(what)))

    @property
    def texts(self) -> list[str]:
        """The words alone."""
        return [one[2] for one in self.heard if one != "silence"]

    @property
    def voices(self) -> set[str]:
        """Who spoke."""
        return {one[0] for one in self.heard if one != "silence"}


@asynccontextmanager
async def listening(
    tour: Tour, browser: Browser, *voices: dict[str, Any], held: bool = False, **cookies: str
) -> AsyncIterator[tuple[Page, Ear]]:
    """A page of a device that has these voices; `held` never comes to the end of a sentence."""
    ear = Ear()
    async with tour.page(browser, cookies, viewport=PHONE) as page:
        await page.expose_function("noted", ear.note)
        script = PLANTED.replace("VOICES", json.dumps(voices)).replace("HELD", str(held).lower())
        await page.add_init_script(script)
        yield page, ear


async def _open(tour: Tour, page: Page, name: str) -> None:
    await tour.go(page, next(stop for stop in tour.stops if stop.name == name))


async def _listened(page: Page) -> None:
    """Press the button and wait for the end."""
    go = page.locator("[data-listen-go]")
    await go.click()
    await expect(page.locator("[data-listen-stop]")).to_be_hidden(timeout=20_000)


async def test_the_page_is_read_aloud_in_order_and_nothing_else(tour: Tour, visitors: Browser) -> None:
    """Heading, paragraphs, list: sentence by sentence, in English, by a voice of the device; no header, no footer."""
    async with listening(tour, visitors, REMOTE, LOCAL) as (page, ear):
        await _open(tour, page, "about-exit-explained")
        await _listened(page)
        shown = " ".join((await page.locator("main").inner_text()).split())
        marks = await page.locator(".app-listened").count()
    assert ear.texts[0] == "What “Exit this page” does"
    assert " ".join(ear.texts) == shown
    assert max(map(len, ear.texts)) <= LONGEST
    assert {one[1] for one in ear.heard} == {"en-GB"}
    assert marks == 0


async def test_no_remote_voice_is_given_a_word(tour: Tour, visitors: Browser) -> None:
    """A voice that sends words away is never used, on no page: without one of the device there is no button."""
    async with listening(tour, visitors, REMOTE) as (page, ear):
        hidden = 0
        async for _ in tour.walk(page):
            assert await page.locator("[data-listen]").is_hidden()
            hidden += 1
    assert ear.heard == []
    async with listening(tour, visitors, REMOTE, LOCAL) as (page, ear):
        shown = 0
        async for name in tour.walk(page):
            assert await page.get_by_role("button", name="Listen", exact=True).is_visible(), name
            shown += 1
        await _open(tour, page, "letter-read")
        await _listened(page)
    assert ear.voices == {"Daisy"}
    assert ENGLISH_LETTER in ear.texts
    say(
        f"listen: the button on {shown} pages and states with a voice of the device, on 0 of {hidden} with a remote one"
    )


async def test_a_browser_without_voices_shows_no_button(tour: Tour, visitors: Browser) -> None:
    """Chromium as it is on this machine: nothing is planted, nothing is offered, nothing breaks."""
    async with tour.page(visitors) as page:
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await _open(tour, page, "about")
        assert await page.evaluate("speechSynthesis.getVoices().filter((one) => one.localService).length") == 0
        assert await page.locator("[data-listen]").is_hidden()
        assert complaints == []


async def test_words_of_another_language_wait_for_their_own_voice(tour: Tour, visitors: Browser) -> None:
    """An English letter on a Welsh page: an English voice reads it; without one it is left out, and that is said."""
    async with listening(tour, visitors, WELSH, LOCAL, lang="cy") as (page, ear):
        await _open(tour, page, "letter-read")
        await page.evaluate(IN_ENGLISH)
        await _listened(page)
        assert {one[0] for one in ear.heard if one[2] == ENGLISH_LETTER} == {"Daisy"}
        assert ear.heard[0][:2] == ("Dilys", "cy_GB")
    async with listening(tour, visitors, WELSH, lang="cy") as (page, ear):
        await _open(tour, page, "letter-read")
        await page.evaluate(IN_ENGLISH)
        await _listened(page)
        assert ENGLISH_LETTER not in ear.texts
        assert ear.texts
        await expect(page.locator("[data-listen-said]")).to_have_text(
            "Nid oes gan y ddyfais hon lais ar gyfer rhai o'r geiriau. Maent wedi'u gadael allan."
        )


async def test_pause_goes_on_with_the_same_sentence_by_keyboard(tour: Tour, visitors: Browser) -> None:
    """Enter listens, pauses and goes on; Stop gives the focus back; the next time it begins anew."""
    async with listening(tour, visitors, LOCAL, held=True) as (page, ear):
        await _open(tour, page, "about-privacy")
        go = page.locator("[data-listen-go]")
        await go.focus()
        for words in ("Pause", "Go on listening", "Pause"):
            await page.keyboard.press("Enter")
            await expect(go).to_have_text(words)
        first = ("Daisy", "en-GB", "Privacy")
        assert ear.heard == [first, "silence", first]
        assert await page.locator(".app-listened").inner_text() == "Privacy"
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert ear.heard[3:] == ["silence"]
        await expect(go).to_have_text("Listen")
        await expect(go).to_be_focused()
        assert await page.get_by_role("group", name="Listen to this page").count() == 1


@pytest.mark.parametrize("way", ["exit button", "shift three times", "another page", "another window"])
async def test_leaving_ends_every_word(tour: Tour, visitors: Browser, way: str) -> None:
    """What is being read aloud falls silent at once, and nothing follows. (Exit locks: a browser of its own.)"""
    async with listening(tour, visitors, LOCAL, held=True, portal=new_secret()) as (page, ear):
        await page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
        await _open(tour, page, "about-privacy")
        await page.locator("[data-listen-go]").click()
        if way == "exit button":
            await page.locator(".app-exit__button").first.click()
            await page.wait_for_url("https://www.bbc.co.uk/**")
        elif way == "shift three times":
            for _ in range(3):
                await page.keyboard.press("Shift")
            await page.wait_for_url("https://www.bbc.co.uk/**")
        elif way == "another page":
            await page.goto(tour.exchange.portal + "/cookies")
        else:
            await page.evaluate(
                "Object.defineProperty(document, 'hidden', {value: true});"
                "document.dispatchEvent(new Event('visibilitychange'))"
            )
        await page.wait_for_timeout(100)
    assert len(ear.heard) >= 1
    assert ear.heard.count("silence") <= 1
    assert len(ear.texts) == 1
    if way == "another window":
        assert ear.heard[-1] == "silence"


async def test_a_secret_link_is_not_read_aloud(tour: Tour, visitors: Browser) -> None:
    """The receipt's stop link stays on the screen: nobody in the room hears it."""
    async with listening(tour, visitors, LOCAL) as (page, ear):
        await _open(tour, page, "sent-receipt")
        secret = (await page.locator("#stop-link").inner_text()).strip()
        await _listened(page)
    spoken = " ".join(ear.texts)
    assert len(secret) > 40
    assert secret not in spoken
    assert secret.split("#")[1] not in spoken
