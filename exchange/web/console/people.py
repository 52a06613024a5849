"""The people of a case: added, corrected, reached safely, their codes."""

from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import Channel, FactKind, Side
from exchange.steps import cases
from exchange.steps.cases import SafeContact
from exchange.store.read import PersonView, case_view, person_view
from exchange.web import frame
from exchange.web.console import naming, notices, words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

ADDED = frame.notice("person-added", N_("The person was added. Next, agree a code and record what they decide."))
CHANGED = frame.notice("person-changed", N_("The details were saved."))
CONTACT_SET = frame.notice("contact-set", N_("Safe contact was saved, and that you asked today."))
NAMED = {
    "name": N_("Enter the person's name"),
    "form_of_name": N_("Enter the form of name that the other person may see"),
}


class Reach(frame.Form):
    """How to reach somebody safely."""

    means: Channel
    address: str = Field(default="", max_length=300)
    hours: str = Field(default="", max_length=300)
    words: str = Field(default="", max_length=600)
    who_may_answer: str = Field(default="", max_length=300)
    sentences: ClassVar = {"means": N_("Choose how to reach them safely")}

    def contact(self) -> SafeContact:
        """As the step takes it."""
        return SafeContact(self.means, self.address, self.hours, self.words, self.who_may_answer)


class NewPerson(Reach):
    """A person to be added, with how to reach them."""

    side: Side
    name: str = Field(max_length=200)
    form_of_name: str = Field(max_length=100)
    custody: list[Literal["yes"]] = Field(default_factory=list)
    under_18: list[Literal["yes"]] = Field(default_factory=list)
    language: Literal["en", "cy"] = "en"
    needs: str = Field(default="", max_length=2000)
    sentences: ClassVar = {
        **Reach.sentences,
        **NAMED,
        "side": N_("Choose whether they were harmed or are responsible"),
    }


class Details(frame.Form):
    """What can be corrected."""

    name: str = Field(max_length=200)
    form_of_name: str = Field(max_length=100)
    needs: str = Field(default="", max_length=2000)
    custody: list[Literal["yes"]] = Field(default_factory=list)
    knowing: list[Literal["yes"]] = Field(default_factory=list)
    sentences: ClassVar = NAMED


class Code(frame.Form):
    """Show the code, or agree a new one."""

    do: Literal["show", "agree"]
    how: Channel | None = None
    digits: Literal["words", "digits"] = "words"
    own: str = Field(default="", max_length=80)
    sentences: ClassVar = {"how": N_("Choose how you agree the code")}


async def new_page(request: web.Request) -> web.StreamResponse:
    """Who they are, and how to reach them."""
    return await _new_page(request, frame.blank(language="en"), 200)


async def add(request: web.Request) -> web.StreamResponse:
    """Add them to the case."""

    async def act(form: NewPerson) -> web.StreamResponse:
        person = await cases.add_participant(
            service_of(request),
            actor_of(request),
            id_of(request, "case"),
            side=form.side,
            name=form.name,
            form_of_name=form.form_of_name,
            contact=form.contact(),
            custody=bool(form.custody),
            under_18=bool(form.under_18),
            needs=form.needs,
            language=form.language,
        )
        return frame.see_other(request, f"/people/{person}", done=ADDED)

    return await asked(request, NewPerson, _new_page, act)


async def person_page(request: web.Request) -> web.StreamResponse:
    """Reach and protect one person."""
    view = await _person(request)
    contact = view.contact
    context = {
        "view": view,
        "person": view.person,
        "case": view.case,
        "side": words.said(words.SIDES, view.person.side),
        "means": words.said(words.MEANS, contact.get("means", "")) if contact else "",
        "status": words.said(words.STATUSES, _value(view, FactKind.STATUS) or "active"),
        "agreed_how": words.said(words.MEANS, view.code_agreed.agreed_how) if view.code_agreed else "",
        "support": [(words.said(words.FACTS, kind), kind, _support(view, kind)) for kind in SUPPORT],
        "preparation": _value(view, FactKind.PREPARATION) == "done",
        "responsibility": _value(view, FactKind.RESPONSIBILITY) == "accepted",
        "consents": [
            (row, words.said(words.CONSENTS, row.kind), words.said(words.METHODS, row.method)) for row in view.consents
        ],
        "notices": await notices.section(request),
        "told": await naming.told(request),
        "feedback": [(row, text, words.said(words.TASKS, row.kind)) for row, text in view.feedback],
    }
    return frame.render(request, "console/person.html", context)


async def edit_page(request: web.Request) -> web.StreamResponse:
    """Names and needs, as recorded."""
    view = await _person(request)
    form = frame.blank(
        name=view.name,
        form_of_name=view.form_of_name,
        needs=view.needs,
        custody=["yes"] if view.person.custody else [],
    )
    return await _edit_page(request, form, 200)


async def edit(request: web.Request) -> web.StreamResponse:
    """Correct them."""
    person = id_of(request, "person")

    async def act(form: Details) -> web.StreamResponse:
        await cases.change_participant(
            service_of(request),
            actor_of(request),
            person,
            name=form.name,
            form_of_name=form.form_of_name,
            needs=form.needs,
            custody=bool(form.custody),
            knowing=bool(form.knowing),
        )
        return frame.see_other(request, f"/people/{person}", done=CHANGED)

    return await asked(request, Details, _edit_page, act, at="knowing")


async def contact_page(request: web.Request) -> web.StreamResponse:
    """Safe contact as it was recorded last."""
    known = (await _person(request)).contact
    named = {name: known.get(name, "") for name in ("means", "address", "hours", "words", "who_may_answer")}
    return await _contact_page(request, frame.blank(**named), 200)


async def set_contact(request: web.Request) -> web.StreamResponse:
    """Record it anew."""
    person = id_of(request, "person")

    async def act(form: Reach) -> web.StreamResponse:
        await cases.set_safe_contact(service_of(request), actor_of(request), person, form.contact())
        return frame.see_other(request, f"/people/{person}", done=CONTACT_SET)

    return await asked(request, Reach, _contact_page, act)


async def code_page(request: web.Request) -> web.StreamResponse:
    """Agree a code, or have it shown."""
    return await _code_page(request, frame.blank(digits="words"), 200)


async def code(request: web.Request) -> web.StreamResponse:
    """Show the code once, on the answer to this form; reading it is recorded."""
    service, actor, person = service_of(request), actor_of(request), id_of(request, "person")

    async def act(form: Code) -> web.StreamResponse:
        blank = frame.blank(digits="words")
        if form.do == "show":
            return await _code_page(request, blank, 200, await cases.read_code(service, actor, person))
        if form.how is None:
            raise BadInput(Code.sentences["how"], field="how")
        digits = form.digits == "digits"
        agreed = await cases.agree_code(service, actor, person, how=form.how, digits=digits, code=form.own or None)
        return await _code_page(request, blank, 200, agreed, new=True)

    return await asked(request, Code, _code_page, act, at="own")


SUPPORT = (FactKind.GUARDIAN, FactKind.SUPPORTER, FactKind.INTERPRETER)


async def _person(request: web.Request) -> PersonView:
    return await person_view(service_of(request), actor_of(request), id_of(request, "person"))


def _value(view: PersonView, kind: FactKind) -> str | None:
    row = view.facts.get(kind)
    return row.value if row else None


def _support(view: PersonView, kind: FactKind) -> str:
    known = {"needed": N_("Needed, not in place"), "in_place": N_("In place"), "not_needed": N_("Not needed")}
    return frame.gettext(known.get(_value(view, kind) or "", N_("Not recorded")))


async def _new_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await case_view(service_of(request), actor_of(request), id_of(request, "case"))
    # the step asks again; this keeps a form from somebody who could not send it
    access.require(actor_of(request), Permission.CASE_CHANGE, view.relation)
    context: dict[str, Any] = {
        "form": form,
        "case": view.case,
        "sides": words.choices(words.SIDES),
        "means": words.choices(words.MEANS),
    }
    return frame.render(request, "console/person_new.html", context, status=status)


async def _edit_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await _person(request)
    return frame.render(request, "console/person_edit.html", {"form": form, "view": view}, status=status)


async def _contact_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    context = {"form": form, "view": await _person(request), "means": words.choices(words.MEANS)}
    return frame.render(request, "console/person_contact.html", context, status=status)


async def _code_page(
    request: web.Request, form: frame.ErrorSummary, status: int, code: str = "", *, new: bool = False
) -> web.Response:
    means = {key: said for key, said in words.MEANS.items() if key != Channel.PRINT}
    view = await _person(request)
    context = {"form": form, "view": view, "code": code, "new": new, "means": words.choices(means)}
    return frame.render(request, "console/person_code.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/cases/{case}/people/new", new_page, Permission.CASE_CHANGE),
    frame.Route("POST", "/cases/{case}/people/new", add, Permission.CASE_CHANGE),
    frame.Route("GET", "/people/{person}", person_page, Permission.PERSON_SEE),
    frame.Route("GET", "/people/{person}/edit", edit_page, Permission.CASE_CHANGE),
    frame.Route("POST", "/people/{person}/edit", edit, Permission.CASE_CHANGE),
    frame.Route("GET", "/people/{person}/contact", contact_page, Permission.CASE_CHANGE),
    frame.Route("POST", "/people/{person}/contact", set_contact, Permission.CASE_CHANGE),
    frame.Route("GET", "/people/{person}/code", code_page, Permission.CASE_CHANGE),
    frame.Route("POST", "/people/{person}/code", code, Permission.CASE_CHANGE),
]
