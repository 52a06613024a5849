"""The form of the risk assessment, written by the service's administrator: a draft, section by section, then used."""

from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.assessment import LONGEST_WORDS, Kind, Question, Section
from exchange.core.errors import NotFound
from exchange.steps import assessment_form
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_
from exchange.web.frame.i18n import current_language

PLACE = "/admin/assessment"
NEW = "new"
DRAFTED = frame.notice("assessment-drafted", N_("The draft is changed. Nobody is asked with it before you use it."))
USED = frame.notice(
    "assessment-used", N_("Risk is assessed with this form from now on. Older assessments stay as they are.")
)
DROPPED = frame.notice("assessment-dropped", N_("The draft is gone. The form in use is unchanged."))
KINDS: dict[str, str] = {
    Kind.YES_NO: N_("Yes, no, or not known"),
    Kind.LEVEL: N_("A level, from not at all to very"),
    Kind.CHOICE: N_("One of your own answers"),
    Kind.TEXT: N_("In words"),
}
ABOUT: dict[str, str] = {"case": N_("Once, about the case"), "person": N_("About each person in it")}


class Go(frame.Form):
    """What to do with the draft."""

    go: Literal["use", "drop", "house"] = "use"


class SectionForm(frame.Form):
    """A heading in both languages, and whom its questions are about."""

    title_en: str = Field(default="", max_length=LONGEST_WORDS)
    title_cy: str = Field(default="", max_length=LONGEST_WORDS)
    about: Literal["case", "person"]
    go: Literal["save", "up", "down", "remove"] = "save"
    sentences: ClassVar = {"about": N_("Choose whom it is about")}


class QuestionForm(frame.Form):
    """A question in both languages, and how it is answered. Answers of one's own stand one per line."""

    section: str = ""
    kind: Kind
    words_en: str = Field(default="", max_length=LONGEST_WORDS)
    words_cy: str = Field(default="", max_length=LONGEST_WORDS)
    choices_en: str = Field(default="", max_length=2_000)
    choices_cy: str = Field(default="", max_length=2_000)
    needed: list[Literal["yes"]] = Field(default_factory=list)
    go: Literal["save", "up", "down", "remove"] = "save"
    sentences: ClassVar = {"kind": N_("Choose how it is answered")}


async def page(request: web.Request) -> web.StreamResponse:
    """The draft, and the form in use."""
    return await _page(request, frame.blank(), 200)


async def change(request: web.Request) -> web.StreamResponse:
    """Use the draft, throw it away, or begin anew with the house's form."""

    async def act(form: Go) -> web.StreamResponse:
        service, actor = service_of(request), actor_of(request)
        if form.go == "use":
            await assessment_form.use(service, actor)
        else:
            await (assessment_form.drop if form.go == "drop" else assessment_form.begin_with_house)(service, actor)
        return frame.see_other(request, PLACE, done={"use": USED, "drop": DROPPED, "house": DRAFTED}[form.go])

    return await asked(request, Go, _page, act, at="form")


async def section_page(request: web.Request) -> web.StreamResponse:
    """One section, or a new one."""
    section = await _section(request)
    about = ("person" if section.each_person else "case") if section.id else None
    form = frame.blank(title_en=section.title.get("en"), title_cy=section.title.get("cy"), about=about)
    return await _section_page(request, form, 200)


async def change_section(request: web.Request) -> web.StreamResponse:
    """Save it, move it, or take it out."""

    async def act(form: SectionForm) -> web.StreamResponse:
        known = (await _section(request)).id
        if await _moved(request, form.go, known):
            return frame.see_other(request, PLACE, done=DRAFTED)
        made = Section(known, {"en": form.title_en, "cy": form.title_cy}, form.about == "person")
        await assessment_form.put_section(service_of(request), actor_of(request), made)
        return frame.see_other(request, PLACE, done=DRAFTED)

    return await asked(request, SectionForm, _section_page, act, at="title_en")


async def question_page(request: web.Request) -> web.StreamResponse:
    """One question, or a new one of the section that is asked for."""
    section, question = await _question(request)
    form = frame.blank(
        section=section.id if section else request.query.get("section", ""),
        kind=question.kind if question.id else None,
        needed=["yes"] if question.needed else None,
        **{f"words_{code}": question.words.get(code) for code in ("en", "cy")},
        **{f"choices_{code}": "\n".join(one[code] for one in question.choices) or None for code in ("en", "cy")},
    )
    return await _question_page(request, form, 200)


async def change_question(request: web.Request) -> web.StreamResponse:
    """Save it, move it, or take it out."""

    async def act(form: QuestionForm) -> web.StreamResponse:
        known = (await _question(request))[1].id
        if not await _moved(request, form.go, known):
            service, actor = service_of(request), actor_of(request)
            await assessment_form.put_question(service, actor, form.section, _made(known, form))
        return frame.see_other(request, PLACE, done=DRAFTED)

    return await asked(request, QuestionForm, _question_page, act, at="words_en")


def _made(known: str, form: QuestionForm) -> Question:
    """The question; an answer that only one language has is told from one that both have by its empty line."""
    lines = [
        [line.strip() for line in text.splitlines() if line.strip()] for text in (form.choices_en, form.choices_cy)
    ]
    pairs = zip(*(each + [""] * (max(map(len, lines)) - len(each)) for each in lines), strict=True)
    choices = tuple({"en": english, "cy": welsh} for english, welsh in pairs) if form.kind is Kind.CHOICE else ()
    return Question(known, form.kind, {"en": form.words_en, "cy": form.words_cy}, choices, bool(form.needed))


async def _moved(request: web.Request, go: str, known: str) -> bool:
    """Whether a button that moves or takes out was pressed; then it was done."""
    service, actor = service_of(request), actor_of(request)
    if go == "save" or not known:
        return False
    if go == "remove":
        await assessment_form.take_out(service, actor, known)
    else:
        await assessment_form.move(service, actor, known, by=-1 if go == "up" else 1)
    return True


async def _section(request: web.Request) -> Section:
    untrusted = request.match_info["section"]
    found = await assessment_form.draft(service_of(request), actor_of(request))
    return Section("", {}) if untrusted == NEW else found.form.section(untrusted)


async def _question(request: web.Request) -> tuple[Section | None, Question]:
    untrusted = request.match_info["question"]
    found = await assessment_form.draft(service_of(request), actor_of(request))
    return (None, Question("", Kind.TEXT, {})) if untrusted == NEW else found.form.question(untrusted)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await assessment_form.draft(service_of(request), actor_of(request))
    sections = [
        (
            section,
            _in(section.title),
            words.said(ABOUT, "person" if section.each_person else "case"),
            [(one, _in(one.words), words.said(KINDS, one.kind)) for one in section.questions],
        )
        for section in found.form.sections
    ]
    context = {"form": form, "draft": found, "sections": sections}
    return frame.render(request, "console/admin_assessment.html", context, status=status)


async def _section_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    context = {"form": form, "new": not (await _section(request)).id, "about": words.choices(ABOUT)}
    return frame.render(request, "console/admin_assessment_section.html", context, status=status)


async def _question_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await assessment_form.draft(service_of(request), actor_of(request))
    if not found.form.sections:
        raise NotFound
    context = {
        "form": form,
        "new": not (await _question(request))[1].id,
        "sections": [(one.id, _in(one.title)) for one in found.form.sections],
        "kinds": words.choices(KINDS),
    }
    return frame.render(request, "console/admin_assessment_question.html", context, status=status)


def _in(texts: Any) -> str:
    return str(texts.get(current_language()) or texts["en"])


ROUTES = [
    frame.Route("GET", PLACE, page, Permission.ADMINISTER),
    frame.Route("POST", PLACE, change, Permission.ADMINISTER),
    frame.Route("GET", PLACE + "/sections/{section}", section_page, Permission.ADMINISTER),
    frame.Route("POST", PLACE + "/sections/{section}", change_section, Permission.ADMINISTER),
    frame.Route("GET", PLACE + "/questions/{question}", question_page, Permission.ADMINISTER),
    frame.Route("POST", PLACE + "/questions/{question}", change_question, Permission.ADMINISTER),
]
