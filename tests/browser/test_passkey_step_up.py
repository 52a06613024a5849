"""Confirming with a passkey in place of the code, in Chromium: wherever a step asks once more."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from playwright.async_api import Browser

from exchange.core.errors import BadInput, SignInNeeded, WaitAWhile
from exchange.core.model import Role
from exchange.steps import passkeys, sessions
from exchange.store.service import Service
from tests.support.browser import press
from tests.support.console_site import session_cookie
from tests.support.passkey_site import Setting, enrolled, passkey_site
from tests.support.staff import leaves, signed_in


@pytest.fixture
async def setting(service: Service, visitors: Browser) -> AsyncIterator[Setting]:
    """Somebody who is everything, with a passkey, an hour after the last code."""
    async with passkey_site(service, visitors, Role.FACILITATOR, Role.AUDITOR, Role.ADMINISTRATOR) as running:
        await enrolled(running)
        cookie = await session_cookie(service, running.who.id, stepped_up=False)
        await running.page.context.add_cookies([{"name": "console", "value": cookie, "url": running.url}])
        yield running


async def confirmed(setting: Setting) -> None:
    """The step-up page is shown, and the passkey is pressed."""
    assert await setting.page.inner_text("h1") == "Confirm that it is you"
    async with setting.page.expect_navigation():
        await setting.page.get_by_role("button", name="Confirm with a passkey").click()


async def test_a_passkey_confirms_making_an_api_token(setting: Setting) -> None:
    """The form goes on with what was entered; the record says that it was confirmed, and how."""
    page = setting.page
    await page.goto(setting.url + "/account")
    await page.get_by_label("What is the new token for?").fill("the nightly script")
    await press(page, "Make a token")
    await confirmed(setting)
    assert (await page.inner_text("#token")).startswith("exch_")
    assert "the nightly script" in await page.content()
    told = [json.loads(leaf) for leaf in await leaves(setting.service)]
    assert [one["kind"] for one in told if one["act"] == "account.stepped_up"] == ["passkey"]


async def test_a_passkey_confirms_taking_the_record_away(setting: Setting) -> None:
    """The page of exports asks first, and is there after the passkey."""
    page = setting.page
    await page.goto(setting.url + "/record/export")
    await confirmed(setting)
    assert page.url == setting.url + "/record/export"
    assert await page.inner_text("h1") != "Confirm that it is you"


async def test_a_passkey_confirms_making_an_account(setting: Setting) -> None:
    """An administrator's form, which lies whole on the page in between."""
    page = setting.page
    await page.goto(setting.url + "/admin/accounts/new")
    await page.fill("#display_name", "Wren")
    await page.fill("#login", "wren")
    await page.check("input[value=facilitator]")
    await press(page, "Make the account")
    await confirmed(setting)
    assert await page.inner_text("h1") == "First password"


async def test_only_the_page_that_asks_lets_the_browser_ask_for_a_passkey(setting: Setting) -> None:
    """Permissions-Policy of that one answer; not of the same address where nothing is asked."""
    for path, asked in (("/step-up", True), ("/account", False)):
        answer = await setting.page.request.get(setting.url + path)
        assert ("publickey-credentials-get=(self)" in answer.headers["permissions-policy"]) is asked


async def test_an_answer_for_a_step_up_is_good_for_that_alone(setting: Setting) -> None:
    """Not twice, not in another session, not to sign in; wrong ones are counted."""
    service, sent = setting.service, []
    setting.page.on(
        "request", lambda asked: sent.append(asked.post_data_json or {}) if asked.method == "POST" else None
    )
    await setting.page.goto(setting.url + "/record/export")
    await confirmed(setting)
    answer = next(one["step_up_passkey"] for one in sent if "step_up_passkey" in one)
    opened = (await signed_in(service, setting.who)).session
    half = replace(opened, second_factor=False)
    with pytest.raises(SignInNeeded):
        await passkeys.step_up(service, half, answer)
    with pytest.raises(sessions.SignInNeeded):
        await passkeys.sign_in(service, answer, cookie=None)
    for untrusted in (answer, "", "{}", "x" * 30_000, answer):
        with pytest.raises(BadInput):
            await passkeys.step_up(service, opened, untrusted)
    with pytest.raises(WaitAWhile):
        await passkeys.step_up(service, opened, answer)
