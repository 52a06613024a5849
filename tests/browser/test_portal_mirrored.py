"""The portal from right to left, in a made-up language of Arabic letters that only tests and developers can turn on."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from exchange.web.frame.i18n import MIRRORED, Mirrored
from tests.support.browser import DESK, say
from tests.support.portal_tour import Tour
from tests.support.scripts import script

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
SHOTS = os.environ.get("EXCHANGE_SHOTS")
OF_THE_SERVICE = ("Letter Bridge", "Victim Support", "Samaritans")
OF_PEOPLE = ("Willow", "Barley", "Three seconds, calm.", "a few seconds", "07700 900001")
REFERENCE = re.compile(r"\b[CMR]-[0-9A-Z]{4,6}\b")
"""What the service and people wrote themselves, and no catalogue translates; texts of theirs have `dir=auto`."""

LATIN = script("latin")
PLACED = script("placed")


async def test_every_page_reads_from_right_to_left(tour: Tour, visitors: Browser) -> None:
    """No word is left in Latin letters, nothing stands on the wrong side, nothing scrolls sideways at 320 pixels."""
    wrong: list[str] = []
    names: list[str] = []
    for cookies in ({}, {"easy": "yes"}):
        async with tour.page(visitors, {"lang": MIRRORED.code, **cookies}, viewport=DESK) as page:
            async for name in tour.walk(page, Mirrored().gettext):
                kind = "easy " if cookies else ""
                wrong += [f"{kind}{name}: {one}" for one in await _problems(page, kind + name)]
                names.append(kind + name)
    say(f"from right to left: {len(names)} pages and states, {len(wrong)} wrong")
    assert wrong == []


async def _problems(page: Page, name: str) -> list[str]:
    root = page.locator("html")
    found = [] if await root.get_attribute("dir") == "rtl" else ["not from right to left"]
    found += [f"Latin: {text[:90]}" for text in await page.evaluate(LATIN) if _left_over(text)]
    found += await page.evaluate(PLACED)
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"rtl-{name}-desk.png".replace(" ", "-"), full_page=True)
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.evaluate("new Promise(done => setTimeout(done, 60))")
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("scrolls sideways at 320")
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"rtl-{name}-320.png".replace(" ", "-"), full_page=True)
    await page.set_viewport_size(DESK)
    return found


def _left_over(text: str) -> bool:
    """Whether Latin words are left once what belongs there is taken out."""
    for one in (*OF_THE_SERVICE, *OF_PEOPLE):
        text = text.replace(one, "")
    return re.search(r"[A-Za-z]{2}", REFERENCE.sub("", text)) is not None
