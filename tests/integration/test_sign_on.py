"""Single sign-on against a real OpenID provider: who comes in, who does not, and what was tried to get in."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from exchange.core.errors import (
    BadInput,
    NotAllowed,
    NotFound,
    NotLinked,
    Refused,
    SignInNeeded,
    SignInRefused,
    SignOnRefused,
    SignOnSilent,
    StepUpNeeded,
    WaitAWhile,
)
from exchange.core.model import OPERATOR, Role
from exchange.steps import accounts, sessions, sign_on
from exchange.steps.sessions import SignedIn
from exchange.steps.sign_on import Answer
from exchange.store.service import Service
from tests.support.openid_provider import (
    OTHER_CLIENT,
    RealProvider,
    at_the_provider,
    browser,
    running_provider,
)
from tests.support.openid_tokens import claims_of, forged, resigned
from tests.support.staff import PASSWORD, Member, code, dump, leaves, member, pass_time

SUBJECT = "a4f0c1d2-7e55"


@pytest.fixture(scope="module")
def real() -> Iterator[RealProvider]:
    """One provider for the tests of this file."""
    with running_provider() as found:
        yield found


@dataclass
class Setting:
    """A service that knows the provider, and a linked member of staff. Each sign-in has a browser of its own."""

    service: Service
    provider: RealProvider
    who: Member

    async def come_back(self, login: str = SUBJECT, **how: bool) -> tuple[str, Answer]:
        """Go there, sign in there, come back: the browser's cookie and what it brings."""
        attempt, address = await sign_on.begin(self.service)
        async with browser() as http:
            return attempt, await at_the_provider(http, address, login, **how)

    async def sign_in(self, login: str = SUBJECT, **how: bool) -> SignedIn:
        """All of it."""
        attempt, answer = await self.come_back(login, **how)
        return await sign_on.finish(self.service, answer, attempt=attempt, cookie=None)

    async def refused(self, attempt: str | None, answer: Answer, error: type[Exception] = SignOnRefused) -> None:
        """It opens nothing and stands in the record."""
        before = len(await leaves(self.service))
        with pytest.raises(error):
            await sign_on.finish(self.service, answer, attempt=attempt, cookie=None)
        (told,) = (await leaves(self.service))[before:]
        assert '"act":"account.refused"' in told
        assert '"kind":"sign_on"' in told

    def with_(self, **settings: Any) -> "Setting":
        """The same with other settings."""
        known = self.service.settings.model_copy(update=settings)
        return replace(self, service=replace(self.service, settings=known))


@pytest.fixture
async def setting(service: Service, real: RealProvider) -> Setting:
    """Linked, enrolled, a provider that is honest."""
    real.tamper, real.silent = None, False
    here = replace(service, settings=service.settings.model_copy(update=real.settings()))
    who = await member(here, "jo", Role.FACILITATOR)
    await sign_on.link(here, OPERATOR, who.id, SUBJECT, password_off=False)
    return Setting(here, real, who)


async def test_a_linked_subject_signs_in_and_our_second_factor_is_still_asked(setting: Setting) -> None:
    """The provider's word stands for the password; the session opens with our code; the record has no subject."""
    begun = await setting.sign_in(mfa=True)
    assert begun.session.account_id == setting.who.id
    with pytest.raises(SignInNeeded):
        _ = begun.session.actor
    opened = await sessions.confirm_factor(setting.service, begun.session, await code(setting.service, setting.who))
    assert opened.session.actor.id == setting.who.id
    told = await leaves(setting.service)
    acts = ("account.changed", "account.sign_on_given", "account.signed_in")
    assert [act for act in acts if any(f'"act":"{act}"' in leaf for leaf in told)] == list(acts)
    assert not any(SUBJECT in leaf for leaf in told)
    assert (await sign_on.link_of(setting.service, OPERATOR, setting.who.id)).last_used_at


@pytest.mark.parametrize(
    ("demanded", "mfa", "opens"),
    [
        ({}, True, False),
        ({"oidc_amr": "mfa"}, True, True),
        ({"oidc_amr": "mfa, otp"}, True, True),
        ({"oidc_amr": "mfa hwk"}, True, False),
        ({"oidc_amr": "mfa"}, False, False),
        ({"oidc_acr": "strong"}, True, True),
        ({"oidc_acr": "strong"}, False, False),
        ({"oidc_amr": "mfa", "oidc_acr": "stronger"}, True, False),
    ],
)
async def test_the_providers_second_factor_counts_only_as_the_settings_say(
    setting: Setting, demanded: dict[str, str], mfa: bool, opens: bool
) -> None:
    """Every method that is demanded, one of the classes; and never as a step-up, which may be hours old."""
    signed = await setting.with_(**demanded).sign_in(mfa=mfa)
    assert (signed.session.second_factor, signed.session.stepped_up) == (opens, False)
    if opens:
        told = [leaf for leaf in await leaves(setting.service) if '"act":"account.signed_in"' in leaf]
        assert '"kind":"sign_on"' in told[-1]


async def test_without_a_second_factor_of_ours_one_is_set_up_first(setting: Setting) -> None:
    """For a step-up is always ours: the provider's factor alone does not open the session."""
    bare = await accounts.create_account(
        setting.service, OPERATOR, login="sam", display_name="Sam", roles=[Role.FACILITATOR], password=PASSWORD
    )
    await sign_on.link(setting.service, OPERATOR, bare, "sam-there", password_off=True)
    signed = await setting.with_(oidc_amr="mfa").sign_in("sam-there", mfa=True)
    assert (signed.session.second_factor, signed.session.enrolled) == (False, False)
    assert (signed.session.password_temporary, signed.session.has_password) == (False, False)


async def test_a_wrong_state_signs_nobody_in(setting: Setting) -> None:
    """An answer to another browser's attempt, a made-up one, none: refused, and the right one still works."""
    attempt, answer = await setting.come_back()
    other, _ = await setting.come_back()
    for untrusted in (replace(answer, untrusted_state="x" * 43), replace(answer, untrusted_state="")):
        await setting.refused(attempt, untrusted)
    await setting.refused(other, answer)
    for cookie in (None, "", "x", "é" * 43):
        await setting.refused(cookie, answer)
    assert (await sign_on.finish(setting.service, answer, attempt=attempt, cookie=None)).session.account_id


async def test_a_replayed_code_signs_nobody_in(setting: Setting) -> None:
    """The same answer again; and a stolen code in another attempt: PKCE at the provider refuses it."""
    attempt, answer = await setting.come_back()
    await sign_on.finish(setting.service, answer, attempt=attempt, cookie=None)
    await setting.refused(attempt, answer)
    _, stolen = await setting.come_back()
    mine, own = await setting.come_back()
    await setting.refused(mine, replace(own, untrusted_code=stolen.untrusted_code))
    await setting.refused(mine, own)


async def test_an_attempt_ends_after_ten_minutes(setting: Setting) -> None:
    """However right the answer is."""
    attempt, answer = await setting.come_back()
    await pass_time(setting.service, "sign_on_attempt", "at", timedelta(minutes=10))
    await setting.refused(attempt, answer)


async def test_a_token_of_another_sign_in_is_refused_by_its_nonce(setting: Setting) -> None:
    """A real token for us and for this very person, but of another attempt."""
    await setting.sign_in()
    earlier = setting.provider.answers[-1]["id_token"]
    setting.provider.tamper = lambda told: {**told, "id_token": earlier}
    await setting.refused(*await setting.come_back())


async def test_a_token_without_a_nonce_or_with_another_is_refused(setting: Setting) -> None:
    """Signed with the provider's own key."""
    for nonce in (None, "", "x" * 43):
        setting.provider.tamper = resigned(setting.provider, nonce=nonce)
        await setting.refused(*await setting.come_back())


async def test_a_token_of_another_client_is_refused_by_its_audience(setting: Setting) -> None:
    """A real one that the provider gave to somebody else's site; and audiences beside ours without `azp`."""
    elsewhere = setting.with_(oidc_client_id=OTHER_CLIENT)
    await elsewhere.sign_in()
    theirs = setting.provider.answers[-1]["id_token"]
    assert claims_of(theirs)["aud"] == OTHER_CLIENT
    setting.provider.tamper = lambda told: {**told, "id_token": theirs}
    await setting.refused(*await setting.come_back())
    for claims in (
        {"aud": OTHER_CLIENT}, {"aud": [OTHER_CLIENT]}, {"aud": []}, {"aud": None},
        {"aud": ["exchange", OTHER_CLIENT], "azp": None}, {"aud": ["exchange", OTHER_CLIENT], "azp": OTHER_CLIENT},
        {"azp": OTHER_CLIENT},
    ):  # fmt: skip
        setting.provider.tamper = resigned(setting.provider, **claims)
        await setting.refused(*await setting.come_back())


@pytest.mark.parametrize("how", ["none", "HS256 with the public key", "HS256 with the secret", "another key", "cut"])
async def test_a_token_that_the_provider_did_not_sign_is_refused(setting: Setting, how: str) -> None:
    """No signature, one made with what is public or shared, one of another key, one cut off."""
    setting.provider.tamper = forged(setting.provider, how)
    await setting.refused(*await setting.come_back())


async def test_an_unlinked_subject_opens_nothing_and_no_account_is_made(setting: Setting) -> None:
    """Not by a login of the same name, nor by the e-mail address of an account."""
    service = setting.service
    await member(service, "sam", email="sam@staff.example")
    before = await accounts.accounts(service, OPERATOR)
    for login in ("jo", "sam", "sam@staff.example", SUBJECT.upper(), SUBJECT + " "):
        await setting.refused(*await setting.come_back(login), NotLinked)
    setting.provider.tamper = resigned(setting.provider, sub="x", email="sam@staff.example", email_verified=True)
    await setting.refused(*await setting.come_back(), NotLinked)
    assert await accounts.accounts(service, OPERATOR) == before


async def test_an_answer_of_another_issuer_is_refused(setting: Setting) -> None:
    """Mix-up: the answer names another provider, or none; or the token is another's; or the provider was changed."""
    for issuer in ("https://elsewhere.example", setting.provider.issuer + "/", ""):
        attempt, answer = await setting.come_back()
        await setting.refused(attempt, replace(answer, untrusted_issuer=issuer))
    for issuer in ("https://elsewhere.example", None):
        setting.provider.tamper = resigned(setting.provider, iss=issuer)
        await setting.refused(*await setting.come_back())
    setting.provider.tamper = None
    attempt, answer = await setting.come_back()
    await setting.with_(oidc_issuer=setting.provider.issuer + "/").refused(attempt, answer)


async def test_a_link_to_an_earlier_provider_opens_nothing(setting: Setting) -> None:
    """The same subject at another issuer is somebody else."""
    elsewhere = setting.with_(oidc_issuer="https://elsewhere.example")
    await sign_on.link(elsewhere.service, OPERATOR, setting.who.id, SUBJECT, password_off=False)
    await setting.refused(*await setting.come_back(), NotLinked)
    found = await sign_on.link_of(setting.service, OPERATOR, setting.who.id)
    assert found
    assert not found.current


async def test_an_expired_token_is_refused(setting: Setting) -> None:
    """Or one that is not valid yet, or never ends."""
    now = claims_of((await setting.sign_in()) and setting.provider.answers[-1]["id_token"])["iat"]
    for claims in ({"exp": now - 31}, {"exp": None}, {"iat": now + 3600}, {"iat": None}, {"nbf": now + 3600}):
        setting.provider.tamper = resigned(setting.provider, **claims)
        await setting.refused(*await setting.come_back())


async def test_a_closed_or_waiting_account_is_not_opened(setting: Setting) -> None:
    """Closed: no session; five wrong tries: wait, here too."""
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await sessions.sign_in(setting.service, "jo", "not the password at all", cookie=None)
    await setting.refused(*await setting.come_back(), WaitAWhile)
    await member(setting.service, "boss", Role.ADMINISTRATOR)
    await accounts.deactivate(setting.service, OPERATOR, setting.who.id)
    await setting.refused(*await setting.come_back(), SignInNeeded)


async def test_who_says_no_there_is_told_one_sentence_of_ours(setting: Setting) -> None:
    """The provider's words stay there."""
    attempt, answer = await setting.come_back(no=True)
    assert answer.failed
    with pytest.raises(SignOnRefused, match=r"^Single sign-on did not work\. Nothing was changed\."):
        await sign_on.finish(setting.service, answer, attempt=attempt, cookie=None)


async def test_a_provider_that_does_not_answer_is_said_to_be_silent(setting: Setting) -> None:
    """Before and after; nothing is signed in, and the password still works."""
    attempt, answer = await setting.come_back()
    setting.provider.silent = True
    with pytest.raises(SignOnSilent):
        await sign_on.begin(setting.service)
    with pytest.raises(SignOnSilent):
        await sign_on.finish(setting.service, answer, attempt=attempt, cookie=None)
    assert await sessions.sign_in(setting.service, "jo", PASSWORD, cookie=None)


async def test_a_document_of_another_issuer_is_not_believed(setting: Setting) -> None:
    """The provider is exactly the one that was set, to the letter."""
    name = setting.provider.issuer.replace("127.0.0.1", "localhost")
    for issuer in (setting.provider.issuer + "/", name):
        with pytest.raises(SignOnSilent):
            await sign_on.begin(setting.with_(oidc_issuer=issuer).service)


async def test_only_an_administrator_with_a_fresh_factor_links(setting: Setting) -> None:
    """One subject is one account; what is no subject is refused; unlinking what is not linked finds nothing."""
    service, boss = setting.service, await member(setting.service, "boss", Role.ADMINISTRATOR)
    other = await member(service, "sam")
    for actor, error in (
        (other.actor(Role.FACILITATOR, Role.SUPERVISOR), NotAllowed),
        (boss.actor(Role.ADMINISTRATOR, stepped_up=False), StepUpNeeded),
    ):
        with pytest.raises(error):
            await sign_on.link(service, actor, other.id, "theirs", password_off=False)
        with pytest.raises(error):
            await sign_on.unlink(service, actor, setting.who.id)
    with pytest.raises(NotAllowed):
        await sign_on.link_of(service, other.actor(Role.SUPERVISOR), setting.who.id)
    for subject in (SUBJECT, "", " ", "x" * 256, "a\x00b"):
        with pytest.raises(BadInput):
            await sign_on.link(service, boss.actor(Role.ADMINISTRATOR), other.id, subject, password_off=False)
    with pytest.raises(NotFound):
        await sign_on.unlink(service, boss.actor(Role.ADMINISTRATOR), other.id)
    await sign_on.unlink(service, boss.actor(Role.ADMINISTRATOR), setting.who.id)
    await setting.refused(*await setting.come_back(), NotLinked)
    told = await leaves(service)
    assert [kind for kind in ("sign_on_linked", "sign_on_unlinked") if any(f'"{kind}"' in leaf for leaf in told)]


async def test_a_password_that_is_switched_off_opens_nothing_until_a_reset(setting: Setting) -> None:
    """The same refusal as a wrong one; the link cannot be taken away alone; a reset takes both away."""
    service, who = setting.service, setting.who
    await sign_on.link(service, OPERATOR, who.id, SUBJECT, password_off=True)
    with pytest.raises(SignInRefused):
        await sessions.sign_in(service, "jo", PASSWORD, cookie=None)
    assert (await setting.sign_in()).session.account_id == who.id
    with pytest.raises(Refused):
        await sign_on.unlink(service, OPERATOR, who.id)
    given = await accounts.reset(service, OPERATOR, who.id)
    await setting.refused(*await setting.come_back(), NotLinked)
    assert (await sessions.sign_in(service, "jo", given, cookie=None)).session.password_temporary


async def test_no_secret_of_a_sign_in_is_kept(setting: Setting) -> None:
    """Neither cookie, state, code, nonce, verifier nor token stands in the database; nor the client's secret."""
    attempt, answer = await setting.come_back()
    signed = await sign_on.finish(setting.service, answer, attempt=attempt, cookie=None)
    everything = (await dump(setting.service)).decode()
    token = setting.provider.answers[-1]["id_token"]
    secrets = (attempt, answer.untrusted_state, answer.untrusted_code, signed.cookie, token, claims_of(token)["nonce"])
    assert SUBJECT in everything
    assert not [one for one in (*secrets, setting.provider.secret) if one in everything]
    assert setting.provider.secret not in repr(setting.service.settings)
