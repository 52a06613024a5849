"""Single sign-on in Chromium, there and back through a real provider; its pages at phone width, in both languages."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, Route

from exchange.core.model import OPERATOR, Role
from exchange.steps import sign_on
from exchange.store.service import Service
from exchange.web.console.app import create
from exchange.web.frame import FrameRunner
from tests.support.browser import PHONE, new_page, press, told
from tests.support.console_site import running_console, session_cookie
from tests.support.openid_provider import RealProvider, running_provider
from tests.support.staff import Member, found, leaves, member

SHOTS = os.environ.get("EXCHANGE_SHOTS")
SUBJECT = "a4f0c1d2-7e55"
NAME = "Riverside staff"


@dataclass
class Setting:
    """A console that knows the provider, a linked member of staff, a phone."""

    service: Service
    url: str
    who: Member
    page: Page

    async def there(self, login: str, *, mfa: bool = False, no: bool = False) -> None:
        """From the sign-in page to the provider, in there, and back."""
        page = self.page
        await page.goto(self.url + "/sign-in")
        await page.get_by_role("button", name=f"Sign in with {NAME}").click()
        await page.get_by_role("heading", name="Provider").wait_for()
        assert urlsplit(page.url).netloc == urlsplit(self.service.settings.oidc_issuer).netloc
        await page.fill("input[name=login]", login)
        if mfa:
            await page.check("input[name=mfa]")
        await page.get_by_role("button", name="Do not" if no else "Sign in there").click()
        await page.wait_for_url(lambda url: url.startswith(self.url) and "/back?" not in url)
        await page.wait_for_load_state()


@pytest.fixture(scope="module")
def real() -> Iterator[RealProvider]:
    """One provider for the tests of this file."""
    with running_provider() as running:
        yield running


@pytest.fixture
async def setting(service: Service, real: RealProvider, visitors: Browser) -> AsyncIterator[Setting]:
    """The console at the address that the provider knows."""
    here = replace(service, settings=service.settings.model_copy(update=real.settings(oidc_amr="mfa")))
    await found(here)
    who = await member(here, "jo", Role.FACILITATOR, Role.ADMINISTRATOR)
    await sign_on.link(here, OPERATOR, who.id, SUBJECT, password_off=False)
    runner = FrameRunner(await create(here))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(real.console_url.rsplit(":", 1)[1])).start()
    try:
        yield Setting(here, real.console_url, who, await new_page(visitors, PHONE))
    finally:
        await runner.cleanup()


async def test_there_and_back_with_our_code_or_with_their_second_factor(setting: Setting) -> None:
    """Password only there: our code is asked. A second factor there, as the settings demand: straight to work."""
    page = setting.page
    await setting.there(SUBJECT)
    assert await page.inner_text("h1") == "Enter your code"
    await page.fill("#code", await page.inner_text("#demo-code"))
    await press(page, "Sign in")
    assert await page.inner_text("h1") == "Needs you now"
    assert [one["name"] for one in await page.context.cookies(setting.url)].count("sign-on") == 0
    await press(page, "Sign out")
    await page.context.clear_cookies()
    await setting.there(SUBJECT, mfa=True)
    assert await page.inner_text("h1") == "Needs you now"


async def test_who_is_not_linked_or_says_no_reads_one_sentence(setting: Setting) -> None:
    """On the sign-in page, in our words; the provider's are nowhere; each stands in the record."""
    await setting.there("somebody@staff.example")
    await told(setting.page, "that account opens none here. Ask your administrator to link the two.")
    await setting.page.context.clear_cookies()
    await setting.there(SUBJECT, no=True)
    await told(setting.page, "Single sign-on did not work. Nothing was changed.")
    shown = await setting.page.content()
    assert not [word for word in ("raw words", "access_denied", "somebody@") if word in shown]
    refused = [leaf for leaf in await leaves(setting.service) if '"act":"account.refused"' in leaf]
    assert ['"kind":"sign_on"' in leaf for leaf in refused] == [True, True]


async def test_coming_back_is_a_page_that_changes_nothing(setting: Setting) -> None:
    """A GET of it, however often, signs nobody in and records nothing; without scripts it has a button."""
    before = len(await leaves(setting.service))
    assert setting.page.context.browser
    plain = await setting.page.context.browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = await plain.new_page()
    for _ in range(3):
        await page.goto(f"{setting.url}/sign-in/provider/back?state=x&code=%3Cb%3Ey&iss=z")
        assert await page.get_by_role("button", name="Continue").is_visible()
    assert len(await leaves(setting.service)) == before
    await page.get_by_role("button", name="Continue").click()
    assert await page.inner_text("h1") == "Sign in"
    assert len(await leaves(setting.service)) == before + 1
    await page.goto(f"{setting.url}/sign-in/provider/back")
    assert urlsplit(page.url).path == "/sign-in"
    await plain.close()


async def test_without_a_provider_there_is_no_button_and_no_page(service: Service) -> None:
    """Closed by default: neither the button nor its addresses are there."""
    await found(service)
    boss = await member(service, "boss", Role.ADMINISTRATOR)
    async with running_console(service) as console:
        client = console.client(await session_cookie(service, boss.id))
        _, page = await console.client().get("/sign-in")
        assert "/sign-in/provider" not in page
        assert (await client.send("/sign-in/provider", "/account"))[0] == 404
        assert (await client.send("/sign-in/provider/back", "/account", state="x"))[0] == 404
        assert (await client.get("/sign-in/provider/back?state=x"))[0] == 404
        assert (await client.get(f"/admin/accounts/{boss.id}/sign-on"))[0] == 404
        _, page = await client.get(f"/admin/accounts/{boss.id}")
        assert "Single sign-on" not in page


async def test_the_pages_of_single_sign_on_have_nothing_to_complain_of(setting: Setting) -> None:
    """axe, one heading, no sideways scrolling at 360 and 320 pixels, in English and Welsh."""
    wrong: list[str] = []
    assert setting.page.context.browser
    for language in ("en", "cy"):
        page = await setting.page.context.browser.new_page(viewport=PHONE)
        cookies = {"lang": language, "console": await session_cookie(setting.service, setting.who.id)}
        listed = [{"name": name, "value": value, "url": setting.url} for name, value in cookies.items()]
        await page.context.add_cookies(listed[:1])
        await page.goto(setting.url + "/sign-in")
        wrong += await _wrong(page, f"sign-in-{language}")
        await page.route("**/sign-in/provider", _stay)
        await page.locator("form[action='/sign-in/provider'] button").click()
        await page.wait_for_url("**/sign-in/provider")
        wrong += await _wrong(page, f"leaving-{language}")
        await page.route("**/onward.js", lambda route: route.abort())
        await page.goto(f"{setting.url}/sign-in/provider/back?state=x&code=y")
        wrong += await _wrong(page, f"back-{language}")
        await page.locator("#onward button").click()
        wrong += await _wrong(page, f"refused-{language}")
        await page.context.add_cookies(listed)
        for name, path in _of_staff(setting.who):
            await page.goto(setting.url + path)
            wrong += await _wrong(page, f"{name}-{language}")
        await page.context.close()
    assert "\n".join(wrong) == ""


async def _stay(route: Route) -> None:
    """The page that leaves for the provider, without its leaving."""
    answer = await route.fetch()
    await route.fulfill(response=answer, headers={k: v for k, v in answer.headers.items() if k != "refresh"})


def _of_staff(who: Member) -> list[tuple[str, str]]:
    account = f"/admin/accounts/{who.id}"
    own = [("account", "/account"), ("recovery", "/account/recovery"), ("recovery-used", "/account/recovery?used=yes")]
    return [*own, ("admin-account", account), ("admin-sign-on", account + "/sign-on")]


async def _wrong(page: Page, name: str) -> list[str]:
    await page.wait_for_load_state()
    await page.evaluate(AXE_SCRIPT + ";0")
    found = (await page.evaluate("axe.run(document, {resultTypes: ['violations']})"))["violations"]
    problems = [f"{name}: {one['id']} {one['nodes'][0]['html'][:160]}" for one in found]
    if await page.locator("h1").count() != 1:
        problems.append(f"{name}: not one h1")
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.wait_for_timeout(60)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        problems.append(f"{name}: scrolls sideways at 320")
    await page.set_viewport_size(PHONE)
    return problems
