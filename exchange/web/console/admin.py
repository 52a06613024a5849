"""Administration: accounts, what is said about the service, how the keys stand. No case, no content."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import Role
from exchange.steps import accounts, passwords, recovery_codes, sign_on
from exchange.steps import settings as service_settings
from exchange.steps.accounts import Account
from exchange.store.read import keys_state
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

SAVED = frame.notice("account-saved", N_("The account was changed. Where roles changed, its sessions have ended."))
CLOSED = frame.notice("account-closed", N_("The account is closed. Its sessions and tokens have ended."))
SETTINGS_SAVED = frame.notice("settings-saved", N_("The settings were saved."))
PLAIN = ("mail_host", "mail_port", "mail_user", "mail_from", "backup_place")
ROLES_WRONG = N_("Choose at least one role")


class NewAccount(frame.Form):
    """A member of staff."""

    login: str = Field(max_length=100)
    display_name: str = Field(max_length=100)
    email: str = Field(default="", max_length=200)
    roles: list[Role] = Field(default_factory=list)
    sentences: ClassVar = {
        "login": N_("Enter a sign-in name"),
        "display_name": N_("Enter the person's name"),
        "roles": ROLES_WRONG,
    }


class Details(frame.Form):
    """Name, e-mail, language and roles."""

    display_name: str = Field(max_length=100)
    email: str = Field(default="", max_length=200)
    language: Literal["en", "cy"] = "en"
    roles: list[Role] = Field(default_factory=list)
    sentences: ClassVar = {"display_name": N_("Enter the person's name"), "roles": ROLES_WRONG}


class Words(frame.Form):
    """What every page says about the service, how it sends mail, and where its backups go."""

    service_name: str = Field(max_length=200)
    sender_name: str = Field(max_length=200)
    phone: str = Field(max_length=40)
    opening: str = Field(max_length=200)
    closed_days: str = Field(default="", max_length=2000)
    support_lines: str = Field(default="", max_length=2000)
    exit_url: str = Field(max_length=200)
    mail_host: str = Field(default="", max_length=200)
    mail_port: int = 587
    mail_user: str = Field(default="", max_length=200)
    mail_password: str = Field(default="", max_length=200)
    mail_from: str = Field(default="", max_length=200)
    mail_starttls: list[Literal["yes"]] = Field(default_factory=list, max_length=1)
    backup_place: str = Field(default="", max_length=200)
    sentences: ClassVar = {
        "service_name": N_("Enter the name of the service"),
        "sender_name": N_("Enter the name that e-mails come from"),
        "phone": N_("Enter the phone number of the service"),
        "opening": N_("Enter when the phone is answered"),
        "exit_url": N_("Enter the address of a neutral page"),
        "mail_port": N_("Enter a port: a number from 1 to 65535"),
    }


async def page(request: web.Request) -> web.StreamResponse:
    """The way to the three areas."""
    everybody = await accounts.accounts(service_of(request), actor_of(request))
    keys = await keys_state(service_of(request), actor_of(request))
    count = sum(account.active for account in everybody)
    return frame.render(request, "console/admin.html", {"count": count, "keys": keys})


async def accounts_page(request: web.Request) -> web.StreamResponse:
    """Everybody, closed accounts last."""
    everybody = await accounts.accounts(service_of(request), actor_of(request))
    rows = [(account, _roles(account)) for account in everybody]
    return frame.render(request, "console/admin_accounts.html", {"rows": rows})


async def new_page(request: web.Request) -> web.StreamResponse:
    """Who, and what they do."""
    return await _new_page(request, frame.blank(), 200)


async def create(request: web.Request) -> web.StreamResponse:
    """Make it; the first password is shown this once."""
    password = passwords.temporary()

    async def act(form: NewAccount) -> web.StreamResponse:
        account = await accounts.create_account(
            service_of(request),
            actor_of(request),
            login=form.login,
            display_name=form.display_name,
            roles=form.roles,
            password=password,
            email=form.email,
        )
        return _given(request, form.login, password, f"/admin/accounts/{account}")

    return await asked(request, NewAccount, _new_page, act, at="login")


async def account_page(request: web.Request) -> web.StreamResponse:
    """One account."""
    found = await account_of(request)
    form = frame.blank(
        display_name=found.display_name,
        email=found.email,
        language=found.language,
        roles=[role.value for role in found.roles],
    )
    return await _account_page(request, form, 200)


async def change(request: web.Request) -> web.StreamResponse:
    """Details, and roles where they changed."""

    async def act(form: Details) -> web.StreamResponse:
        service, actor, found = service_of(request), actor_of(request), await account_of(request)
        if frozenset(form.roles) != found.roles:
            await accounts.set_roles(service, actor, found.id, roles=form.roles)
        await accounts.set_details(
            service,
            actor,
            found.id,
            display_name=form.display_name,
            email=form.email,
            language=form.language,
        )
        return frame.see_other(request, f"/admin/accounts/{found.id}", done=SAVED)

    return await asked(request, Details, _account_page, act, at="roles")


async def reset(request: web.Request) -> web.StreamResponse:
    """A new first password and no second factor; the password is shown this once."""
    found = await account_of(request)
    password = await accounts.reset(service_of(request), actor_of(request), found.id)
    return _given(request, found.login, password, f"/admin/accounts/{found.id}")


async def close(request: web.Request) -> web.StreamResponse:
    """Nobody signs in with it any more."""
    found = await account_of(request)
    await accounts.deactivate(service_of(request), actor_of(request), found.id)
    return frame.see_other(request, f"/admin/accounts/{found.id}", done=CLOSED)


async def service_page(request: web.Request) -> web.StreamResponse:
    """What every page says."""
    known = await service_settings.read(service_of(request), fresh=True)
    lines = [": ".join(filter(None, (one.name, one.phone, one.hours))) for one in known.support_lines]
    form = frame.blank(
        service_name=known.service_name,
        sender_name=known.sender_name,
        phone=known.phone,
        opening=known.opening,
        closed_days="\n".join(day.isoformat() for day in known.closed_days),
        support_lines="\n".join(lines),
        exit_url=known.exit_url,
        mail_starttls=["yes"] if known.mail_starttls else [],
        **{name: getattr(known, name) for name in PLAIN},
    )
    return await _service_page(request, form, 200)


async def save_service(request: web.Request) -> web.StreamResponse:
    """Save it."""

    async def act(form: Words) -> web.StreamResponse:
        days = [service_settings.closed_day(line) for line in _lines(form.closed_days)]
        support = [service_settings.support_line(line) for line in _lines(form.support_lines)]
        changes = form.model_dump(exclude={"closed_days", "support_lines", "mail_starttls"})
        await service_settings.save(
            service_of(request),
            actor_of(request),
            **changes,
            closed_days=tuple(days),
            support_lines=tuple(support),
            mail_starttls=bool(form.mail_starttls),
        )
        return frame.see_other(request, "/admin/service", done=SETTINGS_SAVED)

    return await asked(request, Words, _service_page, act, at="service_name")


async def keys_page(request: web.Request) -> web.StreamResponse:
    """How the keys stand."""
    keys = await keys_state(service_of(request), actor_of(request))
    return frame.render(request, "console/admin_keys.html", {"keys": keys})


async def account_of(request: web.Request) -> Account:
    """The account of the address; NotFound where there is none."""
    wanted = id_of(request, "account")
    for found in await accounts.accounts(service_of(request), actor_of(request)):
        if found.id == wanted:
            return found
    raise NotFound


def _given(request: web.Request, login: str, password: str, href: str) -> web.Response:
    context = {"login": login, "password": password, "href": href}
    return frame.render(request, "console/admin_password.html", context)


def _roles(account: Account) -> list[str]:
    return [words.said(words.ROLES, role) for role in words.ROLES if role in account.roles]


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


async def _new_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    context = {"form": form, "roles": words.choices(words.ROLES, words.ROLE_HINTS)}
    return frame.render(request, "console/admin_account_new.html", context, status=status)


async def _account_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, account = service_of(request), await account_of(request)
    context = {
        "form": form,
        "account": account,
        "roles": words.choices(words.ROLES, words.ROLE_HINTS),
        "provider": sign_on.offered(service),
        "link": await sign_on.link_of(service, actor_of(request), account.id),
        "recovery_waits": await recovery_codes.waits(service, actor_of(request), account.id),
    }
    return frame.render(request, "console/admin_account.html", context, status=status)


async def _service_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    form.entered.pop("mail_password", None)  # never sent back
    return frame.render(request, "console/admin_service.html", {"form": form}, status=status)


ROUTES = [
    frame.Route("GET", "/admin", page, Permission.ADMINISTER),
    frame.Route("GET", "/admin/accounts", accounts_page, Permission.ADMINISTER),
    frame.Route("GET", "/admin/accounts/new", new_page, Permission.ADMINISTER),
    frame.Route("POST", "/admin/accounts/new", create, Permission.ADMINISTER),
    frame.Route("GET", "/admin/accounts/{account}", account_page, Permission.ADMINISTER),
    frame.Route("POST", "/admin/accounts/{account}", change, Permission.ADMINISTER),
    frame.Route("POST", "/admin/accounts/{account}/reset", reset, Permission.ADMINISTER),
    frame.Route("POST", "/admin/accounts/{account}/close", close, Permission.ADMINISTER),
    frame.Route("GET", "/admin/service", service_page, Permission.ADMINISTER),
    frame.Route("POST", "/admin/service", save_service, Permission.ADMINISTER),
    frame.Route("GET", "/admin/keys", keys_page, Permission.ADMINISTER),
]
