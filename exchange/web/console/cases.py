"""Cases: find one, open one, and the whole story of one."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import Row

from exchange.core import case_types
from exchange.core.access import ON_THE_TEAM, READS_INSIDE, Permission, Relation
from exchange.core.case_types import CaseType
from exchange.core.model import FactKind, State
from exchange.steps import cases, closing, record
from exchange.store.read import CaseView, case_list, case_view, diary_of, newest
from exchange.store.read.cases import PAGE
from exchange.web import frame
from exchange.web.console import acts, checks, policy_words, words
from exchange.web.console.asking import asked
from exchange.web.console.paging import page_number, pager
from exchange.web.console.session import actor_of, id_of, is_supervisor, service_of
from exchange.web.console.stages import stages
from exchange.web.frame import N_
from exchange.web.frame.state import SITE

SHOWN = ("mine", "cover", "all")
OPENED = frame.notice("case-opened", N_("The case is open. Next, add the people in it."))
REOPENED = frame.notice("case-reopened", N_("The case is open again."))


class NewCase(frame.Form):
    """A case to be opened."""

    type: CaseType
    four_eyes: list[Literal["yes"]] = Field(default_factory=list)
    summary: str = Field(default="", max_length=4000)
    sentences: ClassVar = {"type": N_("Choose what kind of case this is")}


class CaseState(frame.Form):
    """Open again."""

    opened: Literal["yes"]


async def cases_page(request: web.Request) -> web.StreamResponse:
    """The list: mine, what I cover, all that I may see; a search by reference."""
    show = request.query.get("show", "all" if is_supervisor(request) else "mine")
    search = request.query.get("search", "")[:40]
    show = show if show in SHOWN else "mine"
    number = page_number(request)
    rows = await case_list(service_of(request), actor_of(request), show=show, search=search, page=number)
    shown = [
        {
            "case": row,
            "type": words.said(words.TYPES, row.type),
            "people": [(words.said(words.SIDES, side), name) for side, name in row.people],
        }
        for row in rows
    ]
    pages = pager("/cases", {"show": show, "search": search}, number, rows.total, PAGE)
    return frame.render(request, "console/cases.html", {"rows": shown, "show": show, "search": search, "pager": pages})


async def new_page(request: web.Request) -> web.StreamResponse:
    """What kind of case, and how careful."""
    return await _new_page(request, frame.blank(type="general"), 200)


async def open_case(request: web.Request) -> web.StreamResponse:
    """Open it; whoever opens it leads it."""

    async def act(form: NewCase) -> web.StreamResponse:
        careful = {"four_eyes": True} if form.four_eyes else {}
        policy = case_types.with_changes(form.type, careful)
        case = await cases.open_case(
            service_of(request), actor_of(request), type=form.type, policy=policy, summary=form.summary
        )
        return frame.see_other(request, f"/cases/{case}", done=OPENED)

    return await asked(request, NewCase, _new_page, act)


async def case_page(request: web.Request) -> web.StreamResponse:
    """The whole story."""
    view = await case_view(service_of(request), actor_of(request), id_of(request, "case"))
    now = frame_now(request)
    known = newest(await diary_of(service_of(request), actor_of(request), view.case.id))
    people = [
        {
            "person": person,
            "name": view.names[person.id],
            "form_of_name": view.forms[person.id],
            "side": words.said(words.SIDES, person.side),
            "checks": checks.of_person(view, known, person),
        }
        for person in view.people
    ]
    context = {
        "view": view,
        "case": view.case,
        "type": words.said(words.TYPES, view.case.type),
        "on_the_team": view.relation in ON_THE_TEAM,
        "inside": view.relation in READS_INSIDE,
        "emergencies": view.emergencies,
        "can_staff": view.relation is Relation.LEAD or is_supervisor(request),
        "supervisor": is_supervisor(request),
        "stopped": view.value(FactKind.HOLD) == "on" or any(c.ended_at is None for c in view.concerns),
        "paused": view.value(FactKind.PAUSE) == "on",
        "people": people,
        "thread": [_message(view, row) for row in view.messages],
        "checks": checks.of_case(view, known, now),
        "stages": stages(view, known, now),
        "team": [(m.display_name, words.said(words.PARTS, m.part)) for m in view.team],
        "tasks": [(task, words.said(words.TASKS, task.kind)) for task in view.tasks],
    }
    return frame.render(request, "console/case.html", context)


async def case_record(request: web.Request) -> web.StreamResponse:
    """What the record says of this case, with its numbers; that it was read is recorded too."""
    service, actor, case_id = service_of(request), actor_of(request), id_of(request, "case")
    below = request.query.get("below", "")
    below_number = int(below) if below.isdigit() and len(below) < 12 else None
    view = await case_view(service, actor, case_id)
    shown = await record.of_case(service, actor, case_id, below=below_number)
    names = {**{str(k): v for k, v in shown.staff.items()}, **{str(k): v for k, v in view.forms.items()}}
    context = {
        "case": view.case,
        "entries": [acts.line(entry, names) for entry in shown.entries],
        "more": shown.more,
    }
    return frame.render(request, "console/case_record.html", context)


async def set_state(request: web.Request) -> web.StreamResponse:
    """Open the case again: a supervisor's decision. Closing it has a page of its own (`closing.py`)."""
    case_id = id_of(request, "case")
    form = await frame.parse(request, CaseState)
    if isinstance(form, frame.ErrorSummary):
        return frame.see_other(request, f"/cases/{case_id}")
    await closing.reopen(service_of(request), actor_of(request), case_id)
    return frame.see_other(request, f"/cases/{case_id}", done=REOPENED)


def frame_now(request: web.Request) -> datetime:
    """The time in the service's zone, for words about dates only; rules use the database's clock."""
    return datetime.now(request.app[SITE].zone)


def _message(view: CaseView, row: Row[Any]) -> dict[str, Any]:
    """One message of the thread as `message_card` takes it."""
    return {
        "sender": view.forms.get(row.author_id, ""),
        "recipient": view.forms.get(row.recipient_id, ""),
        "kind_words": words.kind_of(row),
        "state": row.state,
        "reference": row.reference,
        "since": None if State(row.state) in (State.ERASED, State.SUPERSEDED, State.WITHDRAWN) else row.state_since,
        "href": f"/messages/{row.id}",
        "put_in_by": view.staff.get(row.put_in_by, "") if row.put_in_by else "",
        "created_at": row.created_at,
        "next": words.said(words.STATE_NEXT, row.state),
    }


async def _new_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    context = {"form": form, "types": words.choices(words.TYPES, policy_words.TYPE_HINTS)}
    return frame.render(request, "console/case_new.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/cases", cases_page, Permission.CASE_LIST),
    frame.Route("GET", "/cases/new", new_page, Permission.CASE_OPEN),
    frame.Route("POST", "/cases/new", open_case, Permission.CASE_OPEN),
    frame.Route("GET", "/cases/{case}", case_page, Permission.CASE_SEE),
    frame.Route("POST", "/cases/{case}/state", set_state, Permission.CASE_CLOSE),
    frame.Route("GET", "/cases/{case}/record", case_record, Permission.CASE_SEE),
]
