"""A scanned pile put in by hand in a real Chromium, on a phone's width and a desk's, with scripts off (rule 20).

Set EXCHANGE_SCREENSHOTS to a folder to keep the pictures.
"""

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import select

from exchange.core.model import State
from exchange.steps import pile_reading, setup
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.browser.test_console_people import checked
from tests.support import piles as scans
from tests.support.chromium import system_chromium
from tests.support.console_site import Console, running_console, session_cookie
from tests.support.matrix import second_case
from tests.support.world import World, make_world

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


async def test_rule_20_a_pile_is_put_in_by_hand_without_scripts(service: Service, tmp_path: Path) -> None:
    """The file chosen, what was found looked at, a reply ticked and put in; no violation, nothing scrolls sideways."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Message service")
    world = await make_world(service)
    (tmp_path / "post-room.pdf").write_bytes(await _pile(world, tmp_path))
    async with running_console(service) as console, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])
        page = await (await browser.new_context(java_script_enabled=False)).new_page()
        looking = await (await browser.new_context()).new_page()
        for one in (page, looking):
            await _signed_in(one, console, world)
        await page.goto(f"{console.url}/post")
        await page.get_by_role("link", name="Put in scanned replies").click()
        await page.get_by_label("The file from the scanner").set_input_files(tmp_path / "post-room.pdf")
        await page.get_by_role("button", name="Put it in").click()
        wrong = await _looked_at(looking, page.url, "pile-waits")
        async with reading(service) as conn:
            pile = (await conn.execute(select(t.pile.c.id))).scalar_one()
        await pile_reading.read_pile(service, pile)
        await page.reload()
        wrong += await _looked_at(looking, page.url, "pile")
        await page.get_by_role("button", name="Put in what is ticked").click()
        await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
        await page.get_by_role("checkbox").check()
        await page.get_by_role("button", name="Put in what is ticked").click()
        await expect(page.get_by_text("Each reply is made safe now")).to_be_visible()
        await page.get_by_role("button", name="Look at it").click()
        wrong += await _looked_at(looking, page.url, "pile-left")
        await browser.close()
    assert wrong == []
    async with reading(service) as conn:
        put_in = select(t.message.c.state).where(t.message.c.author_id == world.recipient)
        assert list((await conn.execute(put_in)).scalars()) == [State.QUARANTINED]


async def _pile(world: World, folder: Path) -> bytes:
    other = await second_case(world)
    _, _, mine = await scans.sheets(world, folder)
    _, _, theirs = await scans.sheets(other, folder)
    return scans.pile([scans.written(), mine[0], scans.written(2), theirs[0]])


async def _signed_in(page: Page, console: Console, world: World) -> None:
    assert world.facilitator.id
    cookie = await session_cookie(world.service, world.facilitator.id)
    await page.context.add_cookies([{"name": "console", "value": cookie, "url": console.url}])


async def _looked_at(page: Page, url: str, name: str) -> list[object]:
    await page.goto(url, wait_until="networkidle")
    return await checked(page, name)
