"""The exchange as one thread over months: what answers what, where it stands, which questions are open."""

from typing import Any
from uuid import UUID

from aiohttp import web

from exchange.core.access import ON_THE_TEAM, Permission
from exchange.core.errors import NotFound
from exchange.store.read import thread_view
from exchange.store.read.thread import Line, ThreadView
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

STEPS: dict[str, str] = {
    "approved_at": N_("Approved"),
    "shared_at": N_("The author agreed to share"),
    "offered_at": N_("Offered"),
    "released_at": N_("Handed over"),
}


async def page(request: web.Request) -> web.StreamResponse:
    """GET /cases/{case}/thread?of=person: of the case, or of one person in it."""
    case = id_of(request, "case")
    view = await thread_view(service_of(request), actor_of(request), case, _person(request))
    context = {
        "case": view.case,
        "people": list(view.forms.items()),
        "person": view.person,
        "whose": view.forms.get(view.person, "") if view.person else "",
        "lines": [_line(view, one) for one in view.lines],
        "questions": [_question(view, row) for row in view.questions] if view.person is None else [],
        "may_invite": view.relation in ON_THE_TEAM and view.case.state == "open",
    }
    return frame.render(request, "console/thread.html", context)


def _person(request: web.Request) -> UUID | None:
    untrusted = request.query.get("of", "")
    try:
        return UUID(untrusted) if untrusted else None
    except ValueError:
        raise NotFound from None


def _line(view: ThreadView, one: Line) -> dict[str, Any]:
    row = one.message
    known = {each.message.id: each.message for each in view.lines}
    asked = known.get(row.answers_id)
    return {
        "sender": view.forms.get(row.author_id, ""),
        "recipient": view.forms.get(row.recipient_id, ""),
        "kind_words": words.kind_of(row),
        "state": row.state,
        "reference": row.reference,
        "since": None,
        "href": f"/messages/{row.id}",
        "created_at": row.created_at,
        "asked": (asked.reference, words.kind_of(asked), asked.id) if asked else None,
        "answers": [(each.reference, words.kind_of(each), each.id) for each in view.answers.get(row.id, ())],
        "steps": [(frame.gettext(text), getattr(one, name)) for name, text in STEPS.items() if getattr(one, name)],
    }


def _question(view: ThreadView, row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "sender": view.forms.get(row.author_id, ""),
        "recipient": view.forms.get(row.recipient_id, ""),
        "invite": f"/cases/{view.case.id}/invite?author={row.recipient_id}&answers={row.id}",
    }


ROUTES = [frame.Route("GET", "/cases/{case}/thread", page, Permission.CASE_SEE)]
