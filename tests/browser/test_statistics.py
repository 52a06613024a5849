"""The statistics on a phone: short until something is opened, whole where it is printed; without scripts.

Set EXCHANGE_SCREENSHOTS to a folder to keep the pictures.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from exchange.core.statistics import Figure
from exchange.steps import setup
from exchange.store.service import Service
from tests.support.chromium import system_chromium
from tests.support.console_site import running_console, session_cookie
from tests.support.outside import counted_quarters
from tests.support.world import make_world

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]
PICTURES = os.environ.get("EXCHANGE_SCREENSHOTS")
WIDTHS = (320, 390, 1280)
PLACE = "/supervisor/statistics"
SECTIONS = len(Figure) + 1
SHOWN = (
    "[...document.querySelectorAll('main table')].filter(one => one.checkVisibility() && one.offsetHeight > 0).length"
)
EVERYTHING = "document.querySelectorAll('main table').length"


@pytest.fixture
async def page(service: Service) -> AsyncIterator[Page]:
    """A supervisor's browser that runs no scripts of the page, over six quarters that were counted."""
    await setup.found_service(service, demo=True, name="Message service")
    world = await make_world(service)
    assert world.supervisor.id
    await counted_quarters(world)
    async with running_console(service) as console, async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])
        context = await browser.new_context(locale="en-GB", base_url=console.url)
        cookie = await session_cookie(service, world.supervisor.id)
        await context.add_cookies([{"name": "console", "value": cookie, "url": console.url}])
        await context.route("**/*.js", lambda route: route.abort())
        yield await context.new_page()
        await browser.close()


async def look(page: Page, name: str, width: int) -> int:
    """Its height at this width; nothing scrolls sideways."""
    await page.set_viewport_size({"width": width, "height": 900})
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
    return int(await page.evaluate("document.documentElement.scrollHeight"))


async def test_the_statistics_are_short_on_a_phone_until_a_part_is_opened(page: Page) -> None:
    """Every figure's number in three screens and a half; one part is opened and closed by the keyboard alone."""
    await page.goto(PLACE)
    assert await page.locator("main section > details > summary h3").count() == SECTIONS
    assert await page.evaluate(SHOWN) == 0
    heights = [await look(page, "statistics", width) for width in WIDTHS]
    assert heights[0] < 2400, heights
    assert heights[1] < 2200, heights
    await page.focus("summary:has(#decided)")
    await page.keyboard.press("Enter")
    assert await page.evaluate(SHOWN) == 4
    opened = [await look(page, "statistics-open", width) for width in WIDTHS]
    assert opened[0] - heights[0] < 2600, opened
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in (await Axe().run(page)).response["violations"]] == []
    await page.keyboard.press("Enter")
    assert await page.evaluate(SHOWN) == 0


async def test_the_statistics_are_printed_whole(page: Page) -> None:
    """Closed parts too; and all of them can be opened by a link where a browser prints what it shows only."""
    await page.goto(PLACE)
    everything = await page.evaluate(EVERYTHING)
    await page.emulate_media(media="print")
    assert await page.evaluate(SHOWN) == everything
    await page.emulate_media(media="screen")
    await page.click("text=Open all parts")
    await page.wait_for_selector("text=Close all parts")
    assert await page.locator("main details[open]").count() == SECTIONS
    assert await page.evaluate(SHOWN) == everything
    for width in WIDTHS:
        await look(page, "statistics-whole", width)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in (await Axe().run(page)).response["violations"]] == []
    await page.click("text=Close all parts")
    await page.wait_for_selector("text=Open all parts")
    assert await page.evaluate(SHOWN) == 0
