"""Console sign-in on real PostgreSQL: same answers, waiting, replay, ends, step-up."""

import asyncio
import statistics
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from exchange.core.errors import BadInput, NotFound, SignInNeeded, StepUpNeeded, WaitAWhile
from exchange.core.links import new_secret
from exchange.core.model import Role
from exchange.steps import accounts, sessions
from exchange.steps.sessions import SignInRefused
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.roles import as_owner
from tests.support.staff import PASSWORD, code, dump, leaves, member, pass_time, signed_in

WRONG = "not the password at all"


async def test_sign_in_then_factor_opens_a_session(service: Service) -> None:
    """Before the code the session acts for nobody; after it, it does, stepped up, under a new cookie."""
    who = await member(service, "jo", Role.FACILITATOR, Role.SUPERVISOR)
    begun = await sessions.sign_in(service, " Jo ", PASSWORD, cookie=None)
    half = await sessions.load(service, begun.cookie)
    assert half is not None
    with pytest.raises(SignInNeeded):
        _ = half.actor
    opened = await sessions.confirm_factor(service, half, await code(service, who))
    assert opened.cookie != begun.cookie
    assert await sessions.load(service, begun.cookie) is None
    actor = opened.session.actor
    assert (actor.id, actor.stepped_up, actor.session) == (who.id, True, half.id)
    assert actor.roles == {Role.FACILITATOR, Role.SUPERVISOR}


async def test_the_cookie_is_nowhere_in_the_database(service: Service) -> None:
    """Only its hash is."""
    opened = await signed_in(service, await member(service, "jo"))
    assert opened.cookie.encode() not in await dump(service)


async def test_unknown_name_and_wrong_password_answer_alike(service: Service) -> None:
    """The same sentence, status and kind of error; and the same time within half."""
    await member(service, "jo")

    async def attempt(login: str) -> tuple[str, float]:
        started = time.perf_counter()
        with pytest.raises(SignInRefused) as refusal:
            await sessions.sign_in(service, login, WRONG, cookie=None)
        return f"{type(refusal.value)} {refusal.value.status} {refusal.value}", time.perf_counter() - started

    await attempt("nobody")
    rounds = [(await attempt("jo"), await attempt("nobody")) for _ in range(9)]
    known, unknown = zip(*rounds, strict=True)
    assert {answer for answer, _ in known} == {answer for answer, _ in unknown}
    medians = [statistics.median(seconds for _, seconds in each) for each in (known, unknown)]
    assert max(medians) < 1.5 * min(medians) + 0.01


async def test_refusals_stand_in_the_record_without_what_was_typed(service: Service) -> None:
    """A known account's refusal names its id; an unknown one's names nobody."""
    who = await member(service, "jo")
    for login in ("jo", "planted-login-text"):
        with pytest.raises(SignInRefused):
            await sessions.sign_in(service, login, WRONG, cookie=None)
    refused = [leaf for leaf in await leaves(service) if '"act":"account.refused"' in leaf]
    assert [str(who.id) in leaf for leaf in refused] == [True, False]
    assert "planted-login-text" not in "".join(await leaves(service))
    assert b"planted-login-text" not in await dump(service)


async def test_five_wrong_make_the_account_wait_with_the_same_answer(service: Service) -> None:
    """Then the right password is refused alike, for 15 minutes, and works after them."""
    await member(service, "jo")
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await sessions.sign_in(service, "jo", WRONG, cookie=None)
    with pytest.raises(SignInRefused) as refusal:
        await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    assert str(refusal.value) == SignInRefused.sentence()
    await pass_time(service, "account", "wait_until", timedelta(minutes=14))
    with pytest.raises(SignInRefused):
        await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    await pass_time(service, "account", "wait_until", timedelta(minutes=1, seconds=1))
    assert (await sessions.sign_in(service, "jo", PASSWORD, cookie=None)).cookie


async def test_many_guesses_at_once_get_five_tries(service: Service) -> None:
    """Guesses that run side by side are counted too: the right one among them comes too late."""
    await member(service, "jo")

    async def guess(password: str) -> bool:
        try:
            await sessions.sign_in(service, "jo", password, cookie=None)
        except SignInRefused:
            return False
        return True

    assert not any(await asyncio.gather(*(guess(f"{WRONG} {number}") for number in range(12))))
    assert not await guess(PASSWORD)


async def test_wrong_codes_count_and_a_right_password_does_not_clear_them(service: Service) -> None:
    """Who knows the password gets five codes, not five for each sign-in."""
    who = await member(service, "jo")
    for _ in range(5):
        begun = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
        with pytest.raises(BadInput):
            await sessions.confirm_factor(service, begun.session, "000000")
    with pytest.raises(WaitAWhile):
        await sessions.confirm_factor(service, begun.session, await code(service, who))
    with pytest.raises(SignInRefused):
        await sessions.sign_in(service, "jo", PASSWORD, cookie=None)


async def test_a_code_is_good_once(service: Service) -> None:
    """TOTP replay: the same code, and any older one, is refused in every session."""
    who = await member(service, "jo")
    used = await code(service, who)
    first = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    opened = await sessions.confirm_factor(service, first.session, used)
    second = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    for replayed in (used, await code(service, who, steps=-1)):
        with pytest.raises(BadInput):
            await sessions.confirm_factor(service, second.session, replayed)
        with pytest.raises(BadInput):
            await sessions.step_up(service, opened.session, replayed)


async def test_one_code_used_at_once_twice_opens_one_session(service: Service) -> None:
    """The account's row is the lock."""
    who = await member(service, "jo")
    begun = [await sessions.sign_in(service, "jo", PASSWORD, cookie=None) for _ in range(2)]
    used = await code(service, who)
    tries = [sessions.confirm_factor(service, one.session, used) for one in begun]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in ended) == ["BadInput", "SignedIn"]


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_codes_are_good_one_step_around_now(service: Service, steps: int, good: bool) -> None:
    """Clocks of phones may be half a minute off, not more; spaces are forgiven."""
    who = await member(service, "jo")
    begun = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    typed = await code(service, who, steps=steps)
    try:
        await sessions.confirm_factor(service, begun.session, f" {typed[:3]} {typed[3:]} ")
    except BadInput:
        assert not good
    else:
        assert good


@pytest.mark.parametrize(
    ("column", "seconds"), [("last_used_at", 3601), ("created_at", 12 * 3600 + 1)], ids=["idle", "absolute"]
)
async def test_sessions_end(service: Service, column: str, seconds: int) -> None:
    """After an hour without use, and after twelve hours whatever happens."""
    opened = await signed_in(service, await member(service, "jo"))
    await pass_time(service, "account_session", column, timedelta(seconds=seconds - 60))
    assert await sessions.load(service, opened.cookie) is not None
    await pass_time(service, "account_session", column, timedelta(seconds=seconds))
    assert await sessions.load(service, opened.cookie) is None


async def test_use_keeps_a_session(service: Service) -> None:
    """Each look notes the use, so that two times fifty minutes do not end it."""
    opened = await signed_in(service, await member(service, "jo"))
    for _ in range(2):
        await pass_time(service, "account_session", "last_used_at", timedelta(minutes=50))
        assert await sessions.load(service, opened.cookie) is not None


async def test_a_session_without_factor_ends_after_ten_minutes(service: Service) -> None:
    """It is for typing the code, nothing else."""
    who = await member(service, "jo")
    begun = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    await pass_time(service, "account_session", "created_at", timedelta(minutes=11))
    assert await sessions.load(service, begun.cookie) is None
    assert who.id == begun.session.account_id


async def test_a_step_up_ends_after_five_minutes(service: Service) -> None:
    """And a new code renews it."""
    who = await member(service, "jo", Role.ADMINISTRATOR)
    opened = await signed_in(service, who)
    await pass_time(service, "account_session", "stepped_up_at", timedelta(seconds=301))
    stale = await sessions.load(service, opened.cookie)
    assert stale is not None
    with pytest.raises(StepUpNeeded):
        await accounts.reset(service, stale.actor, who.id)
    fresh = await sessions.step_up(service, stale, await code(service, who, steps=1))
    assert fresh.actor.stepped_up
    loaded = await sessions.load(service, opened.cookie)
    assert loaded is not None
    assert loaded.stepped_up


async def test_sign_out_ends_the_session_and_is_recorded(service: Service) -> None:
    """Twice is no error."""
    opened = await signed_in(service, await member(service, "jo"))
    await sessions.sign_out(service, opened.cookie)
    await sessions.sign_out(service, opened.cookie)
    assert await sessions.load(service, opened.cookie) is None
    assert sum('"act":"account.signed_out"' in leaf for leaf in await leaves(service)) == 1


async def test_a_new_sign_in_ends_the_browsers_earlier_session(service: Service) -> None:
    """A cookie left by somebody else on the machine is worth nothing afterwards."""
    earlier = await signed_in(service, await member(service, "jo"))
    await member(service, "sam")
    await sessions.sign_in(service, "sam", PASSWORD, cookie=earlier.cookie)
    assert await sessions.load(service, earlier.cookie) is None


async def test_own_sessions_are_listed_and_revoked(service: Service) -> None:
    """Nobody else's: their ids are not found."""
    mine = await signed_in(service, await member(service, "jo"))
    other = await signed_in(service, await member(service, "sam"))
    actor = mine.session.actor
    assert [one.id for one in await sessions.sessions_of(service, actor)] == [mine.session.id]
    with pytest.raises(NotFound):
        await sessions.revoke(service, actor, other.session.id)
    await sessions.revoke(service, actor, mine.session.id)
    assert await sessions.load(service, mine.cookie) is None
    assert await sessions.load(service, other.cookie) is not None


async def test_signing_out_everywhere_ends_every_session_of_ones_own(service: Service) -> None:
    """Open and half-open ones, in this browser and others, once recorded; nobody else's."""
    who = await member(service, "jo")
    half = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    here = await signed_in(service, who)
    other = await signed_in(service, await member(service, "sam"))
    assert await sessions.sign_out_everywhere(service, here.session.actor) == 2
    assert [await sessions.load(service, one.cookie) for one in (half, here)] == [None, None]
    assert await sessions.load(service, other.cookie) is not None
    assert sum('"kind":"everywhere"' in leaf and '"count":2' in leaf for leaf in await leaves(service)) == 1


@pytest.mark.parametrize("untrusted", [None, "", "x", "A" * 43, "é" * 43, "\x00" * 43])
async def test_odd_cookies_are_nobodys(service: Service, untrusted: str | None) -> None:
    """Whatever a browser sends."""
    assert await sessions.load(service, untrusted) is None
    await sessions.sign_out(service, untrusted)


async def test_odd_logins_are_refused_alike(service: Service) -> None:
    """Zero bytes, long ones, none."""
    for untrusted in ("", "\x00", "j" * 100_000, "' or 1=1 --"):
        with pytest.raises(SignInRefused):
            await sessions.sign_in(service, untrusted, "p" * 100_000, cookie=new_secret())


async def test_no_sign_in_where_the_record_cannot_be_written(service: Service) -> None:
    """The leaf and the session are one transaction."""
    await member(service, "jo")
    async with reading(as_owner(service)) as conn:
        await conn.execute(text("alter function ledger_append(text[]) rename to ledger_append_gone"))
    with pytest.raises(Exception, match="record"):
        await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    async with reading(service) as conn:
        assert (await conn.execute(text("select count(*) from account_session"))).scalar_one() == 0


async def test_a_confirmed_session_cannot_be_taken_for_another(service: Service) -> None:
    """A session object with a made-up id confirms nothing."""
    who = await member(service, "jo")
    begun = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    with pytest.raises(SignInNeeded):
        await sessions.confirm_factor(service, replace(begun.session, id=who.id), await code(service, who))
