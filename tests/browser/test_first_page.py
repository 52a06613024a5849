"""The first pages on a slow phone: 400 kbit/s, 400 ms to the server and back, a slow processor, nothing cached."""

import pytest
from playwright.async_api import Browser, Page

from tests.support.browser import PHONE, new_page, say
from tests.support.running import Exchange

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MOST_BYTES = 100_000
MOST_SECONDS = 5.0
SLOW = {"offline": False, "downloadThroughput": 50_000, "uploadThroughput": 50_000, "latency": 400}
TIMES = (
    "[...performance.getEntriesByType('navigation').map((one) => one.loadEventEnd),"
    " ...performance.getEntriesByType('resource').map((one) => one.responseEnd)]"
)
SEEN = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@pytest.mark.parametrize("path", ["/", "/l"])
async def test_the_first_page_comes_quickly_on_a_slow_phone(exchange: Exchange, visitors: Browser, path: str) -> None:
    """At most 100 kB over the line and 5 s until everything is there; a second page takes next to nothing more."""
    page = await new_page(visitors, PHONE)
    taken = await _counted(page)
    await page.goto(exchange.portal + path, wait_until="networkidle")
    seconds = max(await page.evaluate(TIMES)) / 1000
    seen, first = await page.evaluate(SEEN) / 1000, sum(taken)
    say(
        f"first page {path}: {first} bytes in {len(taken)} answers, words after {seen:.1f} s, all after {seconds:.1f} s"
    )
    taken.clear()
    await page.goto(exchange.portal + "/privacy", wait_until="networkidle")
    say(f"second page: {sum(taken)} bytes in {len(taken)} answers")
    assert first <= MOST_BYTES
    assert seconds <= MOST_SECONDS
    assert sum(taken) <= MOST_BYTES / 4


async def _counted(page: Page) -> list[int]:
    """Slow the line and the processor down; the bytes of each answer as it comes."""
    line = await page.context.new_cdp_session(page)
    taken: list[int] = []
    await line.send("Network.enable")
    await line.send("Network.emulateNetworkConditions", SLOW)
    await line.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    line.on("Network.loadingFinished", lambda event: taken.append(int(event["encodedDataLength"])))
    return taken
