"""A page for every kind of entry in a case's diary: what is so, in the team's words, and what was written before."""

from typing import ClassVar
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import ON_THE_TEAM, Permission
from exchange.core.diary import BY_OTHERS, CASE_DIARY, LONGEST, PERSON_DIARY, REASONED, Diary
from exchange.core.errors import NotFound
from exchange.steps import diary
from exchange.store.read import case_of, case_view, diary_of
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext

WRITTEN = frame.notice("diary-written", N_("Recorded."))
WHY: dict[Diary, str] = {
    Diary.REFERRED: N_("Who asked for it to begin. It was written down when the referral became a case."),
    Diary.INVITING: N_(
        "Say why this person is invited to take part, or why not. It is kept, so that it can be understood."
    ),
    Diary.INFORMATION: N_(
        "They know what this is and is not, that it is voluntary, that they can stop at any time, who reads what they "
        "write, and when we must tell somebody."
    ),
    Diary.EXPECTATIONS: N_("What they hope for, what they fear, and what the other person may not be able to give."),
    Diary.NEEDS: N_("What helps them to take part: support, language, a calm place, time, reading and writing."),
    Diary.OWNING_UP: N_("How they speak of what they did and whom it harmed, in their own words, without excuses."),
    Diary.PLAN: N_("Who writes or records what, in which order, who is there, and what happens if it goes wrong."),
    Diary.CLOSING_TALK: N_("How it was for them, what they take with them, and where they turn if it comes back."),
    Diary.FOLLOW_UP: N_("How people are some time after the case was closed."),
    Diary.OUTCOME: N_("What came of it, for whom, and what is left open."),
}


class Entry(frame.Form):
    """What is so, and the words for it."""

    value: str = ""
    words: str = Field(default="", max_length=LONGEST)
    sentences: ClassVar = {"value": N_("Choose one of the answers")}


async def case_page(request: web.Request) -> web.StreamResponse:
    """About the case."""
    return await _page(request, id_of(request, "case"), _kind(request, CASE_DIARY), None, frame.blank(), 200)


async def write_case(request: web.Request) -> web.StreamResponse:
    """Write it."""
    return await _write(request, id_of(request, "case"), _kind(request, CASE_DIARY), None)


async def person_page(request: web.Request) -> web.StreamResponse:
    """About a person."""
    person, kind = id_of(request, "person"), _kind(request, PERSON_DIARY)
    case = await case_of(service_of(request), actor_of(request), person)
    return await _page(request, case, kind, person, frame.blank(), 200)


async def write_person(request: web.Request) -> web.StreamResponse:
    """Write it."""
    person, kind = id_of(request, "person"), _kind(request, PERSON_DIARY)
    case = await case_of(service_of(request), actor_of(request), person)
    return await _write(request, case, kind, person)


async def _write(request: web.Request, case: UUID, kind: Diary, person: UUID | None) -> web.StreamResponse:
    async def show(req: web.Request, form: frame.ErrorSummary, status: int) -> web.StreamResponse:
        return await _page(req, case, kind, person, form, status)

    async def act(form: Entry) -> web.StreamResponse:
        value = form.value or _only(kind)
        service, actor = service_of(request), actor_of(request)
        await diary.record(service, actor, case, kind, value, participant=person, words=form.words)
        return frame.see_other(request, f"/cases/{case}", done=WRITTEN)

    return await asked(request, Entry, show, act, at="value")


async def _page(
    request: web.Request, case: UUID, kind: Diary, person: UUID | None, form: frame.ErrorSummary, status: int
) -> web.Response:
    view = await case_view(service_of(request), actor_of(request), case)
    found = await diary_of(service_of(request), actor_of(request), case, kinds=frozenset({kind}))
    values = words.DIARY_VALUES[kind]
    context = {
        "form": form,
        "case": view.case,
        "form_of_name": view.forms[person] if person else "",
        "title": words.said(words.DIARY, kind),
        "why": gettext(WHY[kind]),
        "values": [] if _only(kind) else words.choices(values),
        "needs_words": kind in REASONED,
        "may_write": kind not in BY_OTHERS and view.relation in ON_THE_TEAM and view.case.state == "open",
        "history": [(one, words.said(values, one.value)) for one in found if one.participant_id == person],
    }
    return frame.render(request, "console/diary.html", context, status=status)


def _kind(request: web.Request, table: dict[Diary, tuple[str, ...]]) -> Diary:
    untrusted = request.match_info["kind"]
    found = next((kind for kind in table if kind.value == untrusted and kind in WHY), None)
    if found is None:
        raise NotFound
    return found


def _only(kind: Diary) -> str:
    """The value of a kind that has but one: only its words matter."""
    values = {**CASE_DIARY, **PERSON_DIARY}[kind]
    return values[0] if len(values) == 1 else ""


ROUTES = [
    frame.Route("GET", "/cases/{case}/diary/{kind}", case_page, Permission.CASE_SEE),
    frame.Route("POST", "/cases/{case}/diary/{kind}", write_case, Permission.FACT),
    frame.Route("GET", "/people/{person}/diary/{kind}", person_page, Permission.CASE_SEE),
    frame.Route("POST", "/people/{person}/diary/{kind}", write_person, Permission.FACT),
]
