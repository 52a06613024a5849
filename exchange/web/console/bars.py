"""Conflicts of interest of a case: who must never be shown it. For supervisors."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.steps import bars
from exchange.store.read import case_view, staff_accounts
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, as_id, id_of, service_of
from exchange.web.frame import N_

SET = frame.notice("bar-set", N_("From now on this case is not there for them. They have not been told."))
SET_ON_ONESELF = frame.notice("bar-set-self", N_("From now on this case is not there for you."))
LIFTED = frame.notice("bar-lifted", N_("The conflict of interest has ended. Nobody was put back on the team."))


class NewBar(frame.Form):
    """Who, and why."""

    account: str
    reason: str = Field(max_length=2000)
    sentences: ClassVar = {
        "account": N_("Choose a person"),
        "reason": N_("Say in a few words why this person must not see the case"),
    }


async def page(request: web.Request) -> web.StreamResponse:
    """Who is kept from the case, and the form."""
    return await _page(request, frame.blank(), 200)


async def set_bar(request: web.Request) -> web.StreamResponse:
    """Keep somebody from the case."""
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")

    async def act(form: NewBar) -> web.StreamResponse:
        account = as_id(form.account)
        await bars.set_bar(service, actor, case, account, reason=form.reason)
        if account == actor.id:
            return frame.see_other(request, "/cases", done=SET_ON_ONESELF)
        return frame.see_other(request, f"/cases/{case}/bars", done=SET)

    return await asked(request, NewBar, _page, act, at="account")


async def lift(request: web.Request) -> web.StreamResponse:
    """The conflict is no more."""
    case = id_of(request, "case")
    await bars.lift_bar(service_of(request), actor_of(request), case, id_of(request, "bar"))
    return frame.see_other(request, f"/cases/{case}/bars", done=LIFTED)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")
    found = await bars.bars_of(service, actor, case)
    view = await case_view(service, actor, case)
    known = {bar.account_id for bar in found}
    everybody = [(str(i), name) for i, name in await staff_accounts(service, actor) if i not in known]
    context = {
        "form": form,
        "case": view.case,
        "bars": found,
        "everybody": [("", frame.gettext(N_("Choose one"))), *everybody],
    }
    return frame.render(request, "console/bars.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/cases/{case}/bars", page, Permission.CASE_BAR),
    frame.Route("POST", "/cases/{case}/bars", set_bar, Permission.CASE_BAR),
    frame.Route("POST", "/cases/{case}/bars/{bar}/lift", lift, Permission.CASE_BAR),
]
