"""Cases put in as a table: what would happen, line by line, and then all of it or nothing.

Between the two pages nothing is kept here: the table goes to the browser with what was found, and comes back from
there to be read anew.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections import Counter
from typing import Any

from aiohttp import web

from exchange.core import case_table
from exchange.core.access import Permission
from exchange.core.case_table import SENTENCES
from exchange.core.csv_table import MOST_BYTES
from exchange.core.errors import BadInput, TooLarge
from exchange.core.model import Side
from exchange.steps import importing
from exchange.steps.importing import Plan, Planned, TableHasMistakes
from exchange.web import frame
from exchange.web.attachment import named
from exchange.web.console import words
from exchange.web.console.messages.arriving import one_file
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_, gettext

DONE = frame.notice("cases-imported", N_("The cases of the table are open. Each facilitator sees theirs."))
MOST_SHOWN = 500
_AS_TEXT = MOST_BYTES * 4 // 3 + 4
_SENT_BACK = 3 * _AS_TEXT
"""In a form every character may take three."""


class Confirmed(frame.Form):
    """The table that was looked at, as the page gave it to the browser."""

    table: str


async def page(request: web.Request) -> web.StreamResponse:
    """What a table looks like, and where to put one in."""
    return _page(request, frame.blank(), 200)


async def template(_request: web.Request) -> web.StreamResponse:
    """The table to begin with."""
    headers = named("cases-template.csv")
    return web.Response(text=case_table.template(), content_type="text/csv", charset="utf-8", headers=headers)


async def look(request: web.Request) -> web.StreamResponse:
    """What would happen; nothing does."""
    try:
        untrusted = await _file(request)
    except BadInput as error:
        return _page(request, frame.blank().add("file", str(error)), error.status)
    return await _found(request, untrusted)


async def carry_out(request: web.Request) -> web.StreamResponse:
    """Open the cases; where something is wrong by now, the page says what, and nothing was done."""
    form = await frame.parse(request, Confirmed)
    if isinstance(form, frame.ErrorSummary):
        return _page(request, frame.blank().add("file", N_("Choose a file first.")), 422)
    try:
        untrusted = b64decode(form.table, altchars=b"-_", validate=True)
    except NotBase64:
        raise BadInput from None
    try:
        await importing.carry_out(service_of(request), actor_of(request), untrusted)
    except TableHasMistakes:
        return await _found(request, untrusted)
    return frame.see_other(request, "/cases?show=all", done=DONE)


async def _found(request: web.Request, untrusted: bytes) -> web.Response:
    plan = await importing.plan(service_of(request), actor_of(request), untrusted)
    context = {
        "problems": [_problem(one) for one in plan.problems[:MOST_SHOWN]],
        "problems_in_all": len(plan.problems),
        "cases": [_line(one) for one in plan.cases[:MOST_SHOWN]],
        "more": max(0, len(plan.cases) - MOST_SHOWN),
        "new": len(plan.new),
        "there": len(plan.cases) - len(plan.new),
        "table": b64encode(untrusted, altchars=b"-_").decode() if _usable(plan) else "",
    }
    return frame.render(request, "console/import_found.html", context, status=422 if plan.problems else 200)


def _usable(plan: Plan) -> bool:
    return bool(plan.new) and not plan.problems


def _problem(one: Any) -> dict[str, Any]:
    return {"line": one.line, "column": one.column, "sentence": gettext(SENTENCES[one.code])}


def _line(one: Planned) -> dict[str, Any]:
    sides = Counter(person.side for person in one.case.people)
    return {
        "line": one.case.line,
        "reference": one.case.reference,
        "type": words.said(words.TYPES, one.case.type),
        "facilitator": one.facilitator,
        "people": [(words.said(words.SIDES, side), sides[side]) for side in Side if sides[side]],
        "there": one.there,
    }


async def _file(request: web.Request) -> bytes:
    """The file of the form, whole; BadInput where none was chosen, TooLarge for more than a table can be."""
    return (await one_file(request, MOST_BYTES, missing="Choose a file first.", too_large=TooLarge()))[0]


def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    columns = [(name, name in case_table.NEEDED, gettext(COLUMNS[name])) for name in case_table.COLUMNS]
    return frame.render(request, "console/import_cases.html", {"form": form, "columns": columns}, status=status)


COLUMNS: dict[str, str] = {
    "reference": N_("The case's reference, such as RJ-2026-014. Lines with the same reference are one case."),
    "kind": N_("general, serious, gender_violence, young or custody. Only on the case's first line."),
    "facilitator": N_("The sign-in name of whoever leads the case. Only on the case's first line."),
    "side": N_("harmed or responsible"),
    "name": N_("The person's full name"),
    "form_of_name": N_("The name that the other person may see"),
    "language": N_("en or cy; empty for English"),
    "contact_means": N_("How to reach them safely: email, text, phone, in_person, post or print"),
    "contact_address": N_("The address or number"),
    "contact_hours": N_("When it is safe"),
    "contact_words": N_("What may be said"),
    "who_may_answer": N_("Who may answer"),
    "needs": N_("Access needs, such as large print"),
    "custody": N_("yes if they are in prison"),
    "date_of_birth": N_("Of somebody under 18, such as 2010-03-27. Only the day they become 18 is kept."),
}
"""What belongs into each column."""

ROUTES = [
    frame.Route("GET", "/cases/import", page, Permission.CASE_IMPORT),
    frame.Route("GET", "/cases/import/template", template, Permission.CASE_IMPORT),
    frame.Route("POST", "/cases/import", look, Permission.CASE_IMPORT, csrf=frame.Csrf.HANDLER),
    frame.Route("POST", "/cases/import/confirm", carry_out, Permission.CASE_IMPORT, max_body=_SENT_BACK),
]
