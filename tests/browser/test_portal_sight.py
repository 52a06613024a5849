"""The portal for eyes that need more: zoomed to 200 and 400 %, without motion, in high contrast."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.support.browser import DESK, PHONE, say
from tests.support.portal_tour import Tour
from tests.support.scripts import script

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
SHOTS = os.environ.get("EXCHANGE_SHOTS")
WIDE, HIGH = 1280, 1024
MOVES = script("moving")
WITHOUT_EDGE = script("without_edge")
CONTRAST = script("contrast")


async def _look(tour: Tour, browser: Browser, label: str, check: Any, **options: Any) -> None:
    wrong: list[str] = []
    looked = 0
    for easy in ("yes", "no"):
        async with tour.page(browser, {"easy": easy}, **options) as page:
            stops = tour.easy if easy == "yes" else tour.stops
            for stop in stops:
                await tour.go(page, stop)
                looked += 1
                wrong += [f"{stop.name} easy={easy}: {one}" for one in await check(page)]
                if SHOTS:
                    name = f"{label}-{'easy-' if easy == 'yes' else ''}{stop.name}.png"
                    await page.screenshot(path=Path(SHOTS) / name, full_page=True)
    say(f"{label}: {looked} pages, {len(wrong)} wrong")
    assert sorted(set(wrong)) == []


@pytest.mark.parametrize("times", [2, 4])
async def test_every_page_reflows_when_zoomed(tour: Tour, visitors: Browser, times: int) -> None:
    """At 200 and 400 % of a 1280 × 1024 window: one column, nothing sideways, Exit covers at most a third."""

    async def check(page: Page) -> list[str]:
        found = []
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("scrolls sideways")
        if not (box := await page.locator(".app-exit__button").first.bounding_box()):
            return [*found, "no exit"]
        if box["height"] > HIGH / times / 3 or not 0 <= box["y"] <= HIGH / times - box["height"]:
            found.append(f"exit at {box}")
        return found

    size = {"width": WIDE // times, "height": HIGH // times}
    await _look(tour, visitors, f"zoom-{times}00", check, viewport=size, device_scale_factor=times)


async def test_nothing_moves_for_who_asks_for_that(tour: Tour, visitors: Browser) -> None:
    """With `prefers-reduced-motion` there is no transition, no animation and no smooth scrolling on any page."""

    async def check(page: Page) -> list[str]:
        return list(await page.evaluate(MOVES))

    await _look(tour, visitors, "still", check, viewport=PHONE, reduced_motion="reduce")


async def test_every_control_has_an_edge_in_forced_colours(tour: Tour, visitors: Browser) -> None:
    """In high contrast backgrounds go: buttons, cards and fields keep a border, and the text stays readable."""

    async def check(page: Page) -> list[str]:
        return list(await page.evaluate(WITHOUT_EDGE))

    await _look(tour, visitors, "forced", check, viewport=DESK, forced_colors="active")


async def test_text_is_darker_for_who_asks_for_contrast(tour: Tour, visitors: Browser) -> None:
    """With `prefers-contrast: more` every text stands out seven times or more (WCAG 1.4.6), hints and buttons too."""

    async def check(page: Page) -> list[str]:
        return list(await page.evaluate(CONTRAST))

    await _look(tour, visitors, "contrast", check, viewport=PHONE, contrast="more")
