"""Recovery codes on real PostgreSQL and by their pages: once each, for a lost phone, told to administrators."""

import asyncio
import re
from dataclasses import replace

import pytest

from exchange.core.errors import BadInput, NotAllowed, NotFound, SignInNeeded, StepUpNeeded, WaitAWhile
from exchange.core.model import OPERATOR, Role
from exchange.steps import accounts, recovery_codes, sessions
from exchange.steps.recovery_codes import HOW_MANY
from exchange.steps.sessions import Session
from exchange.store.read import needs_you_now, waiting_count
from exchange.store.service import Service
from tests.support.console_site import Console, running_console, session_cookie
from tests.support.staff import PASSWORD, Member, code, dump, found, leaves, member, signed_in


async def with_codes(service: Service, who: Member) -> list[str]:
    """Ten codes of a member of staff."""
    return await recovery_codes.make(service, (await signed_in(service, who)).session)


async def half_open(service: Service, login: str = "jo") -> Session:
    """After the password."""
    return (await sessions.sign_in(service, login, PASSWORD, cookie=None)).session


async def test_a_recovery_code_replaces_a_lost_second_factor_once(service: Service) -> None:
    """After the password; spelled as it comes; then it is used up, and a new phone can be set up at once."""
    who = await member(service, "jo")
    first, second, *_ = await with_codes(service, who)
    opened = await recovery_codes.confirm(service, await half_open(service), f" {first.upper().replace('-', ' ')} ")
    assert opened.session.actor.stepped_up
    assert await recovery_codes.left(service, who.id) == HOW_MANY - 1
    assert (await accounts.begin_enrolment(service, opened.session)).secret
    with pytest.raises(BadInput):
        await recovery_codes.confirm(service, await half_open(service), first)
    assert (await recovery_codes.confirm(service, await half_open(service), second)).session.second_factor
    told = [leaf for leaf in await leaves(service) if '"act":"account.recovery_used"' in leaf]
    assert ['"count":9' in told[0], '"count":8' in told[1], len(told)] == [True, True, 2]


async def test_a_recovery_code_is_no_password_and_no_step_up(service: Service) -> None:
    """Without the password's session it opens nothing, nor in one that is open, nor another account's."""
    who, other = await member(service, "jo"), await member(service, "sam")
    codes = await with_codes(service, who)
    with pytest.raises(sessions.SignInNeeded):
        await sessions.sign_in(service, "jo", codes[0], cookie=None)
    opened = await signed_in(service, other)
    with pytest.raises(SignInNeeded):
        await recovery_codes.confirm(service, opened.session, codes[0])
    with pytest.raises(BadInput):
        await sessions.step_up(service, opened.session, codes[0])
    with pytest.raises(BadInput):
        await recovery_codes.confirm(service, await half_open(service, "sam"), codes[0])
    assert await recovery_codes.left(service, who.id) == HOW_MANY


async def test_recovery_codes_are_kept_as_hashes_and_made_after_a_step_up(service: Service) -> None:
    """None of them stands in the database; new ones end the old ones; a reset ends all."""
    who = await member(service, "jo")
    opened = await signed_in(service, who)
    old = await recovery_codes.make(service, opened.session)
    with pytest.raises(StepUpNeeded):
        await recovery_codes.make(service, replace(opened.session, stepped_up=False))
    everything = (await dump(service)).decode()
    assert not [one for one in old if one in everything or one.replace("-", "") in everything]
    assert (len(set(old)), {len(one) for one in old}) == (HOW_MANY, {29})
    new = await recovery_codes.make(service, opened.session)
    for gone in old[:2]:
        with pytest.raises(BadInput):
            await recovery_codes.confirm(service, await half_open(service), gone)
    given = await accounts.reset(service, OPERATOR, who.id)
    assert await recovery_codes.left(service, who.id) == 0
    begun = await sessions.sign_in(service, "jo", given, cookie=None)
    with pytest.raises(SignInNeeded):
        await recovery_codes.confirm(service, begun.session, new[0])


async def test_wrong_recovery_codes_count_with_wrong_codes(service: Service) -> None:
    """Five make the account wait, for a right one too; each is recorded as refused."""
    who = await member(service, "jo")
    codes, session = await with_codes(service, who), await half_open(service)
    for untrusted in ("", "x" * 19, "é\x00", "aaaa-aaaa-aaaa-aaaa"):
        with pytest.raises(BadInput):
            await recovery_codes.confirm(service, session, untrusted)
    with pytest.raises(BadInput):
        await sessions.confirm_factor(service, session, "000000")
    with pytest.raises(WaitAWhile):
        await recovery_codes.confirm(service, session, codes[0])
    assert sum('"act":"account.refused"' in leaf for leaf in await leaves(service)) == 5
    assert await recovery_codes.left(service, who.id) == HOW_MANY


async def test_one_recovery_code_used_at_once_twice_opens_one_session(service: Service) -> None:
    """Eight browsers at the same moment: one gets in."""
    who = await member(service, "jo")
    first, *_ = await with_codes(service, who)
    begun = [await half_open(service) for _ in range(4)]
    tried = await asyncio.gather(
        *(recovery_codes.confirm(service, one, first) for one in begun), return_exceptions=True
    )
    assert sum(not isinstance(one, Exception) for one in tried) == 1
    assert {type(one) for one in tried if isinstance(one, Exception)} <= {BadInput, WaitAWhile}


async def test_every_other_administrator_is_told_of_a_used_code(service: Service) -> None:
    """Under what needs them now and in the daily e-mail's count, until one has asked; never for oneself."""
    who = await member(service, "jo", Role.ADMINISTRATOR)
    boss, plain = await member(service, "boss", Role.ADMINISTRATOR), await member(service, "sam")
    first, *_ = await with_codes(service, who)
    await recovery_codes.confirm(service, await half_open(service), first)
    actor = boss.actor(Role.ADMINISTRATOR)
    listed = [one for rows in (await needs_you_now(service, actor)).values() for one in rows]
    assert [(one.kind, one.task_id) for one in listed] == [("recovery_used", who.id)]
    assert [await waiting_count(service, one.id) for one in (boss, who, plain)] == [1, 0, 0]
    with pytest.raises(NotAllowed):
        await recovery_codes.looked_at(service, plain.actor(Role.FACILITATOR), who.id)
    with pytest.raises(NotFound):
        await recovery_codes.looked_at(service, who.actor(Role.ADMINISTRATOR), who.id)
    await recovery_codes.looked_at(service, actor, who.id)
    assert await waiting_count(service, boss.id) == 0
    assert '"act":"account.recovery_seen"' in (await leaves(service))[-1]
    with pytest.raises(NotFound):
        await recovery_codes.looked_at(service, actor, who.id)


async def test_recovery_codes_by_their_pages(service: Service) -> None:
    """Made on the account's page, counted there, used on the page after the password, seen by an administrator."""
    await found(service)
    who, boss = await member(service, "jo"), await member(service, "boss", Role.ADMINISTRATOR)
    async with running_console(service) as console:
        codes = await _made_by_page(console, who)
        client = console.client()
        await client.send("/sign-in", login="jo", password=PASSWORD)
        _, page = await client.get("/sign-in/code")
        assert "Lost your phone? Use a recovery code" in page
        status, page, _ = await client.send("/sign-in/recovery", recovery="aaaa aaaa")
        assert (status, "aaaa aaaa" in page) == (422, False)
        status, _, where = await client.send("/sign-in/recovery", recovery=codes[0])
        assert (status, where) == (303, "/account/recovery?used=yes")
        _, page = await client.get(where)
        assert "That code is used up." in page
        assert (await client.send("/account/factor/begin", where))[0] == 303
        _, page = await client.get("/account")
        assert "You have 9 recovery codes left for a lost phone." in page
        admin = console.client(await session_cookie(service, boss.id))
        _, page = await admin.get("/")
        assert "A recovery code was used: ask them whether it was them" in page
        assert f'href="/admin/accounts/{who.id}"' in page
        place = f"/admin/accounts/{who.id}"
        assert (await admin.send(place + "/recovery-looked-at", place))[0] == 303
        _, page = await admin.get("/")
        assert "Nothing waits for you" in page


async def _made_by_page(console: Console, who: Member) -> list[str]:
    """Ten codes from the page, which asks for the code first where the last one is an hour old."""
    client = console.client(await session_cookie(console.service, who.id, stepped_up=False))
    status, page, _ = await client.send("/account/recovery")
    assert (status, "Confirm that it is you" in page) == (403, True)
    now = await code(console.service, who)
    status, page, _ = await client.send("/account/recovery", step_up_code=now)
    codes = re.findall(r'<code class="app-secret">([a-z0-9-]{29})</code>', page)
    assert (status, len(codes)) == (200, HOW_MANY)
    _, again = await client.get("/account/recovery")
    assert "You have 10 left." in again
    assert not [one for one in codes if one in again]
    return codes
