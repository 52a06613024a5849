"""What a person decided about taking part and being asked: which words, how, and when (rule 5)."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import ConsentKind, Method
from exchange.steps import consent, wordings
from exchange.steps.consent import Said
from exchange.store.read import person_view
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.facts import back_or
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

RECORDED = frame.notice("consent-recorded", N_("The decision was recorded."))
KINDS = (ConsentKind.TAKE_PART, ConsentKind.BE_ASKED, ConsentKind.DISCLOSE)
METHODS = (Method.IN_PERSON, Method.PHONE, Method.WRITING, Method.PAPER)
QUESTIONS: dict[ConsentKind, str] = {
    ConsentKind.TAKE_PART: N_("Do they agree to take part?"),
    ConsentKind.BE_ASKED: N_("Do they agree to be told when something is there for them?"),
    ConsentKind.DISCLOSE: N_("Do they agree that this one thing is passed on?"),
}


class Decision(frame.Form):
    """Yes or no, how it was said, and with which wording."""

    given: Literal["yes", "no"]
    method: Literal["in_person", "phone", "writing", "paper"]
    wording: str = Field(max_length=40)
    language: str = Field(default="", max_length=5)
    note: str = Field(default="", max_length=4000)
    back: str = ""
    sentences: ClassVar = {
        "given": N_("Choose what they decided"),
        "method": N_("Choose how they told you"),
    }


async def page(request: web.Request) -> web.StreamResponse:
    """The words to read out, and what they said."""
    back = back_or(request.query.get("back", ""), "") or None
    return await _page(request, frame.blank(back=back), 200)


async def record(request: web.Request) -> web.StreamResponse:
    """Record it; a no is a decision too, and can change."""
    kind, person = _kind(request), id_of(request, "person")

    async def act(form: Decision) -> web.StreamResponse:
        said = Said(Method(form.method), form.wording, form.language, form.note)
        await consent.record(service_of(request), actor_of(request), person, kind, form.given == "yes", said)
        return frame.see_other(request, back_or(form.back, f"/people/{person}"), done=RECORDED)

    return await asked(request, Decision, _page, act)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    kind = _kind(request)
    view = await person_view(service_of(request), actor_of(request), id_of(request, "person"))
    text = await wordings.in_use(service_of(request), kind, view.person.language)
    context = {
        "form": form,
        "view": view,
        "kind": kind,
        "title": words.said(words.CONSENTS, kind),
        "question": frame.gettext(QUESTIONS[kind]),
        "wording": text,
        "methods": [(m.value, words.said(words.METHODS, m)) for m in METHODS],
        "earlier": [(row, words.said(words.METHODS, row.method)) for row in view.consents if row.kind == kind],
    }
    return frame.render(request, "console/consent.html", context, status=status)


def _kind(request: web.Request) -> ConsentKind:
    untrusted = request.match_info["kind"]
    found = next((kind for kind in KINDS if kind.value == untrusted), None)
    if found is None:
        raise NotFound
    return found


ROUTES = [
    frame.Route("GET", "/people/{person}/consents/{kind}", page, Permission.CONSENT),
    frame.Route("POST", "/people/{person}/consents/{kind}", record, Permission.CONSENT),
]
