"""Single sign-on of staff at the organisation's OpenID provider (OpenID Connect Core 1.0; OAuth 2.0 BCP, RFC 9700).

Authorization code flow with PKCE (S256). The browser is given one secret cookie; state, nonce and PKCE verifier are
derived from it and stand nowhere, its hash is kept for ten minutes and is good once. So an answer counts in the
browser that asked, once, for this provider. The token is judged in core/id_token.py.

An account is found by issuer and subject, a pair that an administrator linked to it: never by e-mail, and none is made.
The provider's second factor counts as ours only where the settings say what its token must name, and only for an
account that has a second factor here too, for a step-up is always ours. The record names the account, not the subject.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import delete, func, insert, select, update

from exchange.core import access, id_token
from exchange.core.access import Permission
from exchange.core.errors import (
    BadInput,
    LinkDead,
    NotFound,
    NotLinked,
    Refused,
    SignInNeeded,
    SignOnRefused,
    WaitAWhile,
)
from exchange.core.id_token import Expected, Identity
from exchange.core.links import derived, new_secret, session_hash
from exchange.core.model import VISITOR, Actor, ActorKind
from exchange.settings import Settings
from exchange.steps import sessions
from exchange.steps import settings as service_settings
from exchange.steps.sessions import SignedIn
from exchange.store import openid
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

LASTS = timedelta(minutes=10)
BACK = "/sign-in/provider/back"
STATE, NONCE, VERIFIER = "sign-on-state", "sign-on-nonce", "sign-on-verifier"
KIND = "sign_on"


@dataclass(frozen=True)
class Answer:
    """What the provider sent by way of the browser."""

    untrusted_state: str
    untrusted_code: str = ""
    untrusted_issuer: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Link:
    """The link of an account, as an administrator sees it."""

    issuer: str
    subject: str
    linked_at: datetime
    last_used_at: datetime | None
    current: bool
    """Whether it is of the provider that is set now."""


def offered(service: Service) -> str:
    """What the button calls the provider; "" where none is set."""
    settings = service.settings
    return (settings.oidc_name or settings.oidc_client_id) if settings.oidc_issuer else ""


async def begin(service: Service) -> tuple[str, str]:
    """A new attempt: the cookie for the browser, and the provider's address to go to."""
    settings = _settings(service)
    async with openid.connection(settings) as http:
        provider = await openid.discover(http, settings)
    cookie, a = new_secret(), t.sign_on_attempt
    async with reading(service) as conn:
        await conn.execute(delete(a).where(a.c.at < func.now() - LASTS))
        await conn.execute(insert(a).values(hash=session_hash(cookie), issuer=settings.oidc_issuer))
    address = prepare_grant_uri(
        provider.authorization_endpoint,
        settings.oidc_client_id,
        "code",
        redirect_uri=await _redirect_uri(service),
        scope="openid",
        state=derived(cookie, STATE),
        nonce=derived(cookie, NONCE),
        code_challenge=create_s256_code_challenge(derived(cookie, VERIFIER)),
        code_challenge_method="S256",
        acr_values=" ".join(_listed(settings.oidc_acr)) or None,
    )
    return cookie, str(address)


async def finish(service: Service, answer: Answer, *, attempt: str | None, cookie: str | None) -> SignedIn:
    """Sign in whoever the provider says it is: open, or half open where our own second factor is to come.

    `attempt`: the cookie of `begin`; `cookie`: the browser's earlier session. Raises SignOnRefused, NotLinked,
    WaitAWhile, SignOnSilent; each but the last stands in the record.
    """
    try:
        identity = await _identity(service, answer, attempt)
        return await _signed_in(service, identity, cookie)
    except (SignInNeeded, WaitAWhile):
        async with unit_of_work(service, VISITOR) as unit:
            unit.leaf("account.refused", kind=KIND)
        raise


async def link_of(service: Service, actor: Actor, account_id: UUID) -> Link | None:
    """The account's link, for an administrator; None where it has none."""
    if actor.kind is not ActorKind.OPERATOR:
        access.require(actor, Permission.ADMINISTER)
    s = t.sign_on
    async with reading(service) as conn:
        row = (await conn.execute(select(s).where(s.c.account_id == account_id))).first()
    if row is None:
        return None
    return Link(row.issuer, row.subject, row.linked_at, row.last_used_at, row.issuer == service.settings.oidc_issuer)


async def link(service: Service, actor: Actor, account_id: UUID, untrusted_subject: str, *, password_off: bool) -> None:
    """Link an account to a subject of the provider, in place of an earlier link. BadInput (subject).

    `password_off`: its password opens nothing any more, until an administrator resets the account.
    """
    access.require_administrator(actor)
    settings, subject = _settings(service), untrusted_subject.strip()
    if not 0 < len(subject) <= id_token.LONGEST_SUBJECT or not subject.isprintable():
        raise BadInput("Enter the subject that the provider knows this person by.", field="subject")
    s = t.sign_on
    async with unit_of_work(service, actor) as unit:
        await unit.one(select(t.account.c.id).where(t.account.c.id == account_id).with_for_update())
        taken = select(s.c.id).where(s.c.issuer == settings.oidc_issuer, s.c.subject == subject)
        if await unit.maybe(taken.where(s.c.account_id != account_id)):
            raise BadInput("This subject is linked to another account already.", field="subject")
        await unit.change(delete(s).where(s.c.account_id == account_id))
        await unit.add(s, account_id=account_id, issuer=settings.oidc_issuer, subject=subject)
        if password_off:
            off = update(t.account).where(t.account.c.id == account_id)
            await unit.change(off.values(password_hash=None, password_until=None))
        unit.leaf(
            "account.changed", account=account_id, kind="sign_on_linked_only" if password_off else "sign_on_linked"
        )


async def unlink(service: Service, actor: Actor, account_id: UUID) -> None:
    """Take the link away. Refused where the account has no password: nobody could sign in to it any more."""
    access.require_administrator(actor)
    async with unit_of_work(service, actor) as unit:
        row = await unit.one(select(t.account).where(t.account.c.id == account_id).with_for_update())
        if row.password_hash is None:
            raise Refused("This account has no password. Reset it: that takes the link away and gives one.")
        if not await forget_link(unit, account_id):
            raise NotFound
        unit.leaf("account.changed", account=account_id, kind="sign_on_unlinked")


async def forget_link(unit: Unit, account_id: UUID) -> int:
    """Delete an account's link; how many there were. The caller writes the leaf."""
    return await unit.change(delete(t.sign_on).where(t.sign_on.c.account_id == account_id))


async def _identity(service: Service, answer: Answer, attempt: str | None) -> Identity:
    """Who the provider says it is, after every check of state, issuer, code and token."""
    settings = _settings(service)
    secret = await _spent(service, answer, attempt)
    if answer.failed or not answer.untrusted_code:
        raise SignOnRefused
    async with openid.connection(settings) as http:
        provider = await openid.discover(http, settings)
        told = answer.untrusted_issuer
        if (told or provider.names_itself) and told != provider.issuer:
            raise SignOnRefused
        token = await openid.exchange(
            http,
            settings,
            provider,
            code=answer.untrusted_code,
            verifier=derived(secret, VERIFIER),
            redirect_uri=await _redirect_uri(service),
        )
        keys = await openid.keys(http, provider)
    async with reading(service) as conn:
        now = (await conn.execute(select(func.now()))).scalar_one()
    expected = Expected(provider.issuer, settings.oidc_client_id, derived(secret, NONCE), now)
    return id_token.check(token, keys, expected)


async def _spent(service: Service, answer: Answer, attempt: str | None) -> str:
    """The attempt's secret, if the answer is to it and it is ours, fresh and unused; it is used now."""
    a = t.sign_on_attempt
    try:
        state, hashed = derived(attempt or "", STATE), session_hash(attempt or "")
    except LinkDead as error:
        raise SignOnRefused from error
    if not hmac.compare_digest(state.encode(), answer.untrusted_state.encode("utf-8", "replace")):
        raise SignOnRefused
    mine = delete(a).where(a.c.hash == hashed, a.c.issuer == service.settings.oidc_issuer)
    async with reading(service) as conn:
        if not (await conn.execute(mine.where(a.c.at > func.now() - LASTS))).rowcount:
            raise SignOnRefused
    return attempt or ""


async def _signed_in(service: Service, identity: Identity, cookie: str | None) -> SignedIn:
    fresh, s, settings = new_secret(), t.sign_on, service.settings
    enough = id_token.has_second_factor(
        identity, amr=frozenset(_listed(settings.oidc_amr)), acr=frozenset(_listed(settings.oidc_acr))
    )
    async with unit_of_work(service, VISITOR) as unit:
        found = await unit.maybe(select(s).where(s.c.issuer == identity.issuer, s.c.subject == identity.subject))
        if found is None:
            raise NotLinked
        account = await sessions.locked_account(unit, found.account_id)
        await sessions.end_of_cookie(unit, cookie)
        begun = await sessions.begin(unit, account.id)
        unit.leaf("account.sign_on_given", account=account.id, session=begun.session.id)
        if not await unit.change(update(s).where(s.c.id == found.id).values(last_used_at=func.now())):
            raise NotLinked  # taken away in this moment
        if enough and account.totp_wrapped is not None:
            # no step-up: the provider may have asked hours ago
            await sessions.open_in(unit, begun.session.id, account.id, fresh, KIND, fresh=False)
    return await sessions.opened(service, fresh) if enough and begun.session.enrolled else begun


async def _redirect_uri(service: Service) -> str:
    return await service_settings.console_address(service) + BACK


def _settings(service: Service) -> Settings:
    if not service.settings.oidc_issuer:
        raise NotFound
    return service.settings


def _listed(words: str) -> list[str]:
    return [word for word in words.replace(",", " ").split() if word]
