"""An account's other ways to sign in, as an administrator sees them: the link to the provider, a used recovery code."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.steps import recovery_codes, sign_on
from exchange.web import frame
from exchange.web.console.admin import account_of
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

LINKED = frame.notice("sign-on-linked", N_("The account is linked."))
UNLINKED = frame.notice("sign-on-unlinked", N_("The link is gone. They sign in with their password."))
LOOKED_AT = frame.notice("recovery-looked-at", N_("Thank you. It is off the list."))


class NewLink(frame.Form):
    """The provider's name for this person, and whether the password goes."""

    subject: str = Field(max_length=255)
    password_off: list[Literal["yes"]] = Field(default_factory=list, max_length=1)
    sentences: ClassVar = {"subject": N_("Enter the subject that the provider knows this person by.")}


async def page(request: web.Request) -> web.StreamResponse:
    """The link, or the form to make one."""
    return await _page(request, frame.blank(), 200)


async def link(request: web.Request) -> web.StreamResponse:
    """Link the account."""
    account = id_of(request, "account")

    async def act(form: NewLink) -> web.StreamResponse:
        service, actor = service_of(request), actor_of(request)
        await sign_on.link(service, actor, account, form.subject, password_off=bool(form.password_off))
        return frame.see_other(request, f"/admin/accounts/{account}", done=LINKED)

    return await asked(request, NewLink, _page, act, at="subject")


async def unlink(request: web.Request) -> web.StreamResponse:
    """Take the link away."""
    account = id_of(request, "account")
    await sign_on.unlink(service_of(request), actor_of(request), account)
    return frame.see_other(request, f"/admin/accounts/{account}", done=UNLINKED)


async def looked_at(request: web.Request) -> web.StreamResponse:
    """The person was asked whether it was them who used a recovery code."""
    account = id_of(request, "account")
    await recovery_codes.looked_at(service_of(request), actor_of(request), account)
    return frame.see_other(request, f"/admin/accounts/{account}", done=LOOKED_AT)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, account = service_of(request), await account_of(request)
    provider = sign_on.offered(service)
    if not provider:
        raise NotFound
    context = {
        "form": form,
        "account": account,
        "provider": provider,
        "link": await sign_on.link_of(service, actor_of(request), account.id),
    }
    return frame.render(request, "console/admin_sign_on.html", context, status=status)


ADMINISTER = Permission.ADMINISTER
ROUTES = [
    frame.Route("GET", "/admin/accounts/{account}/sign-on", page, ADMINISTER),
    frame.Route("POST", "/admin/accounts/{account}/sign-on", link, ADMINISTER),
    frame.Route("POST", "/admin/accounts/{account}/sign-on/remove", unlink, ADMINISTER),
    frame.Route("POST", "/admin/accounts/{account}/recovery-looked-at", looked_at, ADMINISTER),
]
