"""A console at a host name, and Chromium with a virtual authenticator that verifies its user."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, CDPSession, Page

from exchange.core.model import Role
from exchange.store.service import Service
from exchange.web.console.app import create
from exchange.web.frame import FrameRunner
from tests.support.browser import new_page, press, told
from tests.support.console_site import session_cookie
from tests.support.ports import free_port
from tests.support.staff import Member, found, member

DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@dataclass
class Setting:
    """A console at a host name, a member of staff, a browser with an authenticator."""

    service: Service
    url: str
    who: Member
    page: Page
    device: CDPSession
    authenticator: str


@asynccontextmanager
async def passkey_site(service: Service, visitors: Browser, *roles: Role) -> AsyncIterator[Setting]:
    """The console of this process at http://localhost, and a device that verifies its user."""
    url = f"http://localhost:{free_port()}"
    here = replace(service, settings=service.settings.model_copy(update={"console_url": url}))
    await found(here)
    runner = FrameRunner(await create(here))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(url.rsplit(":", 1)[1])).start()
    page = await new_page(visitors)
    device = await page.context.new_cdp_session(page)
    await device.send("WebAuthn.enable")
    made = await device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    who = await member(here, "jo", *(roles or [Role.FACILITATOR]))
    try:
        yield Setting(here, url, who, page, device, made["authenticatorId"])
    finally:
        await runner.cleanup()


async def credentials(setting: Setting) -> list[dict[str, Any]]:
    """What lies in the authenticator."""
    asked = {"authenticatorId": setting.authenticator}
    held: list[dict[str, Any]] = (await setting.device.send("WebAuthn.getCredentials", asked))["credentials"]
    return held


async def enrolled(setting: Setting) -> None:
    """A freshly signed-in member of staff adds a passkey and signs out."""
    who = setting.who.id
    cookie = await session_cookie(setting.service, who)
    await setting.page.context.add_cookies([{"name": "console", "value": cookie, "url": setting.url}])
    await setting.page.goto(setting.url + "/account/passkeys/new")
    await setting.page.get_by_label("Name of the passkey").fill("Work laptop")
    await setting.page.get_by_role("button", name="Add this passkey").click()
    await told(setting.page, "You can sign in with this passkey from now on.")
    await press(setting.page, "Sign out")
