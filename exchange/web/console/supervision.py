"""Supervision of a case: what was talked about, when it is due again, and what is due in all cases (rule 12)."""

from typing import Any, ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core import access
from exchange.core.access import Permission, Relation
from exchange.steps import supervision
from exchange.store.read import due_list, supervision_view
from exchange.store.read.oversight import PAGE
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.paging import page_number, pager
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

HELD = frame.notice("supervision-held", N_("The supervision is recorded."))
DUE: dict[str, str] = {"supervision": N_("Supervision"), "assessment": N_("Risk assessments")}


class Note(frame.Form):
    """What was talked about."""

    note: str = Field(max_length=4000)
    sentences: ClassVar = {"note": N_("Write what you talked about and what was agreed.")}


async def page(request: web.Request) -> web.StreamResponse:
    """What was held, and the form for a supervisor."""
    return await _page(request, frame.blank(), 200)


async def hold(request: web.Request) -> web.StreamResponse:
    """It was held today."""

    async def act(form: Note) -> web.StreamResponse:
        case = id_of(request, "case")
        await supervision.hold(service_of(request), actor_of(request), case, note=form.note)
        return frame.see_other(request, f"/cases/{case}/supervision", done=HELD)

    return await asked(request, Note, _page, act, at="note")


async def due_page(request: web.Request) -> web.StreamResponse:
    """What is due in all cases, or will be within two weeks, the latest first."""
    number, what = page_number(request), request.query.get("what", "")
    what = what if what in DUE else "supervision"
    found = await due_list(service_of(request), actor_of(request), what, page=number)
    context: dict[str, Any] = {
        "what": what,
        "kinds": [(key, frame.gettext(text)) for key, text in DUE.items()],
        "rows": found.rows,
        "place": {"supervision": "supervision", "assessment": "assessments"}[what],
        "pager": pager("/supervisor/due", {"what": what}, number, found.total, PAGE),
    }
    return frame.render(request, "console/supervisor_due.html", context)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await supervision_view(service_of(request), actor_of(request), id_of(request, "case"))
    entries = [
        {
            "when": row.at,
            "words": frame.gettext(N_("Supervision")),
            "who": view.staff.get(row.account_id, ""),
            "note": note,
        }
        for row, note in view.held
    ]
    may = access.may(actor_of(request), Permission.FACT_SUPERVISED, Relation.NONE)
    context = {"view": view, "case": view.case, "entries": entries, "may": may, "form": form}
    return frame.render(request, "console/supervision.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/cases/{case}/supervision", page, Permission.CASE_SEE),
    frame.Route("POST", "/cases/{case}/supervision", hold, Permission.FACT_SUPERVISED),
    frame.Route("GET", "/supervisor/due", due_page, Permission.SUPERVISE),
]
