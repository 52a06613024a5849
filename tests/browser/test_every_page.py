"""Every page of both sites in real Chromium, at phone and desk width: nothing to complain of.

The portal in English and Welsh and in Easy Read; from right to left in `test_portal_mirrored.py`.

The addresses are held against the applications' own lists of routes, so a page that is added later is missed
here until it is looked at. `EXCHANGE_SHOTS=folder` keeps the pictures.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, BrowserContext, FilePayload, Page

from exchange.store.embedded import EmbeddedPostgres
from exchange.web import frame
from exchange.web.console.app import create as create_console
from exchange.web.portal.app import create as create_portal
from tests.support import every_page
from tests.support.browser import chromium, say
from tests.support.console_site import PROVIDER, session_cookie
from tests.support.database import cloned
from tests.support.every_page import Stop
from tests.support.portal_tour import as_written, easy_stops, referring
from tests.support.running import Exchange, running_exchange

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]
SHOTS = os.environ.get("EXCHANGE_SHOTS")
SIZES = {"phone": (360, 640), "desk": (1280, 800)}
NARROWEST = 320
AXE = "axe.run(document, {resultTypes: ['violations'], preload: false})"
"""All of its rules; loaded once for a page, run at each size. It gets no copies of style sheets: the policy says no."""
NOT_THERE = "Failed to load resource"
"""How Chromium says that an answer had the status which a stop expects."""
NO_PAGES = re.compile(
    r"/static/|/healthz|/readyz|/api/|/uploads/|/part/|/pages/\{page\}$|/progress$|/making$|/s/\{session\}/open$|/play$|/record/checkpoint"
    r"|/record/entries/.*/proof$|/s/\{session\}/spoken$|/spoken/sound$|/early/sound$|/print/\{release\}/pack$|/sign-in/provider/back$|/cases/import/template$|/erasures/.*/certificate$|/s/\{session\}$"
)
"""Addresses of bytes, of programs, and those that only lead on to another page."""


@pytest.fixture(scope="module")
def sites(migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Both sites as processes; what workers do is done here, so that states stay as they are."""
    folder = tmp_path_factory.mktemp("sites")
    with (
        cloned(migrated_postgres) as url,
        running_exchange(
            url,
            folder,
            ("portal", "console"),
            idle_lock_seconds=7200,
            staff_idle_seconds=7200,
            **PROVIDER,
        ) as running,
    ):
        yield running


@dataclass
class Looks:
    """What was looked at, and what is wrong."""

    wrong: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    checked: int = 0

    def listen(self, page: Page) -> None:
        """What the page itself complains of: refusals of the policy, errors of scripts."""

        def said(words: str) -> None:
            self.wrong.append(f"{urlsplit(page.url).path}: {words}")

        page.on(
            "console", lambda line: said(line.text) if line.type == "error" and NOT_THERE not in line.text else None
        )
        page.on("pageerror", lambda error: said(str(error)))

    async def at(self, page: Page, name: str, language: str) -> None:
        """Title, language, one h1, no sideways scrolling, and axe at both sizes (translations: the narrow one)."""
        problems = []
        if not re.fullmatch(r".*\S – Letter Bridge", await page.title()):
            problems.append(f"title {await page.title()!r}")
        if await page.locator("html").get_attribute("lang") != language:
            problems.append("language")
        if await page.locator("h1").count() != 1:
            problems.append("not one h1")
        await page.evaluate(AXE_SCRIPT + ";0")
        for label, (width, height) in list(SIZES.items())[: 2 if language == "en" else 1]:
            await page.set_viewport_size({"width": width, "height": height})
            found = (await page.evaluate(AXE))["violations"]
            problems += [f"{label} {one['id']} {one['nodes'][0]['html'][:160]}" for one in found]
            self.checked += 1
            if SHOTS:
                kind = "-easy" if await page.locator(".app-easy").count() else ""
                await page.screenshot(path=Path(SHOTS) / f"{name}{kind}-{language}-{label}.png", full_page=True)
        await page.set_viewport_size({"width": NARROWEST, "height": 640})
        # not an animation frame: a page behind another one gets none
        await page.evaluate("new Promise(done => setTimeout(done, 60))")
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append("scrolls sideways at 320")
        self.names.append(name)
        self.wrong += [f"{name} ({language}): {problem}" for problem in problems]


async def test_every_page_of_the_portal(sites: Exchange, tmp_path: Path) -> None:
    """Public pages, the ask journey, and a visit of each kind, in each language; what has Easy Read also in that."""
    async with sites.service() as service, chromium() as browser:
        world = await sites.case(service)
        cookie, stops = await every_page.portal(world, tmp_path)
        looks = Looks()
        walks = [("en", "no"), ("cy", "no"), ("en", "yes"), ("cy", "yes")]
        for some in (walks[:2], walks[2:]):
            await asyncio.gather(*(_portal_in(browser, sites, cookie, stops, looks, *walk) for walk in some))
        missed = _missed(frame.route_census(await create_portal(service)), [stop.path for stop in stops])
    say(f"portal: {len(set(looks.names))} pages, {looks.checked} looks, {len(looks.wrong)} wrong")
    assert "\n".join(looks.wrong) == ""
    assert missed == []


async def _portal_in(
    browser: Browser, sites: Exchange, cookie: str, stops: list[Stop], looks: Looks, tongue: str, easy: str
) -> None:
    context = await _context(browser, sites.portal, {"portal": cookie, "lang": tongue, "easy": easy})
    page = await context.new_page()
    looks.listen(page)
    for stop in easy_stops(stops) if easy == "yes" else stops:
        if tongue == "en" or not stop.press:
            await _go(page, sites.portal, stop, looks, tongue)
            assert easy == "no" or await page.locator(".app-easy").count() > 0, stop.name
    if tongue == "en" and easy == "no":
        await _ask(page, sites.portal, looks)
        async for name in referring(page, sites.portal, as_written):
            await looks.at(page, name, "en")
    await context.close()


async def _ask(page: Page, site: str, looks: Looks) -> None:
    """The journey of asking to take part, whose pages have one address."""
    await page.goto(site + "/ask")
    await page.get_by_role("button", name="Start", exact=True).click()
    await looks.at(page, "ask-1", "en")
    await page.get_by_role("button", name="Continue", exact=True).click()
    await looks.at(page, "ask-1-wrong", "en")
    await page.get_by_label("Text message").check()
    await page.get_by_label("Number or address").fill("07700 900001")
    for name in ("ask-2", "ask-3", "ask-4", "ask-5", "ask-6", "ask-check"):
        await page.get_by_role("button", name="Continue", exact=True).click()
        await page.wait_for_load_state()
        await looks.at(page, name, "en")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.wait_for_load_state()
    await looks.at(page, "ask-sent", "en")


async def test_every_page_of_the_console(sites: Exchange, tmp_path: Path) -> None:
    """Each role's pages, and what is shown when something is wrong."""
    async with sites.service() as service, chromium() as browser:
        world = await sites.case(service)
        walks, looks = await every_page.console(world, tmp_path), Looks()
        seen = []
        for actor, stops in walks:
            cookies = {"console": await session_cookie(service, actor.id)} if actor and actor.id else {}
            context = await _context(browser, sites.console, cookies)
            halves = (stops[::2], stops[1::2]) if actor else (stops,)
            await asyncio.gather(*(_console_in(context, sites, half, looks) for half in halves))
            await context.close()
            seen += [stop.path for stop in stops]
        missed = _missed(frame.route_census(await create_console(service)), [*seen, "/sign-in/code"])
    say(f"console: {len(set(looks.names))} pages, {looks.checked} looks, {len(looks.wrong)} wrong")
    assert "\n".join(looks.wrong) == ""
    assert missed == []


async def _console_in(context: BrowserContext, sites: Exchange, stops: list[Stop], looks: Looks) -> None:
    page = await context.new_page()
    looks.listen(page)
    for stop in stops:
        await _go(page, sites.console, stop, looks, "en")
    await page.close()


async def _context(browser: Browser, site: str, cookies: dict[str, str]) -> BrowserContext:
    context = await browser.new_context(locale="en-GB", timezone_id="Europe/London")
    host = urlsplit(site).hostname or ""
    await context.add_cookies([{"name": k, "value": v, "domain": host, "path": "/"} for k, v in cookies.items()])
    return context


async def _go(page: Page, site: str, stop: Stop, looks: Looks, language: str) -> None:
    """Open it, press its button where it has one, look; the status is the expected one."""
    answer = await page.goto(site + stop.path)
    if stop.press:
        for field_, words in stop.fill:
            await page.locator(f"#{field_}").fill(words)
        if stop.file:
            chosen = FilePayload(name="table.csv", mimeType="text/csv", buffer=stop.file.encode())
            await page.set_input_files("#file", chosen)
        async with page.expect_navigation() as sent:
            await page.get_by_role("button", name=stop.press, exact=True).first.click()
        answer = await sent.value
    assert answer
    where = urlsplit(page.url).path
    if answer.status != stop.status or not (stop.press or where == (stop.leads or stop.path.split("?")[0])):
        looks.wrong.append(f"{stop.name}: status {answer.status} at {page.url}")
    await looks.at(page, stop.name, language)


def _missed(census: list[tuple[str, str, object]], seen: list[str]) -> list[str]:
    """The patterns of pages that none of these addresses matches."""
    plain = {path.split("?")[0] for path in seen}
    patterns = {path for method, path, _ in census if method == "GET" and not NO_PAGES.search(path)}
    return sorted(
        pattern for pattern in patterns
        if not any(re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", pattern), path) for path in plain)
    )  # fmt: skip
