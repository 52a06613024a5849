"""The auditor's overview: a chart of accesses with its table, and what is unusual, by time, case and kind."""

from typing import Any

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.unusual import Kind, Limits, Unusual
from exchange.steps import oversight, record
from exchange.steps.oversight import USUAL_DAYS, Overview, Span
from exchange.web import frame
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_, gettext
from exchange.web.frame.dates import day

TIMES: dict[str, str] = {"7": N_("The last 7 days"), "30": N_("The last 30 days"), "92": N_("The last 3 months")}
KINDS: dict[str, str] = {
    "outside_hours": N_("Outside opening hours"),
    "bulk": N_("Many cases within an hour"),
    "not_assigned": N_("Not on the case at that time"),
    "failures": N_("Refused again and again"),
}
WIDTH, HEIGHT, GAP = 640, 160, 2
MOST_SHOWN = 100


async def page(request: web.Request) -> web.StreamResponse:
    """The chart, its table and the findings; that they were looked at is recorded."""
    asked = {name: str(request.query.get(name, ""))[:80].strip() for name in ("days", "case", "kind")}
    days = int(asked["days"]) if asked["days"] in TIMES else USUAL_DAYS
    form = frame.blank(**asked | {"days": str(days)})
    found: Overview | None = None
    try:
        found = await _found(request, asked, days)
    except BadInput as error:
        form.add(error.field or "days", str(error))
    names = {str(account): name for account, name in found.staff.items()} if found else {}
    spans = found.spans if found else []
    context = {
        "form": form,
        "times": [(code, gettext(text)) for code, text in TIMES.items()],
        "kinds": [("", gettext(N_("Any"))), *((code, gettext(text)) for code, text in KINDS.items())],
        "bars": bars(spans),
        "rows": [(_when(span), span.staff, span.participants, span.total) for span in spans],
        "total": sum(span.total for span in spans),
        "findings": [_line(one, names) for one in found.findings[:MOST_SHOWN]] if found else [],
        "more": max(0, len(found.findings) - MOST_SHOWN) if found else 0,
        "signature": found.signature if found else None,
        "limits": Limits(),
    }
    return frame.render(request, "console/record_overview.html", context, status=422 if form.errors else 200)


async def _found(request: web.Request, asked: dict[str, str], days: int) -> Overview:
    service, actor = service_of(request), actor_of(request)
    case = await record.find_case(service, actor, asked["case"]) if asked["case"] else None
    kind = Kind(asked["kind"]) if asked["kind"] in KINDS else None
    return await oversight.overview(service, actor, days=days, case=case, kind=kind)


def bars(spans: list[Span]) -> list[dict[str, Any]]:
    """One bar per span in a picture of WIDTH × HEIGHT: participants below, staff above. Whole numbers."""
    most = max((span.total for span in spans), default=0)
    step = WIDTH // len(spans) if spans else 0
    found = []
    for number, span in enumerate(spans):
        top = round(HEIGHT * span.total / most) if most else 0
        low = round(HEIGHT * span.participants / most) if most else 0
        found.append({"x": number * step, "width": max(1, step - GAP), "staff": top - low, "participants": low,
                      "staff_y": HEIGHT - top, "participants_y": HEIGHT - low})  # fmt: skip
    return found


def _when(span: Span) -> str:
    if span.first == span.last:
        return day(span.first)
    return gettext(N_("%(first)s to %(last)s")) % {"first": day(span.first), "last": day(span.last)}


def _line(one: Unusual, names: dict[str, str]) -> dict[str, Any]:
    return {
        "kind": gettext(KINDS[one.kind]),
        "who": names.get(one.who, one.who[:8]),
        "case": one.case,
        "since": one.since,
        "until": one.until,
        "count": one.count,
        "first": one.first,
        "last": one.last,
    }


ROUTES = [frame.Route("GET", "/record/overview", page, Permission.RECORD)]
