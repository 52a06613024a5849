"""Accounts, passwords and sessions of staff, where no other test says it (OWASP ASVS 5.0.0, chapters 6 and 7)."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from exchange.core.errors import BadInput, SignInNeeded
from exchange.core.model import OPERATOR, Role
from exchange.steps import accounts, passwords, sessions, tokens
from exchange.steps.sessions import SignInRefused
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import running_console
from tests.support.staff import PASSWORD, found, member, pass_time, signed_in

LONG = "orchard teapot lantern " * 8 + "of our own allotment"


async def test_a_founded_service_has_no_account_but_those_that_were_made(service: Service) -> None:
    """No default one (6.3.2)."""
    await found(service)
    assert await accounts.accounts(service, OPERATOR) == []
    await member(service, "jo")
    assert [one.login for one in await accounts.accounts(service, OPERATOR)] == ["jo"]
    for login in ("root", "admin", "administrator", "sa", "postgres", "exchange"):
        with pytest.raises(SignInRefused):
            await sessions.sign_in(service, login, login, cookie=None)


def test_there_is_no_hint_and_no_secret_question() -> None:
    """Neither a column for one nor a word of it (6.4.2)."""
    staff = (t.account, t.account_session, t.api_token, t.passkey)
    names = {column.name for table in staff for column in table.columns}
    assert not [name for name in names if re.search(r"hint|question|answer", name)]
    assert {"password_hash", "password_until"} <= {column.name for column in t.account.columns}


async def test_a_long_password_counts_to_its_last_character(service: Service) -> None:
    """Nearly 200 are taken; one too many or one too few at the end is wrong, and 201 never match 200 (6.2.8, 6.2.9)."""
    whole = LONG[:199] + "!"
    assert len(whole) == 200
    stored = await passwords.hashed(passwords.check(whole, "jo"))
    assert await passwords.matches(whole, stored)
    assert not await passwords.matches(whole[:-1], stored)
    assert not await passwords.matches(whole + "x", stored)
    assert not await passwords.matches(whole + "x" * 5000, stored)
    assert not await passwords.matches(whole.upper(), stored)


async def test_a_password_is_never_old(service: Service) -> None:
    """Ten years later it still opens: nothing forces a change (6.2.10)."""
    who = await member(service, "jo")
    await pass_time(service, "account", "created_at", timedelta(days=3650))
    begun = await sessions.sign_in(service, who.login, PASSWORD, cookie=None)
    assert not begun.session.password_temporary


async def test_a_new_password_ends_every_other_session_and_token(service: Service) -> None:
    """The one in which it was changed goes on; the old password is asked for first (6.2.3, 7.4.3)."""
    who = await member(service, "jo")
    elsewhere = await signed_in(service, who)
    made = await tokens.create_token(service, OPERATOR, label="script", account_id=who.id)
    async with reading(service) as conn:
        await conn.execute(text("update account set totp_last = 0"))
    here = await signed_in(service, who)
    with pytest.raises(BadInput, match="old password"):
        await accounts.choose_password(service, here.session, old_password="wrong one here", new_password=LONG[:60])
    assert await sessions.load(service, elsewhere.cookie) is not None
    await accounts.choose_password(service, here.session, old_password=PASSWORD, new_password=LONG[:60])
    assert await sessions.load(service, elsewhere.cookie) is None
    assert await sessions.load(service, here.cookie) is not None
    with pytest.raises(SignInNeeded):
        await tokens.resolve(service, made.secret)


async def test_an_administrator_ends_the_sessions_of_somebody_else(service: Service) -> None:
    """By a reset; the password that follows is the service's, not the administrator's choice (7.4.5, 6.4.6)."""
    boss, who = await member(service, "boss", Role.ADMINISTRATOR), await member(service, "jo")
    opened = await signed_in(service, who)
    given = await accounts.reset(service, boss.actor(Role.ADMINISTRATOR), who.id)
    assert await sessions.load(service, opened.cookie) is None
    begun = await sessions.sign_in(service, "jo", given, cookie=None)
    assert begun.session.password_temporary


async def test_who_was_refused_stands_in_the_log(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """By role, by nearness and without signing in: the account's id, the route's pattern, no name (16.3.2)."""
    who, case = await member(service, "jo", name="Planted Name"), uuid4()
    async with running_console(service) as console:
        client = await console.as_(who.actor(Role.FACILITATOR))
        capsys.readouterr()
        assert (await client.get("/admin/accounts"))[0] == 403
        assert (await client.get(f"/cases/{case}"))[0] == 404
        async with client.http.get(client.url + "/api/v1/cases") as response:
            assert response.status == 401
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in capsys.readouterr().out.splitlines()]
    refused = [line for line in lines if " refused " in line]
    assert len(refused) == 3
    assert [f"account={who.id}" in line for line in refused] == [True, True, False]
    assert ["kind=NotAllowed" in refused[0], "kind=NotFound" in refused[1], "kind=SignInNeeded" in refused[2]] == [
        True
    ] * 3
    assert "Planted" not in "".join(lines)
    assert str(case) not in "".join(lines)


async def test_signing_out_clears_what_the_browser_holds(service: Service) -> None:
    """The cookie is taken back, the browser is told to empty its cache, and no page was to be kept in it (14.3.1)."""
    who = await member(service, "jo")
    async with running_console(service) as console:
        client = await console.as_(who.actor(Role.FACILITATOR))
        _, page = await client.get("/")
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert token
        sent = client.http.post(client.url + "/sign-out", data={"csrf": token[1]}, allow_redirects=False)
        async with sent as response:
            assert response.status == 303
            assert response.headers["Clear-Site-Data"] == '"cache"'
            assert response.headers["Cache-Control"] == "no-store"
            assert re.search(r'^console="?"?; .*[Mm]ax-[Aa]ge=0', response.headers["Set-Cookie"])


async def test_password_fields_are_masked_and_helped(service: Service) -> None:
    """Masked, with the words that password managers know, and nothing against pasting (6.2.6, 6.2.7)."""
    who = await member(service, "jo")
    async with running_console(service) as console:
        _, page = await console.client().get("/sign-in")
        client = await console.as_(who.actor(Role.FACILITATOR))
        status, change = await client.get("/account/password")
    assert status == 200
    fields = re.findall(r'<input\b[^>]*name="\w*(?:password|again)"[^>]*>', page + change)
    assert len(fields) == 4
    assert [one for one in fields if 'type="password"' not in one] == []
    told = sorted(re.findall(r'autocomplete="([\w-]+)"', " ".join(fields)))
    assert told == ["current-password", "current-password", "new-password", "new-password"]
    assert "onpaste" not in page + change
