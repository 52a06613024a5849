"""Staff accounts on real PostgreSQL: made, given roles, reset, closed."""

import pytest
from sqlalchemy import select

from exchange.core.errors import BadInput, Conflict, NotAllowed, Refused, StepUpNeeded
from exchange.core.model import OPERATOR, Role
from exchange.steps import accounts, passwords, sessions
from exchange.steps.sessions import SignInRefused
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.staff import PASSWORD, Member, code, database_now, dump, leaves, member, signed_in


async def test_password_is_kept_as_argon2id_only(service: Service) -> None:
    """A dump holds neither password nor factor secret; the hash has OWASP's parameters."""
    who = await member(service, "jo")
    async with reading(service) as conn:
        row = (await conn.execute(select(t.account).where(t.account.c.id == who.id))).one()
    assert row.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    everything = await dump(service)
    assert b"jo" in everything
    assert PASSWORD.encode() not in everything
    assert who.secret.encode() not in everything
    assert who.secret.encode().hex().encode() not in everything


@pytest.mark.parametrize("weak", ["short", "passwordpassword", "aaaaaaaaaaaaaa", "jo.reed@example.org", "QWERTY123456"])
def test_weak_passwords_are_refused_with_a_sentence(weak: str) -> None:
    """Length, known ones, one letter, the login itself."""
    with pytest.raises(BadInput, match="password"):
        passwords.check(weak, "jo.reed@example.org")


def test_long_passwords_of_any_script_are_taken() -> None:
    """No demand for odd characters; full-width letters count as themselves."""
    assert passwords.check("tri pheth ar y bwrdd", "jo") == "tri pheth ar y bwrdd"
    assert passwords.check("ｔｅａｐｏｔ lantern", "jo") == "teapot lantern"
    assert passwords.check(passwords.temporary(), "jo")


async def test_a_login_is_taken_once(service: Service) -> None:
    """In any case and with spaces around."""
    await member(service, "jo")
    with pytest.raises(Conflict, match="already"):
        await member(service, " JO ")


async def test_only_an_administrator_with_a_fresh_factor_changes_accounts(service: Service) -> None:
    """A facilitator may not; an administrator needs a step-up; nothing changed after either."""
    who = await member(service, "jo")
    with pytest.raises(NotAllowed):
        await accounts.set_roles(service, who.actor(Role.FACILITATOR), who.id, roles=[Role.ADMINISTRATOR])
    with pytest.raises(StepUpNeeded):
        await accounts.reset(service, who.actor(Role.ADMINISTRATOR, stepped_up=False), who.id)
    with pytest.raises(NotAllowed):
        await accounts.enrol(service, who.actor(Role.ADMINISTRATOR), who.id)
    found = await accounts.account_by_login(service, OPERATOR, "jo")
    assert found.roles == {Role.FACILITATOR}
    assert found.enrolled


async def test_new_roles_end_sessions(service: Service) -> None:
    """Nobody goes on with old roles; the new ones count at the next sign-in."""
    who = await member(service, "jo")
    opened = await signed_in(service, who)
    await accounts.set_roles(service, OPERATOR, who.id, roles=[Role.FACILITATOR, Role.SUPERVISOR])
    assert await sessions.load(service, opened.cookie) is None
    found = await accounts.account_by_login(service, OPERATOR, "jo")
    assert found.roles == {Role.FACILITATOR, Role.SUPERVISOR}


async def test_the_last_administrator_stays(service: Service) -> None:
    """Neither closing nor taking the role may leave nobody."""
    boss = await member(service, "boss", Role.ADMINISTRATOR)
    with pytest.raises(Refused):
        await accounts.deactivate(service, OPERATOR, boss.id)
    with pytest.raises(Refused):
        await accounts.set_roles(service, OPERATOR, boss.id, roles=[Role.AUDITOR])
    await member(service, "second", Role.ADMINISTRATOR)
    await accounts.deactivate(service, OPERATOR, boss.id)
    assert not (await accounts.account_by_login(service, OPERATOR, "boss")).active


async def test_a_closed_account_cannot_sign_in_and_its_session_ends(service: Service) -> None:
    """At once, with the sentence of a wrong password."""
    await member(service, "boss", Role.ADMINISTRATOR)
    who = await member(service, "jo")
    opened = await signed_in(service, who)
    await accounts.deactivate(service, OPERATOR, who.id)
    assert await sessions.load(service, opened.cookie) is None
    with pytest.raises(SignInRefused):
        await sessions.sign_in(service, "jo", PASSWORD, cookie=None)


async def test_reset_leads_through_enrolment_and_a_new_password(service: Service) -> None:
    """The temporary password opens nothing until factor and own password are set up in that session."""
    who = await member(service, "jo")
    opened = await signed_in(service, who)
    given = await accounts.reset(service, OPERATOR, who.id)
    assert await sessions.load(service, opened.cookie) is None
    begun = await sessions.sign_in(service, "jo", given, cookie=None)
    assert (begun.session.enrolled, begun.session.password_temporary) == (False, True)
    enrolment = await accounts.begin_enrolment(service, begun.session)
    shown_again = await accounts.pending_enrolment(service, begun.session)
    assert shown_again is not None
    assert shown_again.secret == enrolment.secret
    assert enrolment.uri.startswith("otpauth://totp/")
    assert enrolment.qr_svg.startswith("<svg")
    new = Member(who.id, "jo", enrolment.secret)
    step = await code(service, new, steps=1)
    confirmed = await sessions.confirm_factor(service, begun.session, step)
    with pytest.raises(Exception, match="sign in"):
        _ = confirmed.session.actor
    await accounts.choose_password(
        service, confirmed.session, old_password=given, new_password="orchard lantern teapot"
    )
    again = await sessions.load(service, confirmed.cookie)
    assert again is not None
    assert again.actor.id == who.id
    kinds = [leaf for leaf in await leaves(service) if '"act":"account.changed"' in leaf]
    assert any('"kind":"reset"' in leaf for leaf in kinds)
    assert any('"kind":"password"' in leaf for leaf in kinds)


async def test_a_factor_begun_in_one_session_cannot_be_finished_in_another(service: Service) -> None:
    """Who saw the temporary password first gains nothing once its owner begins anew."""
    await accounts.create_account(
        service, OPERATOR, login="jo", display_name="Jo", roles=[Role.FACILITATOR], password=PASSWORD
    )
    thief = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    owner = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    seen = await accounts.begin_enrolment(service, thief.session)
    mine = await accounts.begin_enrolment(service, owner.session)
    stolen = Member(thief.session.account_id, "jo", seen.secret)
    for session in (thief.session, owner.session):
        with pytest.raises(Exception, match=r"not right|did not pass|sign in"):
            await sessions.confirm_factor(service, session, await code(service, stolen))
    owned = Member(thief.session.account_id, "jo", mine.secret)
    assert (await sessions.confirm_factor(service, owner.session, await code(service, owned))).cookie


async def test_a_temporary_password_ends_after_seven_days(service: Service) -> None:
    """Then it is refused like a wrong one."""
    account_id = await accounts.create_account(
        service, OPERATOR, login="jo", display_name="Jo", roles=[Role.FACILITATOR], password=PASSWORD
    )
    assert (await sessions.sign_in(service, "jo", PASSWORD, cookie=None)).session.account_id == account_id
    async with reading(service) as conn:
        now = await database_now(service)
        await conn.execute(t.account.update().values(password_until=now))
    with pytest.raises(SignInRefused):
        await sessions.sign_in(service, "jo", PASSWORD, cookie=None)


async def test_a_phone_is_replaced_with_a_step_up_only(service: Service) -> None:
    """The old factor counts until a code of the new one was typed."""
    who = await member(service, "jo")
    opened = await signed_in(service, who)
    enrolment = await accounts.begin_enrolment(service, opened.session)
    new = Member(who.id, "jo", enrolment.secret)
    await accounts.replace_factor(service, opened.session, await code(service, new, steps=1))
    begun = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    with pytest.raises(BadInput):
        await sessions.confirm_factor(service, begun.session, await code(service, who, steps=1))


async def test_a_set_up_that_another_browser_began_is_not_there(service: Service) -> None:
    """It is bound to its session: elsewhere there is nothing to show and nothing to confirm, and no fault."""
    who = await member(service, "jo")
    opened = await signed_in(service, who)
    began = await accounts.begin_enrolment(service, opened.session)
    begun = await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    other = await sessions.confirm_factor(service, begun.session, await code(service, who, steps=1))
    assert await accounts.pending_enrolment(service, other.session) is None
    with pytest.raises(BadInput):
        await accounts.replace_factor(service, other.session, await code(service, Member(who.id, "jo", began.secret)))
    again = await accounts.pending_enrolment(service, opened.session)
    assert again is not None
    assert again.secret == began.secret
