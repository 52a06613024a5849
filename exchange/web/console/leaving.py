"""Somebody leaves: one form that names who takes over each case, and closes the account."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, Refused, StepUpNeeded
from exchange.core.model import Role
from exchange.steps import leaving
from exchange.steps.leaving import Held, Leaving
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.session import actor_of, as_id, id_of, service_of
from exchange.web.frame import N_
from exchange.web.frame.forms import form_of

LEFT = frame.notice("account-left", N_("The account is closed, and every case has somebody. Its sessions have ended."))
EVERYTHING = "everything"
PARTS: dict[str, str] = {**words.PARTS, "cover": N_("Cover")}


async def page(request: web.Request) -> web.StreamResponse:
    """Their cases, each with who could take over."""
    if not actor_of(request).stepped_up:
        raise StepUpNeeded
    return await _page(request, frame.blank(), 200)


async def leave(request: web.Request) -> web.StreamResponse:
    """Hand everything over and close the account, or nothing."""
    service, actor, account = service_of(request), actor_of(request), id_of(request, "account")
    untrusted = await form_of(request)
    found = await leaving.leaving(service, actor, account)
    try:
        takers = {one.case_id: _chosen(found, one, untrusted) for one in found.held}
        await leaving.hand_over_and_close(service, actor, account, takers)
    except (BadInput, Conflict, Refused) as error:
        field = error.field if isinstance(error, BadInput) else ""
        return await _page(request, await frame.entered(request, BadInput(str(error), field=field)), error.status)
    there = "/admin/accounts" if Role.ADMINISTRATOR in actor.roles else "/supervisor"
    return frame.see_other(request, there, done=LEFT)


def _chosen(found: Leaving, one: Held, untrusted: Mapping[str, str]) -> UUID | None:
    """Who was chosen for this case; else who takes everything, where that person can."""
    own = str(untrusted.get(f"case-{one.case_id}", ""))
    if own:
        return as_id(own)
    every = str(untrusted.get(EVERYTHING, ""))
    able = dict(found.takers[one.case_id])
    return as_id(every) if every and one.needs_somebody and as_id(every) in able else None


def _entered(found: Leaving, one: Held, form: frame.ErrorSummary) -> tuple[UUID, str] | None:
    """Who was chosen when the form is shown again."""
    before = form.value(f"case-{one.case_id}")
    able = found.takers[one.case_id] if before else []
    return next((taker for taker in able if str(taker[0]) == before), None)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await leaving.leaving(service_of(request), actor_of(request), id_of(request, "account"))
    nobody = frame.gettext(N_("Choose one"))
    rows = [
        {
            "name": f"case-{one.case_id}",
            "reference": one.reference,
            "part": words.said(PARTS, one.part),
            "takers": found.takers[one.case_id],
            "same_takers": id(found.takers[one.case_id]),
            "chosen": _entered(found, one, form),
        }
        for one in found.held
    ]
    sets = {id(able): able for able in found.takers.values()}
    every = sorted({pair for able in sets.values() for pair in able}, key=lambda pair: pair[1])
    context = {
        "form": form,
        "found": found,
        "rows": rows,
        "nobody": nobody,
        "everybody": [("", nobody), *((str(i), name) for i, name in every)],
    }
    return frame.render(request, "console/leaving.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/leaving/{account}", page, Permission.LEAVER),
    frame.Route("POST", "/leaving/{account}", leave, Permission.LEAVER),
]
