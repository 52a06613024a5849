"""Both layouts with every component in a real Chromium: axe, 320 pixels, keyboard, Exit, without scripts."""

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from tests.support.chromium import system_chromium
from tests.support.preview_site import running_site

pytestmark = pytest.mark.browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The Chromium of this machine."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])
        yield launched
        await launched.close()


async def opened(browser: Browser, url: str, *, width: int = 1280, locale: str = "en", **options: bool) -> Page:
    """A page that fails the test on anything the policy refuses."""
    context = await browser.new_context(viewport={"width": width, "height": 800}, locale=locale, **options)
    page = await context.new_page()
    page.on("console", lambda message: _no_complaint(message.text))
    await page.goto(url)
    return page


def _no_complaint(text: str) -> None:
    assert "Content Security Policy" not in text, text
    assert "Permissions-Policy" not in text, text


@pytest.mark.parametrize("site", ["portal", "console"])
async def test_no_axe_violations_and_no_sideways_scrolling(browser: Browser, site: str) -> None:
    """Both layouts, narrow and wide, English and Welsh, with and without errors: nothing to complain of."""
    async with running_site(site) as running:
        for width, locale, query in (
            (320, "cy", ""),
            (320, "en", "?wrong"),
            (1280, "en", ""),
            (1280, "cy", "?wrong"),
        ):
            page = await opened(browser, f"{running.url}/gallery{query}", width=width, locale=locale)
            found = (await Axe().run(page)).response["violations"]
            assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await page.context.close()


async def test_exit_stays_in_view_and_leaves_at_once(browser: Browser) -> None:
    """Scrolled to the end the button is still there; Shift three times locks and empties the page."""
    async with running_site("portal") as running:
        for width in (320, 1280):
            page = await opened(browser, running.url + "/gallery", width=width)
            await page.evaluate("scrollTo(0, document.body.scrollHeight)")
            box = await page.locator(".app-exit__button").first.bounding_box()
            assert box
            assert 0 <= box["y"] <= 800 - box["height"]
            assert box["height"] >= 24
            await page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
            async with page.expect_request("**/exit") as locked:
                for _ in range(3):
                    await page.keyboard.press("Shift")
            assert (await locked.value).method == "POST"
            await page.wait_for_url("https://www.bbc.co.uk/**")
            await page.context.close()


async def test_without_scripts_everything_is_a_form(browser: Browser) -> None:
    """Language and Exit work as plain forms, with the headers that a real browser sends."""
    async with running_site("portal") as running:
        page = await opened(browser, running.url + "/form", java_script_enabled=False)
        await page.click("button[value=cy]")
        assert await page.locator("html").get_attribute("lang") == "cy"
        assert "Cyfieithiad drafft" in await page.content()
        await page.fill("#reference", "RJ-5")
        await page.click("form[action='/form'] button")
        assert "The preview was saved." in await page.content()
