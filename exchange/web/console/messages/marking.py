"""What a facilitator answers to a mark: take it out, leave it as it is, or mark it again."""

from typing import Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.differences import moved
from exchange.core.edits import Doing, Edit, Why
from exchange.core.errors import BadInput
from exchange.core.leak_patterns import LeakKind
from exchange.steps import marks, redact
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import read_part
from exchange.web.console.messages.marks import KINDS
from exchange.web.console.messages.review import show_desk
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext

LEFT = frame.notice("mark-left", N_("It is left as it is. It stands under the marks that were looked at."))
SHOWN_AGAIN = frame.notice("mark-shown-again", N_("It is marked again."))
ON_THE_LIST = frame.notice(
    "mark-taken", N_("It is on the list of what is taken out. Make the new version when the list is whole.")
)
WHY: dict[LeakKind, Why] = {
    "phone": Why.CONTACT,
    "email": Why.CONTACT,
    "link": Why.CONTACT,
    "handle": Why.CONTACT,
    "postcode": Why.WHEREABOUTS,
    "address": Why.WHEREABOUTS,
    "place": Why.WHEREABOUTS,
    "own": Why.NAME,
}
"""Why a mark is taken out; for other kinds it is said in words what it is."""


class Answered(frame.Form):
    """The mark: its words so that they are known again, and for taking out where they stand in which version."""

    kind: LeakKind
    words: str = Field(max_length=2000)
    digest: str = Field(default="", max_length=64)
    start: int = Field(default=0, ge=0)
    end: int = Field(default=0, ge=0)
    answer: Literal["leave", "show", "take_out"]


async def answer(request: web.Request) -> web.StreamResponse:
    """Do it, and go back to the marks."""

    async def act(form: Answered) -> web.StreamResponse:
        service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
        if form.answer == "take_out":
            await _take_out(request, form)
        elif form.answer == "leave":
            await marks.leave(service, actor, message, form.kind, form.words)
        else:
            await marks.show_again(service, actor, message, form.kind, form.words)
        done = {"leave": LEFT, "show": SHOWN_AGAIN, "take_out": ON_THE_LIST}[form.answer]
        return frame.see_other(request, f"/messages/{message}/review#marks", done=done)

    return await asked(request, Answered, show_desk, act)


async def _take_out(request: web.Request, form: Answered) -> None:
    """Onto the list, at the place that these words have in the clean version, which every change is about."""
    service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
    shop = await redact.workshop(service, actor, message)
    seen = await read_part(request, message, "text", digest=form.digest)
    clean = await read_part(request, message, "text", digest=shop.clean.digest)
    span = moved(seen, clean, form.start, form.end)
    if span is None or clean[slice(*span)].split() != form.words.split():
        raise BadInput("This place has changed in the meantime. Take it out by hand.")
    why = WHY.get(form.kind, Why.OTHER)
    words = gettext(KINDS[form.kind]) if why is Why.OTHER else ""
    await redact.want(service, actor, message, Edit(Doing.STRIKE, "text", *span), why=why, words=words)


ROUTES = [frame.Route("POST", "/messages/{message}/marks", answer, Permission.REVIEW)]
