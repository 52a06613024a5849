"""Opening a case in an emergency, deciding on it, ending it; the list for supervisors and auditors."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core import access
from exchange.core.access import Permission, Relation
from exchange.core.model import EmergencyKind
from exchange.steps import emergency
from exchange.store import read
from exchange.store.read import EmergencyRow
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

OPENED = frame.notice("emergency-opened", N_("The case is open to you. The team and supervisors have been told."))
WAITS = frame.notice("emergency-waits", N_("This case needs a second person. Supervisors have been told."))
AGREED = frame.notice("emergency-agreed", N_("The case is open to them now."))
DECLINED = frame.notice("emergency-declined", N_("The case stays shut to them."))
ENDED = frame.notice("emergency-ended", N_("It has ended. They cannot open the case any more."))


class Emergency(frame.Form):
    """Which case, what kind of emergency, and what has happened."""

    reference: str = Field(max_length=40)
    kind: EmergencyKind
    reason: str = Field(max_length=2000)
    sentences: ClassVar = {
        "reference": N_("Enter the reference of the case, such as C-7K3MQ"),
        "kind": N_("Choose what kind of emergency this is"),
        "reason": N_("Say what has happened"),
    }


class Decision(frame.Form):
    """Agree, do not agree, or end it."""

    do: Literal["agree", "decline", "end"]


async def form_page(request: web.Request) -> web.StreamResponse:
    """What it means, and the form."""
    return await _form_page(request, frame.blank(), 200)


async def open_case(request: web.Request) -> web.StreamResponse:
    """Open it, or ask a second person."""

    async def act(form: Emergency) -> web.StreamResponse:
        frame.try_reference(request, actor_of(request).id)
        made = await emergency.open_in_emergency(
            service_of(request), actor_of(request), form.reference, kind=form.kind, reason=form.reason
        )
        if made.opened:
            return frame.see_other(request, f"/cases/{made.case_id}", done=OPENED)
        return frame.see_other(request, f"/emergencies/{made.id}", done=WAITS)

    return await asked(request, Emergency, _form_page, act, at="reference")


async def list_page(request: web.Request) -> web.StreamResponse:
    """All of them, newest first; that the list was read is recorded."""
    service, actor = service_of(request), actor_of(request)
    await emergency.note_listing(service, actor)
    rows = [_line(row) for row in await read.emergencies(service, actor)]
    may_open = access.may(actor, Permission.EMERGENCY_JUDGE, Relation.LEAD)
    return frame.render(request, "console/emergencies.html", {"rows": rows, "may_open": may_open})


async def page(request: web.Request) -> web.StreamResponse:
    """One of them, and what may be done about it."""
    view = await read.emergency_view(service_of(request), actor_of(request), id_of(request, "emergency"))
    return frame.render(request, "console/emergency.html", {"view": view, "line": _line(view.row)})


async def change(request: web.Request) -> web.StreamResponse:
    """Agree, do not agree, or end it."""
    service, actor, wanted = service_of(request), actor_of(request), id_of(request, "emergency")
    form = await frame.parse(request, Decision)
    if isinstance(form, frame.ErrorSummary):
        return frame.see_other(request, f"/emergencies/{wanted}")
    if form.do == "end":
        await emergency.end(service, actor, wanted)
        return frame.see_other(request, "/", done=ENDED)
    await emergency.decide(service, actor, wanted, agree=form.do == "agree")
    return frame.see_other(request, "/", done=AGREED if form.do == "agree" else DECLINED)


def _line(row: EmergencyRow) -> dict[str, object]:
    return {
        "row": row,
        "kind": words.said(words.EMERGENCY_KINDS, row.kind),
        "state": words.said(words.EMERGENCY_STATES, row.state),
    }


async def _form_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    own = await read.own_emergencies(service_of(request), actor_of(request))
    context = {
        "form": form,
        "kinds": words.choices(words.EMERGENCY_KINDS),
        "own": [_line(row) for row in own],
    }
    return frame.render(request, "console/emergency_new.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/emergency", form_page, Permission.EMERGENCY_OPEN),
    frame.Route("POST", "/emergency", open_case, Permission.EMERGENCY_OPEN),
    frame.Route("GET", "/emergencies", list_page, Permission.EMERGENCY_LIST),
    frame.Route("GET", "/emergencies/{emergency}", page, Permission.CASE_SEE),
    frame.Route("POST", "/emergencies/{emergency}", change, Permission.CASE_SEE),
]
