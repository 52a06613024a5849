"""The ground rules of an exchange: what was agreed, who agreed, and writing them anew in both languages."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.ground_rules import Rules
from exchange.core.model import Method
from exchange.steps import dialogue
from exchange.store.read import CaseView, case_view
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

WRITTEN = frame.notice("rules-written", N_("These are the ground rules now. Each person is asked to agree to them."))
AGREED = frame.notice("rules-agreed", N_("Recorded: they agree to the ground rules."))


class NewRules(frame.Form):
    """A line each, in each language."""

    en: str = Field(default="", max_length=5000)
    cy: str = Field(default="", max_length=5000)


class Agreement(frame.Form):
    """Who agreed to which rules, and how they said so."""

    person: UUID
    rules: UUID
    method: Literal["paper", "in_person", "phone", "writing"]
    sentences: ClassVar = {"person": N_("Choose who agreed"), "method": N_("Choose how they told you")}


async def page(request: web.Request) -> web.StreamResponse:
    """What stands, and the forms."""
    return await _page(request, frame.blank(), 200)


async def write(request: web.Request) -> web.StreamResponse:
    """New ones, or the first."""

    async def act(form: NewRules) -> web.StreamResponse:
        case = id_of(request, "case")
        rules = Rules(tuple(form.en.splitlines()), tuple(form.cy.splitlines()))
        await dialogue.write(service_of(request), actor_of(request), case, rules)
        return frame.see_other(request, f"/cases/{case}/ground-rules", done=WRITTEN)

    return await asked(request, NewRules, _page, act, at="en")


async def agree(request: web.Request) -> web.StreamResponse:
    """Somebody told the facilitator that they agree."""

    async def act(form: Agreement) -> web.StreamResponse:
        service, actor, case = service_of(request), actor_of(request), id_of(request, "case")
        await dialogue.record(service, actor, form.person, form.rules, Method(form.method))
        return frame.see_other(request, f"/cases/{case}/ground-rules", done=AGREED)

    return await asked(request, Agreement, _page, act, at="person")


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")
    versions = await dialogue.read(service, actor, case)
    view = await case_view(service, actor, case)
    newest, begin = (versions[0] if versions else None), dialogue.template()
    if not form.entered:
        shown = newest.rules if newest else begin
        form = frame.ErrorSummary({"en": ["\n".join(shown.en)], "cy": ["\n".join(shown.cy)]}, form.errors)
    context = {
        "form": form,
        "case": view.case,
        "newest": newest,
        "who": view.staff.get(newest.row.written_by, "") if newest else "",
        "earlier": [(one, view.staff.get(one.row.written_by, "")) for one in versions[1:]],
        "people": [_person(view, person, newest) for person in view.people],
        "methods": [(one.value, words.said(words.METHODS, one)) for one in dialogue.BY_STAFF],
        "may_write": access.may(actor, Permission.FACT, view.relation) and view.case.state == "open",
        "template": begin,
    }
    return frame.render(request, "console/ground_rules.html", context, status=status)


def _person(view: CaseView, person: Any, newest: dialogue.Version | None) -> dict[str, Any]:
    row = newest.agreed.get(person.id) if newest else None
    how = words.said(words.METHODS, row.method) if row else ""
    return {"id": person.id, "name": view.names[person.id], "row": row, "how": how}


ROUTES = [
    frame.Route("GET", "/cases/{case}/ground-rules", page, Permission.PERSON_SEE),
    frame.Route("POST", "/cases/{case}/ground-rules", write, Permission.FACT),
    frame.Route("POST", "/cases/{case}/ground-rules/agreed", agree, Permission.CONSENT),
]
