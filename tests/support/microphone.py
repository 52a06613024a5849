"""Chromium whose camera and microphone are made up, and what a browser may have kept afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.support.chromium import system_chromium

FAKE = ("--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required")
GRANTED = "--use-fake-ui-for-media-stream"
KEPT = """async () => {
  const found = { local: Object.keys(localStorage), session: Object.keys(sessionStorage), caches: await caches.keys() };
  found.databases = (await indexedDB.databases()).map(one => one.name);
  found.files = [];
  for await (const name of (await navigator.storage.getDirectory()).keys()) found.files.push(name);
  found.workers = (await navigator.serviceWorker.getRegistrations()).length;
  return found;
}"""
NOTHING: dict[str, Any] = {"local": [], "session": [], "caches": [], "databases": [], "files": [], "workers": 0}


@asynccontextmanager
async def chromium_with_microphone(*, granted: bool = True) -> AsyncIterator[Browser]:
    """A browser with a beeping microphone and a moving picture; `granted`: it is asked and says yes."""
    asks = [GRANTED] if granted else ["--deny-permission-prompts"]
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=system_chromium(), args=["--no-sandbox", *FAKE, *asks]
        )
        try:
            yield launched
        finally:
            await launched.close()


async def kept_by(page: Page) -> dict[str, Any]:
    """What the site has kept in this browser, of every kind of storage there is; `NOTHING` where it kept none."""
    found: dict[str, Any] = await page.evaluate(KEPT)
    return found
