"""Every page of the portal as somebody meets it who looks, listens or presses keys in a way of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page

from exchange.web.portal.easy import PAGES as EASY_PAGES
from tests.support import every_page
from tests.support.every_page import Stop
from tests.support.running import Exchange, running_exchange

Words = Callable[[str], str]
NAMES_OF_EASY = {name.removesuffix(".html").replace("_", "-") for name in EASY_PAGES}


def as_written(words: str) -> str:
    """The words of a button in English."""
    return words


@dataclass(frozen=True)
class Tour:
    """A running portal, the cookie of a browser with a visit of every kind, and the addresses of every page."""

    exchange: Exchange
    cookie: str
    stops: list[Stop]

    @property
    def easy(self) -> list[Stop]:
        """Those that have an Easy Read variant."""
        return easy_stops(self.stops)

    @asynccontextmanager
    async def page(
        self, browser: Browser, cookies: dict[str, str] | None = None, **options: Any
    ) -> AsyncIterator[Page]:
        """A page of the browser whose visits these are."""
        context = await browser.new_context(locale="en-GB", timezone_id="Europe/London", **options)
        host = urlsplit(self.exchange.portal).hostname or ""
        kept = {"portal": self.cookie, **(cookies or {})}
        await context.add_cookies([{"name": k, "value": v, "domain": host, "path": "/"} for k, v in kept.items()])
        yield await context.new_page()
        await context.close()

    async def walk(self, page: Page, words: Words = as_written) -> AsyncIterator[str]:
        """Go to every page and state, one after the other; yields its name while it is open."""
        for stop in self.stops:
            await self.go(page, stop, words)
            yield stop.name
        async for name in self._ask(page, words):
            yield name
        async for name in referring(page, self.exchange.portal, words):
            yield name

    async def go(self, page: Page, stop: Stop, words: Words = as_written) -> None:
        """Open one page; press its button where it has one."""
        await page.goto(self.exchange.portal + stop.path)
        if stop.press:
            for field, value in stop.fill:
                await page.locator(f"#{field}").fill(value)
            async with page.expect_navigation():
                await page.get_by_role("button", name=words(stop.press), exact=True).first.click()

    async def _ask(self, page: Page, words: Words) -> AsyncIterator[str]:
        async def press(name: str) -> None:
            async with page.expect_navigation():
                await page.get_by_role("button", name=words(name), exact=True).click()

        await page.goto(self.exchange.portal + "/ask")
        await press("Start")
        yield "ask-1"
        await press("Continue")
        yield "ask-1-wrong"
        await page.get_by_label(words("Text message")).check()
        await page.locator("#reach_address").fill("07700 900001")
        for name in ("ask-2", "ask-3", "ask-4", "ask-5", "ask-6", "ask-check"):
            await press("Continue")
            yield name
        await press("Send")
        yield "ask-sent"


async def referring(page: Page, site: str, words: Words) -> AsyncIterator[str]:
    """A professional tells of one person who has agreed: the journey's pages, which have one address."""

    async def press(name: str) -> None:
        async with page.expect_navigation():
            await page.get_by_role("button", name=words(name), exact=True).click()

    await page.goto(site + "/refer")
    await press("Start")
    yield "refer-by"
    await press("Continue")
    yield "refer-by-wrong"
    for field in ("by_name", "by_organisation", "by_reach"):
        await page.locator(f"#{field}").fill("A station")
    await page.locator("#by_role").check()
    for name in ("refer-one", "refer-one-agreed"):
        await press("Continue")
        yield name
    await page.locator("#one_agreed").check()
    await page.locator("#one_agreed_when").fill("3 May")
    await press("Continue")
    yield "refer-one-reach"
    await page.locator("#one_reach_by").check()
    await page.locator("#one_reach_address").fill("07700 900002")
    for name in ("refer-two", "refer-about", "refer-risks", "refer-check"):
        await press("Continue")
        yield name
    await press("Send")
    yield "refer-sent"


def easy_stops(stops: list[Stop]) -> list[Stop]:
    """Those that have an Easy Read variant, errors in their forms included."""
    return [
        stop for stop in stops if _last(stop.path) in NAMES_OF_EASY and stop.status in (200, 422) and not stop.leads
    ]


@contextmanager
def portal_tour(database: str, folder: Path) -> Iterator[Tour]:
    """The portal as a process, with the mirrored language, and somebody's visits of every kind."""
    with running_exchange(database, folder, ("portal",), idle_lock_seconds=7200, mirrored_language=True) as running:
        cookie, stops = asyncio.run(_made(running, folder))
        yield Tour(running, cookie, stops)


async def _made(running: Exchange, folder: Path) -> tuple[str, list[Stop]]:
    async with running.service() as service:
        return await every_page.portal(await running.case(service), folder)


def _last(path: str) -> str:
    return path.partition("?")[0].rsplit("/", 1)[-1] or "start"
