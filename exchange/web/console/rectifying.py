"""What somebody says is wrong about them, and what came of it."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.steps import rectification
from exchange.steps.rectification import Wrong
from exchange.store.read import case_of
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

ASKED = frame.notice("wrong-asked", N_("It is written down. Answer it within a month."))
ANSWERED = frame.notice("wrong-answered", N_("The answer is kept beside it."))
SAY = N_("Write down what they say is wrong, and what is right.")
STANDS = N_("Write down what stands now, or on what you do not agree.")
ABOUTS: dict[str, str] = {
    "details": N_("Who they are"),
    "contact": N_("How to reach them"),
    "situation": N_("How things stand for them"),
    "decision": N_("Something they decided"),
    "message": N_("Something they gave us"),
    "other": N_("Something else"),
}
OUTCOMES: dict[str, str] = {
    "corrected": N_("It was wrong: it is put right"),
    "note": N_("We do not agree, or cannot tell: what they say stands beside it"),
}


class Said(frame.Form):
    """What is wrong, in their words."""

    about: str
    said: str = Field(max_length=4000)
    sentences: ClassVar = {"about": N_("Choose what it is about."), "said": SAY}


class Answer(frame.Form):
    """What comes of it."""

    outcome: str
    words: str = Field(max_length=4000)
    sentences: ClassVar = {"outcome": N_("Choose what comes of it."), "words": STANDS}


async def page(request: web.Request) -> web.StreamResponse:
    """What they said before, and the form."""
    return await _page(request, frame.blank(), 200)


async def ask(request: web.Request) -> web.StreamResponse:
    """Write it down."""
    person = id_of(request, "person")

    async def act(form: Said) -> web.StreamResponse:
        await rectification.ask(service_of(request), actor_of(request), person, form.about, form.said)
        return frame.see_other(request, f"/people/{person}/corrections", done=ASKED)

    return await asked(request, Said, _page, act, at="said")


async def answer_page(request: web.Request) -> web.StreamResponse:
    """One of them, and the question what comes of it."""
    return await _answer_page(request, frame.blank(), 200)


async def answer(request: web.Request) -> web.StreamResponse:
    """End it."""
    wrong, person = id_of(request, "wrong"), id_of(request, "person")
    await _one(request)

    async def act(form: Answer) -> web.StreamResponse:
        await rectification.answer(service_of(request), actor_of(request), wrong, form.outcome, form.words)
        return frame.see_other(request, f"/people/{person}/corrections", done=ANSWERED)

    return await asked(request, Answer, _answer_page, act, at="words")


async def _found(request: web.Request) -> list[Wrong]:
    return await rectification.of_person(service_of(request), actor_of(request), id_of(request, "person"))


async def _one(request: web.Request) -> Wrong:
    wrong = id_of(request, "wrong")
    found = next((one for one in await _found(request) if one.row.id == wrong and one.row.outcome is None), None)
    if found is None:
        raise NotFound
    return found


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    person = id_of(request, "person")
    rows = [
        (one, words.said(ABOUTS, one.row.about), words.said(OUTCOMES, one.row.outcome) if one.row.outcome else "")
        for one in await _found(request)
    ]
    case = await case_of(service_of(request), actor_of(request), person)
    context = {"form": form, "person": person, "case": case, "rows": rows, "abouts": words.choices(ABOUTS)}
    return frame.render(request, "console/corrections.html", context, status=status)


async def _answer_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    one = await _one(request)
    context = {
        "form": form,
        "one": one,
        "about": words.said(ABOUTS, one.row.about),
        "outcomes": words.choices(OUTCOMES),
        "place": f"/people/{one.row.participant_id}/corrections",
    }
    return frame.render(request, "console/correction.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/people/{person}/corrections", page, Permission.CASE_CHANGE),
    frame.Route("POST", "/people/{person}/corrections", ask, Permission.CASE_CHANGE),
    frame.Route("GET", "/people/{person}/corrections/{wrong}", answer_page, Permission.CASE_CHANGE),
    frame.Route("POST", "/people/{person}/corrections/{wrong}", answer, Permission.CASE_CHANGE),
]
