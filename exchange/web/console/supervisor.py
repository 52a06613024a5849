"""Nothing waits unseen: per facilitator what waits and for how long; what needs a supervisor's word."""

from typing import Any

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.model import State
from exchange.core.waiting import WAITING
from exchange.store.read import case_workers, supervisor_items, waiting_decisions
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_

WAITS_FOR: dict[str, str] = {
    "team": N_("The team"),
    "author": N_("The author"),
    "recipient": N_("The recipient"),
    "service": N_("The service"),
    "supervisor": N_("A supervisor"),
}


async def page(request: web.Request) -> web.StreamResponse:
    """Decisions first, then everybody's list."""
    service, actor = service_of(request), actor_of(request)
    found = await supervisor_items(service, actor)
    decisions = await waiting_decisions(service, actor)
    names = dict(await case_workers(service, actor))
    people = [
        {"id": account, "name": name, "rows": [_row(row) for row in found.get(account, [])]}
        for account, name in names.items()
    ]
    context = {
        "people": people,
        "seconds": [(row, words.said(words.KINDS, row.kind)) for row in decisions.second_approvals],
        "tasks": [(row, words.said(words.TASKS, row.kind)) for row in decisions.tasks],
    }
    return frame.render(request, "console/supervisor.html", context)


def _row(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "kind": words.said(words.KINDS, row.kind),
        "waits_for": words.said(WAITS_FOR, WAITING[State(row.state)].owner),
        "part": words.said(words.PARTS, row.part),
    }


ROUTES = [frame.Route("GET", "/supervisor", page, Permission.SUPERVISE)]
