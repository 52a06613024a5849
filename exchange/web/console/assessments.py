"""Risk assessments of a case: which there were, one as it was made, and making the next with the service's form."""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from aiohttp import web
from pydantic import Field, create_model

from exchange.core import assessment
from exchange.core.access import ON_THE_TEAM, Permission
from exchange.core.assessment import Asked, Kind
from exchange.core.errors import BadInput, NotAllowed
from exchange.core.model import FactKind
from exchange.steps import assessing, assessment_form
from exchange.steps.assessment_form import Version
from exchange.store.read import CaseView, assessment_view, assessments_of, case_view
from exchange.store.unit import reading
from exchange.web import frame
from exchange.web.console import fact_words, words
from exchange.web.console.asking import asked
from exchange.web.console.facts import back_or
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext
from exchange.web.frame.i18n import current_language
from exchange.web.frame.state import SITE

MADE = frame.notice("assessment-made", N_("The risk assessment is recorded."))
YES_NO: dict[str, str] = {"yes": N_("Yes"), "no": N_("No"), "not_known": N_("We do not know")}
LEVELS: dict[str, str] = {
    "none": N_("Not at all"),
    "low": N_("Hardly"),
    "medium": N_("It may be"),
    "high": N_("Very"),
    "not_known": N_("We do not know"),
}
FIXED: dict[Kind, dict[str, str]] = {Kind.YES_NO: YES_NO, Kind.LEVEL: LEVELS}
WRONG: dict[str, str] = {
    "needed": N_("Answer this question: %(question)s"),
    "choose": N_("Choose one of the answers: %(question)s"),
    "too_long": N_("This is too long. Keep to what matters: %(question)s"),
}
VALUES = fact_words.VALUES[FactKind.ASSESSMENT]


async def list_page(request: web.Request) -> web.StreamResponse:
    """All of a case, the newest first."""
    view = await case_view(service_of(request), actor_of(request), id_of(request, "case"))
    found = await assessments_of(service_of(request), actor_of(request), view.case.id)
    context = {
        "case": view.case,
        "inside": view.relation in ON_THE_TEAM,
        "may_write": view.relation in ON_THE_TEAM and view.case.state == "open",
        "until": view.assessment_until,
        "rows": [(row, words.said(VALUES, row.value), found.staff.get(row.recorded_by, "")) for row in found.rows],
    }
    return frame.render(request, "console/assessments.html", context)


async def page(request: web.Request) -> web.StreamResponse:
    """One as it was made, in the page's language where it was asked in that too."""
    view, language = (
        await assessment_view(service_of(request), actor_of(request), id_of(request, "assessment")),
        current_language(),
    )
    parts = [
        (
            name,
            [(_in(section.title), [(one.words(language), _said(one)) for one in told]) for section, told in sections],
        )
        for name, sections in view.parts
    ]
    context = {"view": view, "case": view.case, "value": words.said(VALUES, view.row.value), "parts": parts}
    return frame.render(request, "console/assessment.html", context)


async def new_page(request: web.Request) -> web.StreamResponse:
    """The form, for the team."""
    view = await _view(request)
    if view.relation not in ON_THE_TEAM:
        raise NotAllowed
    days = view.policy.assessment_days
    until = datetime.now(request.app[SITE].zone).date() + timedelta(days=days)
    due = {"until-day": until.day, "until-month": until.month, "until-year": until.year}
    back = back_or(request.query.get("back", ""), "") or None
    return await _page(request, frame.blank(**due, back=back), 200)


async def make(request: web.Request) -> web.StreamResponse:
    """Record it."""
    view, used = await _view(request), await _form(request)
    people = _people(view)

    async def act(form: frame.Form) -> web.StreamResponse:
        given = form.model_dump()
        answers = {one.name: str(given[one.name]) for one in assessment.asked(used.form, people)}
        made = {"value": given["value"], "why": given["why"], "until": _end_of(request, given["until"])}
        number = int(given["version"]) if given["version"].isdigit() and len(given["version"]) < 9 else -1
        service, actor = service_of(request), actor_of(request)
        found = assessment.wrong(used.form, people, answers)
        if found and number == used.number:
            return await _page(request, await _again(request, found, _titles(view, used)), 422)
        await assessing.assess(service, actor, view.case.id, version=number, answers=answers, **made)
        return frame.see_other(request, back_or(given["back"], f"/cases/{view.case.id}"), done=MADE)

    return await asked(request, _model(used, people), _page, act, at="value")


async def _again(request: web.Request, found: dict[str, str], titles: dict[str, str]) -> frame.ErrorSummary:
    """The form as it was entered, with everything that is wrong; each line says which question it is about."""
    form = await frame.entered(request, BadInput())
    form.errors[:] = [(name, gettext(WRONG[code]) % {"question": titles[name]}) for name, code in found.items()]
    return form


def _titles(view: CaseView, used: Version) -> dict[str, str]:
    """The words of each question by its field, with whom it is about."""
    return {
        one.name: _in(one.question.words) + (f" – {view.forms[one.person]}" if one.person else "")
        for one in assessment.asked(used.form, _people(view))
    }


def _model(used: Version, people: tuple[UUID, ...]) -> type[frame.Form]:
    """The form as a page sends it: a field per question, and what follows from it."""
    answer = Field(default="", max_length=assessment.LONGEST_ANSWER)
    fields: dict[str, Any] = {one.name: (str, answer) for one in assessment.asked(used.form, people)}
    fields |= {
        "value": (str, ""),
        "why": (str, Field(default="", max_length=assessing.LONGEST)),
        "until": (date | None, None),
        "version": (str, ""),
        "back": (str, ""),
    }
    return cast("type[frame.Form]", create_model("Assessment", __base__=frame.Form, **fields))


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view, used = await _view(request), await _form(request)
    people = _people(view)
    parts = [
        (_in(section.title), view.forms[person] if person else "", [_field(one) for one in questions])
        for (section, person), questions in groupby(
            assessment.asked(used.form, people), lambda one: (one.section, one.person)
        )
    ]
    context = {
        "form": form,
        "case": view.case,
        "version": used.number,
        "days": view.policy.assessment_days,
        "parts": parts,
        "values": words.choices(VALUES),
    }
    return frame.render(request, "console/assessment_new.html", context, status=status)


def _field(one: Asked) -> dict[str, Any]:
    """A question as the page shows it: no choices for free text."""
    fixed = FIXED.get(one.question.kind, {})
    own = [(str(number), _in(choice)) for number, choice in enumerate(one.question.choices, 1)]
    choices = [(code, gettext(text)) for code, text in fixed.items()] or own
    return {"name": one.name, "words": _in(one.question.words), "choices": choices, "needed": one.question.needed}


def _said(one: assessment.Answered) -> str:
    fixed = FIXED.get(one.question.kind, {})
    return words.said(fixed, one.answer) if one.answer in fixed else one.said(current_language())


def _in(texts: assessment.Words) -> str:
    return texts.get(current_language()) or texts["en"]


def _people(view: CaseView) -> tuple[UUID, ...]:
    return tuple(one.id for one in sorted(view.people, key=lambda one: (one.created_at, one.id)))


async def _view(request: web.Request) -> CaseView:
    return await case_view(service_of(request), actor_of(request), id_of(request, "case"))


async def _form(request: web.Request) -> Version:
    async with reading(service_of(request)) as conn:
        return await assessment_form.in_use(conn)


def _end_of(request: web.Request, day: date | None) -> datetime | None:
    """The end of that day in the service's zone."""
    return datetime.combine(day + timedelta(days=1), time(), request.app[SITE].zone) if day else None


ROUTES = [
    frame.Route("GET", "/cases/{case}/assessments", list_page, Permission.CASE_SEE),
    frame.Route("GET", "/cases/{case}/assessments/new", new_page, Permission.FACT),
    frame.Route("POST", "/cases/{case}/assessments/new", make, Permission.FACT),
    frame.Route("GET", "/assessments/{assessment}", page, Permission.PERSON_SEE),
]
