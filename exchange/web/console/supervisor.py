"""Nothing waits unseen: everybody's caseload, what waits on whom and how late, what needs a supervisor's word."""

from typing import Any

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.model import State
from exchange.core.waiting import WAITING
from exchange.store.read import (
    Wanted,
    case_workers,
    caseloads,
    decisions,
    due_list,
    emergencies,
    second_approvals,
    waiting_list,
)
from exchange.store.read.due import KINDS
from exchange.store.read.oversight import OWNERS, PAGE
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.paging import page_number, pager
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_

FEW = 5
"""So many of each list stand on the first page."""

WAITS_FOR: dict[str, str] = {
    "team": N_("The team"),
    "author": N_("The author"),
    "recipient": N_("The recipient"),
    "service": N_("The service"),
    "supervisor": N_("A supervisor"),
}


async def page(request: web.Request) -> web.StreamResponse:
    """Decisions first, then what is latest, then everybody's caseload."""
    service, actor = service_of(request), actor_of(request)
    tasks = await decisions(service, actor, most=FEW)
    seconds = await second_approvals(service, actor, most=FEW)
    waiting = await waiting_list(service, actor, Wanted(), most=FEW)
    dates = {kind: (await due_list(service, actor, kind, most=1)).total for kind in KINDS}
    opened = [row for row in await emergencies(service, actor) if row.state in ("asked", "open")]
    context = {
        "due": dates,
        "emergencies": len(opened),
        "people": await caseloads(service, actor),
        "seconds": [_second(row) for row in seconds.rows],
        "seconds_total": seconds.total,
        "tasks": [_task(row) for row in tasks.rows],
        "tasks_total": tasks.total,
        "waiting": [_waits(row) for row in waiting.rows],
        "waiting_total": waiting.total,
    }
    return frame.render(request, "console/supervisor.html", context)


async def decisions_page(request: web.Request) -> web.StreamResponse:
    """All that waits for a supervisor's word."""
    number = page_number(request)
    found = await decisions(service_of(request), actor_of(request), page=number)
    context = {
        "title": frame.gettext(N_("Waits for your decision")),
        "tasks": [_task(row) for row in found.rows],
        "pager": pager("/supervisor/decisions", {}, number, found.total, PAGE),
    }
    return frame.render(request, "console/supervisor_list.html", context)


async def seconds_page(request: web.Request) -> web.StreamResponse:
    """All that was approved once and needs a second person."""
    number = page_number(request)
    found = await second_approvals(service_of(request), actor_of(request), page=number)
    context = {
        "title": frame.gettext(N_("Second approvals")),
        "seconds": [_second(row) for row in found.rows],
        "pager": pager("/supervisor/second-approvals", {}, number, found.total, PAGE),
    }
    return frame.render(request, "console/supervisor_list.html", context)


async def waiting_page(request: web.Request) -> web.StreamResponse:
    """All that waits, the latest first: of everybody or one, for whom, only what is late."""
    service, actor, number = service_of(request), actor_of(request), page_number(request)
    asked = {name: str(request.query.get(name, ""))[:40] for name in ("staff", "for", "late")}
    everybody = await case_workers(service, actor)
    wanted = Wanted(
        account=next((one for one, _ in everybody if str(one) == asked["staff"]), None),
        owner=asked["for"] if asked["for"] in OWNERS else "",
        late=asked["late"] == "yes",
    )
    found = await waiting_list(service, actor, wanted, page=number)
    nobody = ("", frame.gettext(N_("Everybody")))
    context = {
        "form": frame.blank(**asked),
        "staff": [nobody, *((str(one), name) for one, name in everybody)],
        "owners": [nobody, *((key, frame.gettext(WAITS_FOR[key])) for key in OWNERS)],
        "lateness": [("", frame.gettext(N_("Everything"))), ("yes", frame.gettext(N_("Only what is late")))],
        "rows": [_waits(row) for row in found.rows],
        "pager": pager("/supervisor/waiting", asked, number, found.total, PAGE),
    }
    return frame.render(request, "console/supervisor_waiting.html", context)


def _task(row: Any) -> tuple[Any, str]:
    return row, words.said(words.TASKS, row.kind)


def _second(row: Any) -> tuple[Any, str]:
    return row, words.said(words.KINDS, row.kind)


def _waits(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "kind": words.said(words.KINDS, row.kind),
        "waits_for": words.said(WAITS_FOR, WAITING[State(row.state)].owner),
    }


ROUTES = [
    frame.Route("GET", "/supervisor", page, Permission.SUPERVISE),
    frame.Route("GET", "/supervisor/decisions", decisions_page, Permission.SUPERVISE),
    frame.Route("GET", "/supervisor/second-approvals", seconds_page, Permission.SUPERVISE),
    frame.Route("GET", "/supervisor/waiting", waiting_page, Permission.SUPERVISE),
]
