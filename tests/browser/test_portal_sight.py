"""The portal for eyes that need more: zoomed to 200 and 400 %, without motion, in high contrast."""

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
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
QUERIES = {
    "reduced_motion": "(prefers-reduced-motion: reduce)",
    "forced_colors": "(forced-colors: active)",
    "contrast": "(prefers-contrast: more)",
}
USUAL = {"reduced_motion": "no-preference", "forced_colors": "none", "contrast": "no-preference"}


@dataclass(frozen=True)
class View:
    """How somebody looks at a page: the window in CSS pixels, what their system asks for, what must hold."""

    label: str
    size: Any
    check: Callable[[Page], Awaitable[list[str]]]
    asks: dict[str, Any] = field(default_factory=dict)


def zoomed(times: int) -> View:
    """A 1280 × 1024 window at so many times the size: one column, nothing sideways, Exit covers at most a third."""

    async def check(page: Page) -> list[str]:
        found = []
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("scrolls sideways")
        if not (box := await page.locator(".app-exit__button").first.bounding_box()):
            return [*found, "no exit"]
        if box["height"] > HIGH / times / 3 or not 0 <= box["y"] <= HIGH / times - box["height"]:
            found.append(f"exit at {box}")
        return found

    return View(f"zoom-{times}00", {"width": WIDE // times, "height": HIGH // times}, check)


def told_by(name: str) -> Callable[[Page], Awaitable[list[str]]]:
    """What a script of ours finds wrong on the page."""

    async def check(page: Page) -> list[str]:
        return list(await page.evaluate(script(name)))

    return check


VIEWS = (
    zoomed(2),
    zoomed(4),
    # no transition, no animation and no smooth scrolling
    View("still", PHONE, told_by("moving"), {"reduced_motion": "reduce"}),
    # backgrounds go: buttons, cards and fields keep a border, and the text stays readable
    View("forced", DESK, told_by("without_edge"), {"forced_colors": "active"}),
    # every text stands out seven times or more (WCAG 1.4.6), hints and buttons too
    View("contrast", PHONE, told_by("contrast"), {"contrast": "more"}),
)


async def test_every_page_serves_eyes_that_need_more(tour: Tour, visitors: Browser) -> None:
    """Each page once, Easy Read and usual: at 200 and 400 %, without motion, in forced colours, in more contrast."""
    wrong: list[str] = []
    looked: Counter[str] = Counter()
    for easy in ("yes", "no"):
        async with tour.page(visitors, {"easy": easy}) as page:
            for stop in tour.easy if easy == "yes" else tour.stops:
                await tour.go(page, stop)
                for view in VIEWS:
                    wrong += [f"{view.label} {stop.name} easy={easy}: {one}" for one in await _seen(page, view)]
                    looked[view.label] += 1
                    if SHOTS:
                        name = f"{view.label}-{'easy-' if easy == 'yes' else ''}{stop.name}.png"
                        await page.screenshot(path=Path(SHOTS) / name, full_page=True)
    say(f"{dict(looked)} pages, {len(wrong)} wrong")
    assert set(looked) == {view.label for view in VIEWS}
    assert sorted(set(wrong)) == []


async def _seen(page: Page, view: View) -> list[str]:
    await page.set_viewport_size(view.size)
    await page.emulate_media(**{**USUAL, **view.asks})
    asked = {
        name for name, query in QUERIES.items() if await page.evaluate("query => matchMedia(query).matches", query)
    }
    assert asked == set(view.asks)
    # not an animation frame: a page behind another one gets none
    await page.evaluate("new Promise(done => setTimeout(done, 60))")
    return await view.check(page)
