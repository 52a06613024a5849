"""Bearer tokens of the JSON API on real PostgreSQL."""

from datetime import timedelta

import pytest

from exchange.core.errors import BadInput, NotFound, SignInNeeded, StepUpNeeded
from exchange.core.model import OPERATOR, Role
from exchange.steps import accounts, tokens
from exchange.store.service import Service
from tests.support.staff import PASSWORD, code, dump, leaves, member, pass_time, signed_in


async def test_a_token_acts_for_its_account_and_is_kept_as_a_hash(service: Service) -> None:
    """With the roles of now, not stepped up; its secret is in no table."""
    who = await member(service, "jo", Role.FACILITATOR)
    opened = await signed_in(service, who)
    made = await tokens.create_token(service, opened.session.actor, label="scripts")
    actor = await tokens.resolve(service, made.secret)
    assert (actor.id, actor.session, actor.stepped_up) == (who.id, made.id, False)
    assert actor.roles == {Role.FACILITATOR}
    everything = await dump(service)
    assert b"scripts" in everything
    assert made.secret.removeprefix(tokens.PREFIX).encode() not in everything
    assert made.secret not in repr(made)


async def test_a_token_needs_a_step_up_to_be_made(service: Service) -> None:
    """And is only for oneself."""
    who = await member(service, "jo")
    other = await member(service, "sam")
    with pytest.raises(StepUpNeeded):
        await tokens.create_token(service, who.actor(Role.FACILITATOR, stepped_up=False), label="x")
    with pytest.raises(NotFound):
        await tokens.create_token(service, who.actor(Role.FACILITATOR), label="x", account_id=other.id)


@pytest.mark.parametrize("untrusted", ["", "exch_", "exch_" + "A" * 43, "é\x00\udc80", "x" * 100_000])
async def test_odd_bearers_are_nobodys(service: Service, untrusted: str) -> None:
    """Each gets the same refusal."""
    with pytest.raises(SignInNeeded):
        await tokens.resolve(service, untrusted)


async def test_a_token_steps_up_by_code_for_five_minutes(service: Service) -> None:
    """A wrong code is refused and counted."""
    who = await member(service, "jo")
    made = await tokens.create_token(service, OPERATOR, label="x", account_id=who.id)
    actor = await tokens.resolve(service, made.secret)
    with pytest.raises(BadInput):
        await tokens.step_up_token(service, actor, "000000")
    await tokens.step_up_token(service, actor, await code(service, who))
    assert (await tokens.resolve(service, made.secret)).stepped_up
    await pass_time(service, "api_token", "stepped_up_at", timedelta(seconds=301))
    assert not (await tokens.resolve(service, made.secret)).stepped_up


async def test_tokens_end(service: Service) -> None:
    """Revoked, run out, reset or closed: each is nobody's at once."""
    await member(service, "boss", Role.ADMINISTRATOR)
    who = await member(service, "jo")
    made = [await tokens.create_token(service, OPERATOR, label=f"{n}", account_id=who.id) for n in range(2)]
    actor = await tokens.resolve(service, made[0].secret)
    await tokens.revoke_token(service, actor, made[0].id)
    with pytest.raises(SignInNeeded):
        await tokens.resolve(service, made[0].secret)
    with pytest.raises(NotFound):
        await tokens.revoke_token(service, actor, made[0].id)
    assert [one.id for one in await tokens.tokens_of(service, actor)] == [made[1].id]
    await pass_time(service, "api_token", "expires_at", timedelta(days=91))
    with pytest.raises(SignInNeeded):
        await tokens.resolve(service, made[1].secret)
    last = await tokens.create_token(service, OPERATOR, label="last", account_id=who.id)
    await accounts.deactivate(service, OPERATOR, who.id)
    with pytest.raises(SignInNeeded):
        await tokens.resolve(service, last.secret)


async def test_scripts_sign_in_with_password_and_code(service: Service) -> None:
    """One call gives a token for a day and leaves no session behind."""
    who = await member(service, "jo")
    made = await tokens.token_for_sign_in(service, "jo", PASSWORD, await code(service, who), label="curl")
    assert (await tokens.resolve(service, made.secret)).id == who.id
    with pytest.raises(BadInput):
        await tokens.token_for_sign_in(service, "jo", PASSWORD, "000000", label="curl")
    assert sum('"act":"account.token_created"' in leaf for leaf in await leaves(service)) == 1
