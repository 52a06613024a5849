"""Who looks after a case: lead, team and cover."""

from typing import ClassVar, Literal

from aiohttp import web

from exchange.core.access import Permission, Relation
from exchange.steps import team
from exchange.store.read import case_view, case_workers
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, as_id, id_of, is_supervisor, service_of
from exchange.web.frame import N_

CHANGED = frame.notice("team-changed", N_("The team was changed."))
CHOOSE = N_("Choose a facilitator")


class Change(frame.Form):
    """One change: put somebody on, take somebody off, name the cover."""

    do: Literal["lead", "co", "off", "cover"]
    account: str
    sentences: ClassVar = {"account": CHOOSE, "do": N_("Choose what should change")}


async def page(request: web.Request) -> web.StreamResponse:
    """The team as it is."""
    return await _page(request, frame.blank(do="co"), 200)


async def change(request: web.Request) -> web.StreamResponse:
    """Make one change."""
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")

    async def act(form: Change) -> web.StreamResponse:
        account = as_id(form.account)
        if form.do == "off":
            await team.unassign(service, actor, case, account)
        elif form.do == "cover":
            await team.set_cover(service, actor, case, account)
        else:
            await team.assign(service, actor, case, account, part=form.do)
        return frame.see_other(request, f"/cases/{case}/team", done=CHANGED)

    return await asked(request, Change, _page, act, at="account")


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, actor = service_of(request), actor_of(request)
    view = await case_view(service, actor, id_of(request, "case"))
    everybody = await case_workers(service, actor)
    context = {
        "form": form,
        "view": view,
        "case": view.case,
        "team": [(m.account_id, m.display_name, words.said(words.PARTS, m.part), m.since) for m in view.team],
        "cover": view.cover,
        "can_change": view.relation is Relation.LEAD or is_supervisor(request),
        "everybody": [("", frame.gettext(N_("Choose one")))] + [(str(i), name) for i, name in everybody],
        "alone": len(view.team) < 2,
    }
    return frame.render(request, "console/team.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/cases/{case}/team", page, Permission.CASE_SEE),
    frame.Route("POST", "/cases/{case}/team", change, Permission.CASE_SEE),
]
