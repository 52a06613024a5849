"""Administration: accounts, what is said about the service, how the keys stand. No case, no content."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import Role
from exchange.steps import accounts, guidance, passwords, recovery_codes, sign_on
from exchange.steps import settings as service_settings
from exchange.steps.guidance import Guidance
from exchange.steps.settings import SupportLine
from exchange.steps.wording import LANGUAGES
from exchange.store import read
from exchange.web import guidance as shown
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Line, Words

Roles = list[Role]


class NewAccount(Asked):
    """A member of staff."""

    login: Line
    display_name: Line
    email: Line = ""
    roles: Roles = Field(max_length=4)


class AccountMade(Answer):
    """The account and its first password, which is shown this once and must be changed."""

    id: UUID
    password: str


class Password(Answer):
    """A first password, shown this once."""

    password: str


class AccountLine(Answer):
    """One account; no secret."""

    id: UUID
    login: str
    display_name: str
    email: str
    roles: Roles
    active: bool
    enrolled: bool
    password_temporary: bool
    has_password: bool = Field(description="False where only single sign-on or a passkey opens it.")
    language: str
    created_at: datetime


class Accounts(Answer):
    """All accounts by name, closed ones last."""

    accounts: list[AccountLine]


class Details(Asked):
    """Name, e-mail and language of an account."""

    display_name: Line
    email: Line = ""
    language: Literal["en", "cy"] = "en"


class NewSignOn(Asked):
    """The subject that the provider knows the person by, and whether the account's password goes."""

    subject: str = Field(min_length=1, max_length=255)
    password_off: bool = False


class SignOn(Answer):
    """The link of an account to the provider. Not `current`: of one that is not set any more, so it opens nothing."""

    issuer: str
    subject: str
    linked_at: datetime
    last_used_at: datetime | None
    current: bool


class NewRoles(Asked):
    """Exactly these roles."""

    roles: Roles = Field(max_length=4)


class Support(Asked):
    """Somebody outside the service to ring."""

    name: Line
    phone: Line
    hours: Line = ""


class ServiceShape(Answer):
    """What administration says about the service; no password."""

    service_name: str
    sender_name: str
    phone: str
    opening: str
    closed_days: list[date]
    support_lines: list[dict[str, str]]
    exit_url: str
    portal_url: str
    console_url: str
    mail_host: str
    mail_port: int
    mail_user: str
    mail_starttls: bool
    mail_from: str
    backup_place: str


class ServiceChange(Asked):
    """What to change; what is left out stays."""

    service_name: Line | None = None
    sender_name: Line | None = None
    phone: Line | None = None
    opening: Line | None = None
    closed_days: list[date] | None = Field(None, max_length=366)
    support_lines: list[Support] | None = Field(None, max_length=20)
    exit_url: Line | None = None
    portal_url: Line | None = None
    console_url: Line | None = None
    mail_host: Line | None = None
    mail_port: int | None = Field(None, ge=1, le=65535)
    mail_user: Line | None = None
    mail_password: SecretStr | None = Field(None, max_length=200)
    mail_starttls: bool | None = None
    mail_from: Line | None = None
    backup_place: Line | None = None


class Guided(Answer):
    """What is read before writing, in one language; `own` where the service wrote it, else the house's words."""

    own: bool
    helps: list[str]
    hurts: list[str]
    reads: str


class NewGuidance(Asked):
    """What helps, what can hurt, who reads it and how long it takes."""

    helps: list[Line] = Field(min_length=1, max_length=12)
    hurts: list[Line] = Field(min_length=1, max_length=12)
    reads: Words


class KeyCount(Answer):
    """How many key pairs one root key wraps."""

    root_key: str
    pairs: int


class Keys(Answer):
    """How the keys stand; nothing here is secret."""

    root_key: str
    wrapped: list[KeyCount]
    destroyed: int
    confirmed: datetime | None
    signed_at: datetime | None
    signed_size: int
    size: int


async def list_accounts(call: Call) -> Accounts:
    """Everybody who can sign in, or could."""
    return Accounts(accounts=[_line(one) for one in await accounts.accounts(call.service, call.actor)])


async def see_account(call: Call) -> AccountLine:
    """One account."""
    wanted = call.id("account")
    for one in await accounts.accounts(call.service, call.actor):
        if one.id == wanted:
            return _line(one)
    raise NotFound


async def make_account(call: Call, asked: NewAccount) -> AccountMade:
    """Make an account. Its second factor is set up at the first sign-in. Needs the step-up."""
    password = passwords.temporary()
    made = await accounts.create_account(call.service, call.actor, password=password, **asked.model_dump())
    return AccountMade(id=made, password=password)


async def change_account(call: Call, asked: Details) -> None:
    """Change name, e-mail and language. Needs the step-up."""
    await accounts.set_details(call.service, call.actor, call.id("account"), **asked.model_dump())


async def set_roles(call: Call, asked: NewRoles) -> None:
    """Give exactly these roles; sessions and tokens end. Needs the step-up."""
    await accounts.set_roles(call.service, call.actor, call.id("account"), roles=asked.roles)


async def reset_account(call: Call) -> Password:
    """A new first password and no second factor; sessions and tokens end. Needs the step-up."""
    return Password(password=await accounts.reset(call.service, call.actor, call.id("account")))


async def close_account(call: Call) -> None:
    """Close an account at once."""
    await accounts.deactivate(call.service, call.actor, call.id("account"))


async def see_sign_on(call: Call) -> SignOn:
    """The account's link to the provider of single sign-on."""
    found = await sign_on.link_of(call.service, call.actor, call.id("account"))
    if found is None:
        raise NotFound
    return SignOn.model_validate(found)


async def link_sign_on(call: Call, asked: NewSignOn) -> None:
    """Link an account to a subject of the provider, in place of an earlier link. Needs the step-up."""
    account = call.id("account")
    await sign_on.link(call.service, call.actor, account, asked.subject, password_off=asked.password_off)


async def unlink_sign_on(call: Call) -> None:
    """Take the link away. Refused where the account has no password. Needs the step-up."""
    await sign_on.unlink(call.service, call.actor, call.id("account"))


async def recovery_looked_at(call: Call) -> None:
    """The person was asked whether it was them who used a recovery code. Not for oneself."""
    await recovery_codes.looked_at(call.service, call.actor, call.id("account"))


async def see_service(call: Call) -> ServiceShape:
    """What is said about the service."""
    return _service(await service_settings.read(call.service, fresh=True))


async def change_service(call: Call, asked: ServiceChange) -> ServiceShape:
    """Change what is said about the service. Needs the step-up."""
    changes: dict[str, Any] = {
        name: getattr(asked, name) for name in asked.model_fields_set if getattr(asked, name) is not None
    }
    if "support_lines" in changes:
        changes["support_lines"] = tuple(SupportLine(**vars(line)) for line in changes["support_lines"])
    if "closed_days" in changes:
        changes["closed_days"] = tuple(changes["closed_days"])
    if "mail_password" in changes:
        changes["mail_password"] = changes["mail_password"].get_secret_value()
    return _service(await service_settings.save(call.service, call.actor, **changes))


async def see_guidance(call: Call) -> Guided:
    """What people read before they write or record, in one language."""
    language = _language(call)
    own = await guidance.read(call.service, language) is not None
    return Guided.model_validate({**vars(await shown.shown(call.service, language)), "own": own})


async def change_guidance(call: Call, asked: NewGuidance) -> None:
    """Use these words from now on. Needs the step-up."""
    words = Guidance(tuple(asked.helps), tuple(asked.hurts), asked.reads)
    await guidance.save(call.service, call.actor, _language(call), words)


async def reset_guidance(call: Call) -> None:
    """Use the house's own words again. Needs the step-up."""
    await guidance.reset(call.service, call.actor, _language(call))


async def keys(call: Call) -> Keys:
    """How the keys stand."""
    found = await read.keys_state(call.service, call.actor)
    wrapped = [KeyCount(root_key=name, pairs=pairs) for name, pairs in found.wrapped]
    return Keys.model_validate({**vars(found), "wrapped": wrapped})


def _line(account: accounts.Account) -> AccountLine:
    return AccountLine.model_validate({**vars(account), "roles": sorted(account.roles)})


def _language(call: Call) -> str:
    if call.word("language") not in LANGUAGES:
        raise NotFound
    return call.word("language")


def _service(found: service_settings.ServiceSettings) -> ServiceShape:
    lines = [vars(line) for line in found.support_lines]
    return ServiceShape.model_validate({**vars(found), "support_lines": lines})


ADMINISTER = Permission.ADMINISTER
ENDPOINTS = [
    Endpoint("GET", "/accounts", list_accounts, ADMINISTER),
    Endpoint("POST", "/accounts", make_account, ADMINISTER, status=201),
    Endpoint("GET", "/accounts/{account}", see_account, ADMINISTER),
    Endpoint("PUT", "/accounts/{account}", change_account, ADMINISTER, status=204),
    Endpoint("PUT", "/accounts/{account}/roles", set_roles, ADMINISTER, status=204),
    Endpoint("POST", "/accounts/{account}/reset", reset_account, ADMINISTER),
    Endpoint("POST", "/accounts/{account}/close", close_account, ADMINISTER, status=204),
    Endpoint("GET", "/accounts/{account}/sign-on", see_sign_on, ADMINISTER),
    Endpoint("PUT", "/accounts/{account}/sign-on", link_sign_on, ADMINISTER, status=204),
    Endpoint("DELETE", "/accounts/{account}/sign-on", unlink_sign_on, ADMINISTER, status=204),
    Endpoint("POST", "/accounts/{account}/recovery-looked-at", recovery_looked_at, ADMINISTER, status=204),
    Endpoint("GET", "/service", see_service, ADMINISTER),
    Endpoint("PATCH", "/service", change_service, ADMINISTER),
    Endpoint("GET", "/service/guidance/{language}", see_guidance, ADMINISTER),
    Endpoint("PUT", "/service/guidance/{language}", change_guidance, ADMINISTER, status=204),
    Endpoint("DELETE", "/service/guidance/{language}", reset_guidance, ADMINISTER, status=204),
    Endpoint("GET", "/keys", keys, ADMINISTER),
]
