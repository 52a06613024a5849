"""What was passed on of a case to somebody outside, and on what basis (rule 15)."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.disclosure import Disclosure
from exchange.core.model import ConsentKind
from exchange.steps import disclosure
from exchange.store.read import case_view
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, as_id, id_of, service_of
from exchange.web.frame import N_

RECORDED = frame.notice("disclosure-recorded", N_("What was passed on is recorded."))
KINDS: dict[str, str] = {
    "police": N_("The police"),
    "court": N_("A civil or family court, or an inquest"),
    "safeguarding": N_("To protect somebody"),
    "health": N_("Care of somebody's health"),
    "regulator": N_("A regulator"),
    "other": N_("Something else"),
    "sentencing": N_("A sentence"),
    "parole": N_("Parole"),
}
BASES: dict[str, str] = {
    "consents": N_("Everybody whom it is about has agreed to this one"),
    "legal_duty": N_("A law or an order demands it"),
}


class NewDisclosure(frame.Form):
    """What, to whom, about whom, and what allows it."""

    kind: str
    authority: str = Field(max_length=1000)
    what: str = Field(max_length=4000)
    concerned: list[str] = Field(default_factory=list, max_length=20)
    basis: str
    duty: str = Field(default="", max_length=2000)
    sentences: ClassVar = {
        "kind": N_("Choose what it is for."),
        "authority": N_("Write down which authority it goes to, and who there."),
        "what": N_("Write down what was passed on."),
        "basis": N_("Choose what allows it."),
    }


async def page(request: web.Request) -> web.StreamResponse:
    """What was passed on before, and the form."""
    return await _page(request, frame.blank(), 200)


async def record(request: web.Request) -> web.StreamResponse:
    """Record one."""
    case = id_of(request, "case")

    async def act(form: NewDisclosure) -> web.StreamResponse:
        told = form.model_dump() | {"concerned": tuple(as_id(one) for one in form.concerned)}
        await disclosure.record(service_of(request), actor_of(request), case, Disclosure(**told))
        return frame.see_other(request, f"/cases/{case}/disclosures", done=RECORDED)

    return await asked(request, NewDisclosure, _page, act, at="kind")


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")
    found = await disclosure.of_case(service, actor, case)
    view = await case_view(service, actor, case)
    agreed = {person.id: row for person in view.people if (row := view.consents[person.id].get(ConsentKind.DISCLOSE))}
    context = {
        "form": form,
        "case": view.case,
        "found": [(one, words.said(KINDS, one.row.kind), words.said(BASES, one.row.basis)) for one in found],
        "kinds": words.choices(KINDS),
        "bases": words.choices(BASES),
        "people": [(str(person.id), view.names[person.id]) for person in view.people],
        "asked": [(person, view.names[person.id], agreed.get(person.id)) for person in view.people],
    }
    return frame.render(request, "console/disclosures.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/cases/{case}/disclosures", page, Permission.PERSON_SEE),
    frame.Route("POST", "/cases/{case}/disclosures", record, Permission.DISCLOSE),
]
