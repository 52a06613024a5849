"""Cases: find one, open one, and the whole story of one."""

from aiohttp import web

from exchange.core.access import Permission
from exchange.store.read import case_list
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.session import actor_of, is_supervisor, service_of

SHOWN = ("mine", "cover", "all")


async def cases_page(request: web.Request) -> web.StreamResponse:
    """The list: mine, what I cover, all that I may see; a search by reference."""
    show = request.query.get("show", "all" if is_supervisor(request) else "mine")
    search = request.query.get("search", "")[:40]
    show = show if show in SHOWN else "mine"
    rows = await case_list(service_of(request), actor_of(request), show=show, search=search)
    shown = [
        {
            "case": row,
            "type": words.said(words.TYPES, row.type),
            "people": [(words.said(words.SIDES, side), name) for side, name in row.people],
        }
        for row in rows
    ]
    return frame.render(request, "console/cases.html", {"rows": shown, "show": show, "search": search})


ROUTES = [
    frame.Route("GET", "/cases", cases_page, Permission.CASE_LIST),
]
