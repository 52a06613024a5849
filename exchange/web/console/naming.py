"""How a person is named to the other one and how they sign (rule 16), with what in it tells more (rule 17)."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.naming import LONGEST
from exchange.steps import naming
from exchange.store.read import person_view
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.marks import KINDS
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

NAMED = frame.notice("person-named", N_("How they are named and how they sign was saved."))


class Naming(frame.Form):
    """The form of name, the signature, and that they know what it tells."""

    form_of_name: str = Field(max_length=LONGEST)
    signature: str = Field(default="", max_length=LONGEST)
    knowing: list[Literal["yes"]] = Field(default_factory=list)
    sentences: ClassVar = {"form_of_name": N_("Enter how they want to be named")}


async def page(request: web.Request) -> web.StreamResponse:
    """As it is recorded."""
    view = await person_view(service_of(request), actor_of(request), id_of(request, "person"))
    return await _page(request, frame.blank(form_of_name=view.form_of_name, signature=view.signature), 200)


async def record(request: web.Request) -> web.StreamResponse:
    """Record what was agreed with them."""

    async def act(form: Naming) -> web.StreamResponse:
        person = id_of(request, "person")
        service, actor, signed = service_of(request), actor_of(request), form.signature
        known = bool(form.knowing)
        await naming.agree(service, actor, person, form_of_name=form.form_of_name, signature=signed, knowing=known)
        return frame.see_other(request, f"/people/{person}", done=NAMED)

    return await asked(request, Naming, _page, act, at="knowing")


async def told(request: web.Request) -> list[tuple[str, str]]:
    """What the recorded form of name and signature tell: what it looks like, in words, and the words themselves."""
    found = await naming.tells(service_of(request), actor_of(request), id_of(request, "person"))
    return [(frame.gettext(KINDS[kind]), words) for kind, words in found]  # type: ignore[index]  # its own codes


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await person_view(service_of(request), actor_of(request), id_of(request, "person"))
    context = {"form": form, "view": view, "told": await told(request)}
    return frame.render(request, "console/person_naming.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/people/{person}/naming", page, Permission.CASE_CHANGE),
    frame.Route("POST", "/people/{person}/naming", record, Permission.CASE_CHANGE),
]
