"""Closing a case: everything that is open, a decision for each, then it is closed; and follow-up afterwards."""

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, cast
from uuid import UUID

from aiohttp import web
from pydantic import Field, create_model

from exchange.core import closing as rule
from exchange.core.access import ON_THE_TEAM, Permission
from exchange.core.closing import Open, What, Word
from exchange.core.diary import LONGEST, Diary
from exchange.steps import closing
from exchange.steps.closing import FOLLOW_UP, Closing, name_of
from exchange.store.read import CaseView, case_view, diary_of
from exchange.web import frame
from exchange.web.console import closing_words, words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, is_supervisor, service_of
from exchange.web.frame import N_
from exchange.web.frame.state import SITE

KEPT = frame.notice("closing-decided", N_("Kept. Nothing has moved yet: it happens when the case is closed."))
CLOSED = frame.notice("case-closed", N_("The case is closed. Nothing can be shared in it any more."))
FOLLOWED = frame.notice("follow-up-written", N_("Recorded."))


class Close(frame.Form):
    """When somebody asks how people are."""

    until: date | None = None


class FollowUp(frame.Form):
    """How they are, and whether to ask once more."""

    value: str = ""
    words: str = Field(default="", max_length=LONGEST)
    until: date | None = None
    sentences: ClassVar = {"value": N_("Choose one of the answers")}


async def page(request: web.Request) -> web.StreamResponse:
    """What is open, and what was decided about it."""
    found = await _found(request)
    known = {name_of(one): made.word.value for one in found.found if (made := _standing(found, one))}
    return await _page(request, frame.blank(**known), 200)


async def decide(request: web.Request) -> web.StreamResponse:
    """Keep what was chosen; what was left open stays open."""
    found = await _found(request)
    named = {name_of(one): (one.what, one.about) for one in found.found}
    fields: dict[str, Any] = dict.fromkeys(named, (str, ""))
    model = cast("type[frame.Form]", create_model("Decisions", __base__=frame.Form, **fields))

    async def act(form: frame.Form) -> web.StreamResponse:
        given = {name: text for name, text in form.model_dump().items() if text in set(Word)}
        chosen = {named[name]: Word(text) for name, text in given.items()}
        await closing.decide(service_of(request), actor_of(request), id_of(request, "case"), chosen)
        return frame.see_other(request, f"/cases/{id_of(request, 'case')}/closing", done=KEPT)

    return await asked(request, model, _page, act)


async def close(request: web.Request) -> web.StreamResponse:
    """Close it, when nothing is undecided."""

    async def act(form: Close) -> web.StreamResponse:
        case = id_of(request, "case")
        due = _start_of(request, form.until)
        await closing.close(service_of(request), actor_of(request), case, follow_up=due)
        return frame.see_other(request, f"/cases/{case}", done=CLOSED)

    return await asked(request, Close, _page, act, at="closing")


async def follow_up_page(request: web.Request) -> web.StreamResponse:
    """How people are after closing."""
    return await _follow_up_page(request, frame.blank(), 200)


async def follow_up(request: web.Request) -> web.StreamResponse:
    """Write it down; with that it is done, or asked again on another day."""

    async def act(form: FollowUp) -> web.StreamResponse:
        case, again = id_of(request, "case"), _start_of(request, form.until)
        service, actor = service_of(request), actor_of(request)
        await closing.follow_up(service, actor, case, value=form.value, words=form.words, again=again)
        return frame.see_other(request, f"/cases/{case}", done=FOLLOWED)

    return await asked(request, FollowUp, _follow_up_page, act, at="value")


async def _found(request: web.Request) -> Closing:
    return await closing.read(service_of(request), actor_of(request), id_of(request, "case"))


def _standing(found: Closing, one: Open) -> rule.Made | None:
    """The decision that still counts for it, "to be shared first" too."""
    made = found.made.get((one.what, one.about))
    return made if made and made.state == one.state and made.word in rule.choices(one) else None


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await case_view(service_of(request), actor_of(request), id_of(request, "case"))
    found = await _found(request)
    team = view.relation in ON_THE_TEAM
    if not form.value("until-day") and view.policy.follow_up_days:
        due = datetime.now(request.app[SITE].zone).date() + timedelta(days=view.policy.follow_up_days)
        form.entered |= {"until-day": [str(due.day)], "until-month": [str(due.month)], "until-year": [str(due.year)]}
    context = {
        "form": form,
        "case": view.case,
        "things": [_thing(view, one, team=team, standing=_standing(found, one)) for one in found.found],
        "left": len(found.unsettled),
        "may_decide": view.case.state == "open" and (team or is_supervisor(request)),
        "may_close": view.case.state == "open" and is_supervisor(request),
        "asks_follow_up": view.policy.follow_up_days is not None,
    }
    return frame.render(request, "console/closing.html", context, status=status)


def _thing(view: CaseView, one: Open, *, team: bool, standing: rule.Made | None) -> dict[str, Any]:
    """One line: what it is, where it is, what may be decided by whoever looks."""
    may = [word for word in rule.choices(one) if team or not rule.for_the_team(one, word)]
    return {
        "name": name_of(one),
        "title": _title(view, one),
        "why": words.said(closing_words.WHY, one.what),
        "href": _place(view, one),
        "choices": [(word.value, closing_words.word(one.what, word)) for word in may],
        "elsewhere": not rule.choices(one),
        "decided": closing_words.word(one.what, standing.word) if standing else "",
        "first": bool(standing and standing.word is Word.SHARE),
    }


def _title(view: CaseView, one: Open) -> str:
    row = next((row for row in view.messages if row.id == one.about), None)
    if row is not None:
        who = f"{view.forms.get(row.author_id, '')} → {view.forms.get(row.recipient_id, '')}"
        told = words.said(closing_words.TITLES, one.what)
        return f"{told}: {words.kind_of(row)} {row.reference}, {who} – {words.said(words.STATE_NEEDS, row.state)}"
    told = words.said(words.TASKS, one.state) if one.what is What.TASK else words.said(closing_words.TITLES, one.what)
    name = view.forms.get(_person(view, one) or one.about, "")
    return f"{told}: {name}" if name else told


def _person(view: CaseView, one: Open) -> UUID | None:
    task = next((task for task in view.tasks if task.id == one.about), None)
    return task.participant_id if task is not None else None


def _place(view: CaseView, one: Open) -> str:
    """The page on which it can be seen, or ended."""
    case = f"/cases/{view.case.id}"
    places = {
        What.HOLD: f"{case}/facts/hold", What.PAUSE: f"{case}/facts/pause", What.ORDER: f"{case}/facts/contact_order",
        What.LEGAL_HOLD: f"{case}/legal-hold", What.OUTCOME: f"{case}/diary/outcome", What.TASK: f"/tasks/{one.about}",
        What.TALK: f"/people/{one.about}/diary/closing_talk", What.CONSENT: f"/people/{one.about}",
        What.APPEAL: f"/messages/{one.about}/appeal", What.COPY: f"/copies/{one.about}",
        What.MESSAGE: f"/messages/{one.about}", What.CONCERN: f"/messages/{one.about}",
    }  # fmt: skip
    return places.get(one.what, case)


async def _follow_up_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, actor = service_of(request), actor_of(request)
    view = await case_view(service, actor, id_of(request, "case"))
    values = words.DIARY_VALUES[Diary.FOLLOW_UP]
    history = await diary_of(service, actor, view.case.id, kinds=frozenset({Diary.FOLLOW_UP}))
    context = {
        "form": form,
        "case": view.case,
        "people": [(person.id, view.forms[person.id]) for person in view.people],
        "inside": view.relation in ON_THE_TEAM,
        "values": words.choices(values),
        "may_write": view.relation in ON_THE_TEAM and view.case.state == "closed",
        "due": next((task.due_at for task in view.tasks if task.kind == FOLLOW_UP), None),
        "history": [(one, words.said(values, one.value)) for one in history],
    }
    return frame.render(request, "console/follow_up.html", context, status=status)


def _start_of(request: web.Request, day: date | None) -> datetime | None:
    """The morning of that day in the service's zone."""
    return datetime.combine(day, time(8), request.app[SITE].zone) if day else None


ROUTES = [
    frame.Route("GET", "/cases/{case}/closing", page, Permission.CASE_SEE),
    frame.Route("POST", "/cases/{case}/closing", decide, Permission.CASE_SETTLE),
    frame.Route("POST", "/cases/{case}/closing/close", close, Permission.CASE_CLOSE),
    frame.Route("GET", "/cases/{case}/follow-up", follow_up_page, Permission.CASE_SEE),
    frame.Route("POST", "/cases/{case}/follow-up", follow_up, Permission.FACT),
]
