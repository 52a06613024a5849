"""A short form for every fact that the gate reads, about a case or a person; each clears one checklist line."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import CASE_FACTS, PERSON_FACTS, FactKind
from exchange.steps import facts
from exchange.store.read import case_of, fact_history
from exchange.web import frame
from exchange.web.console import fact_words, words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, is_supervisor, service_of
from exchange.web.frame import N_
from exchange.web.frame.rendering import own_path
from exchange.web.frame.state import SITE

RECORDED = frame.notice("fact-recorded", N_("Recorded."))


class Fact(frame.Form):
    """What is so now. `until`: the last day on which it holds."""

    value: str
    until: date | None = None
    note: str = Field(default="", max_length=4000)
    back: str = ""
    sentences: ClassVar = {"value": N_("Choose one of the answers")}


async def case_fact(request: web.Request) -> web.StreamResponse:
    """The form about a case."""
    kind = _kind(request, CASE_FACTS)
    return await _page(request, id_of(request, "case"), kind, None, _blank(request), 200)


async def record_case_fact(request: web.Request) -> web.StreamResponse:
    """Record it."""
    case = id_of(request, "case")
    return await _record(request, case, _kind(request, CASE_FACTS), None, f"/cases/{case}")


async def person_fact(request: web.Request) -> web.StreamResponse:
    """The form about a person."""
    person, kind = id_of(request, "person"), _kind(request, PERSON_FACTS)
    case = await case_of(service_of(request), actor_of(request), person)
    return await _page(request, case, kind, person, _blank(request), 200)


async def record_person_fact(request: web.Request) -> web.StreamResponse:
    """Record it."""
    person, kind = id_of(request, "person"), _kind(request, PERSON_FACTS)
    case = await case_of(service_of(request), actor_of(request), person)
    return await _record(request, case, kind, person, f"/cases/{case}")


async def _record(
    request: web.Request, case: UUID, kind: FactKind, person: UUID | None, home: str
) -> web.StreamResponse:
    async def show(req: web.Request, form: frame.ErrorSummary, status: int) -> web.StreamResponse:
        return await _page(req, case, kind, person, form, status)

    async def act(form: Fact) -> web.StreamResponse:
        await facts.record_fact(
            service_of(request),
            actor_of(request),
            case,
            kind,
            form.value,
            participant=person,
            until=_end_of(request, form.until),
            note=form.note,
        )
        return frame.see_other(request, back_or(form.back, home), done=RECORDED)

    return await asked(request, Fact, show, act, at="value")


async def _page(
    request: web.Request,
    case: UUID,
    kind: FactKind,
    person: UUID | None,
    form: frame.ErrorSummary,
    status: int,
) -> web.Response:
    view = await fact_history(service_of(request), actor_of(request), case, kind, person)
    values = fact_words.VALUES[kind]
    may = [v for v in values if is_supervisor(request) or not fact_words.supervised(kind, v, view.now)]
    if kind is FactKind.ASSESSMENT:  # the step refuses it: that it is current follows from the form
        may = [value for value in may if value != "current"]
    may = may if view.on_the_team or is_supervisor(request) else []
    if len(may) == 1 and not form.value("value"):
        form = frame.ErrorSummary({**form.entered, "value": may}, form.errors)
    context = {
        "form": form,
        "view": view,
        "case": view.case,
        "person": person,
        "title": words.said(words.FACTS, kind),
        "why": frame.gettext(fact_words.WHY[kind]),
        "values": [(v, frame.gettext(values[v])) for v in may],
        "only_supervisor": kind is not FactKind.ASSESSMENT and len(may) < len(values),
        "assess": kind is FactKind.ASSESSMENT and view.on_the_team,
        "asks_until": kind in fact_words.UNTIL,
        "until_words": frame.gettext(fact_words.UNTIL.get(kind, "")),
        "history": [
            (row, note, words.said(values, row.value), view.staff.get(row.recorded_by, "")) for row, note in view.rows
        ],
    }
    return frame.render(request, "console/fact.html", context, status=status)


def back_or(untrusted: str, home: str) -> str:
    """The page a form was linked from, if it is one of ours."""
    try:
        return own_path(untrusted)
    except ValueError:
        return home


def _blank(request: web.Request) -> frame.ErrorSummary:
    return frame.blank(back=back_or(request.query.get("back", ""), "") or None)


def _kind(request: web.Request, table: dict[FactKind, tuple[str, ...]]) -> FactKind:
    untrusted = request.match_info["kind"]
    found = next((kind for kind in table if kind.value == untrusted), None)
    if found is None:
        raise NotFound
    return found


def _end_of(request: web.Request, day: date | None) -> datetime | None:
    """The end of that day in the service's zone."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), request.app[SITE].zone)


ROUTES = [
    frame.Route("GET", "/cases/{case}/facts/{kind}", case_fact, Permission.CASE_SEE),
    frame.Route("POST", "/cases/{case}/facts/{kind}", record_case_fact, Permission.CASE_SEE),
    frame.Route("GET", "/people/{person}/facts/{kind}", person_fact, Permission.CASE_SEE),
    frame.Route("POST", "/people/{person}/facts/{kind}", record_person_fact, Permission.CASE_SEE),
]
