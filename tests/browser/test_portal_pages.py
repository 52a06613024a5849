"""Every page of the portal in real Chromium: no axe violation, no sideways scrolling, in both languages.

With PORTAL_PICTURES=1 each page is also photographed, at both widths and in both languages, into the test's
temporary folder.
"""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from exchange.steps.setup import found_service
from exchange.store.service import Service
from tests.support.portal_site import PortalSite, running_portal
from tests.support.portal_tour import Tour
from tests.support.world import World, make_world

pytestmark = pytest.mark.browser
POSTED = re.compile(r"ask-|wrong|^dead$")
WIDTHS = {"phone": 360, "desktop": 1280}


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    await found_service(service, demo=True, name="Message service")
    return await make_world(service)


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, without keys."""
    async with running_portal(portal_service) as running:
        yield running


@pytest.fixture
async def browser(chromium: str | None) -> AsyncIterator[Browser]:
    """Real Chromium."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        await launched.close()


class Look:
    """What is looked at on each page; pictures go to `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pictures = os.environ.get("PORTAL_PICTURES") == "1"
        self.wrong: list[str] = []
        self.names: list[str] = []

    async def stop(self, page: Page, name: str) -> None:
        """Axe, width and pictures in English; width and pictures in Welsh, whose markup is the same."""
        if not name:
            return
        self.names.append(name)
        found = await Axe().run(page)
        self.wrong += [f"{name}: {v['id']} {[n['html'][:120] for n in v['nodes'][:2]]}"
                       for v in found.response["violations"]]  # fmt: skip
        await self._look(page, f"{name}-en")
        if POSTED.search(name):
            return  # the answer to a form: coming again in Welsh would send it twice
        await self._in(page, "cy")
        await self._look(page, f"{name}-cy")
        await self._in(page, "en")

    async def _in(self, page: Page, language: str) -> None:
        host = page.url.split("/")[2].split(":")[0]
        await page.context.add_cookies([{"name": "lang", "value": language, "domain": host, "path": "/"}])
        await page.goto(page.url)

    async def _look(self, page: Page, name: str) -> None:
        for label, width in WIDTHS.items():
            await page.set_viewport_size({"width": width, "height": 800})
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                self.wrong.append(f"{name}: scrolls sideways at {width}")
            if self.pictures:
                await page.screenshot(path=self.folder / f"{name}-{label}.png", full_page=True)


async def test_every_page_is_accessible_and_fits(
    world: World, site: PortalSite, browser: Browser, tmp_path: Path
) -> None:
    """Zero axe violations and no sideways scrolling from 360 px on; no script was refused or failed."""
    look = Look(tmp_path)
    context = await browser.new_context(base_url=site.url, locale="en-GB")
    page = await context.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    await Tour(world, site, page, look.stop).all()
    assert look.wrong == []
    assert failed == []
    assert len(look.names) >= 40
