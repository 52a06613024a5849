"""Passkeys in real Chromium with its virtual authenticator: enrolled, used, alone, copied, removed."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from playwright.async_api import Browser

from exchange.core.errors import NotFound, StepUpNeeded
from exchange.steps import passkeys, sessions
from exchange.store.service import Service
from tests.support.browser import press, told
from tests.support.console_site import session_cookie
from tests.support.passkey_site import Setting, credentials, enrolled, passkey_site
from tests.support.staff import PASSWORD, code, dump, leaves, member, signed_in


@pytest.fixture
async def setting(service: Service, visitors: Browser) -> AsyncIterator[Setting]:
    """The console of this process at http://localhost, and a device that verifies its user."""
    async with passkey_site(service, visitors) as running:
        yield running


async def test_a_passkey_is_the_second_factor_and_alone_a_sign_in(setting: Setting) -> None:
    """Added on the account's page; then with the password; then without; and stands in the record."""
    await enrolled(setting)
    page = setting.page
    await page.goto(setting.url + "/sign-in")
    await page.get_by_label("Sign-in name").fill("jo")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await press(page, "Continue")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.get_by_role("button", name="Sign out").wait_for()
    await press(page, "Sign out")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.get_by_role("button", name="Sign out").wait_for()
    told_by = [leaf for leaf in await leaves(setting.service) if '"kind":"passkey"' in leaf]
    assert ['"act":"account.signed_in"' in leaf for leaf in told_by] == [True, True]
    (held,) = await credentials(setting)
    assert held["signCount"] == 3
    assert held["privateKey"].encode() not in await dump(setting.service)


async def test_a_copied_passkey_is_refused_and_switched_off(setting: Setting) -> None:
    """A counter that does not rise: no session, the passkey counts no more, and that is recorded."""
    await enrolled(setting)
    page = setting.page
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.get_by_role("button", name="Sign out").wait_for()
    await press(page, "Sign out")
    (held,) = await credentials(setting)
    copy = {**held, "signCount": 0}
    named = {"authenticatorId": setting.authenticator}
    await setting.device.send("WebAuthn.removeCredential", {**named, "credentialId": held["credentialId"]})
    await setting.device.send("WebAuthn.addCredential", {**named, "credential": copy})
    for _ in range(2):
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await told(page, "These details are not right.")
    (kept,) = await passkeys.passkeys_of(setting.service, setting.who.id)
    assert kept.suspended
    assert sum('"act":"account.passkey_copied"' in leaf for leaf in await leaves(setting.service)) == 1


async def test_without_a_verified_user_nothing_opens(setting: Setting) -> None:
    """A device that does not know who holds it signs nothing for us."""
    await enrolled(setting)
    named = {"authenticatorId": setting.authenticator}
    await setting.device.send("WebAuthn.setUserVerified", {**named, "isUserVerified": False})
    await setting.page.get_by_role("button", name="Sign in with a passkey").click()
    await told(setting.page, "The passkey was not used.")
    assert not any('"kind":"passkey"' in leaf for leaf in await leaves(setting.service))


async def test_an_answer_counts_once_here_and_nowhere_else(setting: Setting) -> None:
    """The same answer again, or in another sign-in, is refused; so is rubbish."""
    await enrolled(setting)
    page, service = setting.page, setting.service
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or "") if asked.method == "POST" else None)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.get_by_role("button", name="Sign out").wait_for()
    from urllib.parse import parse_qs

    answer = next(parse_qs(one)["credential"][0] for one in sent if "credential=" in one)
    begun = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    for untrusted in (answer, "", "{}", "[]", '{"response": {"clientDataJSON": "e30"}}', "x" * 30_000):
        with pytest.raises(sessions.SignInRefused):
            await passkeys.sign_in(service, untrusted, cookie=None)
    with pytest.raises(Exception, match="passkey could not be used"):
        await passkeys.confirm(service, begun.session, answer)


async def test_adding_and_removing_is_as_guarded_as_signing_in(setting: Setting) -> None:
    """Without a fresh second factor nothing; somebody else's is not there; a reset forgets them all."""
    await enrolled(setting)
    service, (kept,) = setting.service, await passkeys.passkeys_of(setting.service, setting.who.id)
    opened = await signed_in(service, setting.who)
    stale = replace(opened.session, stepped_up=False)
    other = await signed_in(service, await member(service, "sam"))
    for attempt in (
        passkeys.begin_enrolment(service, stale),
        passkeys.enrol(service, stale, "{}", label="x"),
        passkeys.remove(service, stale, kept.id),
    ):
        with pytest.raises(StepUpNeeded):
            await attempt
    with pytest.raises(NotFound):
        await passkeys.remove(service, other.session, kept.id)
    await passkeys.remove(service, opened.session, kept.id)
    assert await passkeys.passkeys_of(service, setting.who.id) == []
    assert await code(service, setting.who, steps=1)


async def test_the_browser_may_ask_for_passkeys_on_those_pages_only(setting: Setting) -> None:
    """Permissions-Policy: get where one signs in, create where one is added, neither anywhere else."""
    cookie = await session_cookie(setting.service, setting.who.id)
    allowed = {}
    for path in ("/sign-in", "/account/passkeys/new", "/account", "/", "/help"):
        if path == "/account/passkeys/new":
            await setting.page.context.add_cookies([{"name": "console", "value": cookie, "url": setting.url}])
        answer = await setting.page.request.get(setting.url + path, max_redirects=0)
        policy = answer.headers["permissions-policy"]
        allowed[path] = [kind for kind in ("create", "get") if f"publickey-credentials-{kind}=(self)" in policy]
    assert allowed == {"/sign-in": ["get"], "/account/passkeys/new": ["create"], "/account": [], "/": [], "/help": []}
