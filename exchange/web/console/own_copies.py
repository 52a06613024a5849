"""A copy of what is held about somebody: its list looked through, approved by a second person, handed out once."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.own_copy import Said
from exchange.steps import own_copy, own_copy_words
from exchange.store.read import case_of
from exchange.web import frame
from exchange.web.attachment import send_zip
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_
from exchange.web.frame.i18n import current_language

BEGUN = frame.notice("copy-begun", N_("The list is made. Look at each thing on it."))
ALL_SEEN = frame.notice("copy-seen", N_("You have looked at everything. Now hand it on to a second person."))
HANDED_ON = frame.notice("copy-on", N_("It waits for a second person to approve it."))
APPROVED = frame.notice("copy-approved", N_("Approved. The copy is being made."))
SENT_BACK = frame.notice("copy-back", N_("It goes back, to be looked through again."))
DROPPED = frame.notice("copy-dropped", N_("It was given up. You can prepare it again."))
STATES: dict[str, str] = {
    "open": N_("Being looked through"),
    "checked": N_("Waits for a second person"),
    "approved": N_("Being made"),
    "ready": N_("Ready to hand out"),
    "handed_out": N_("Handed out"),
    "gone": N_("Gone: nobody took it in time, or something in it was erased"),
    "dropped": N_("Given up"),
}


class Decision(frame.Form):
    """In, or left out and why."""

    inside: Literal["yes", "no"]
    reason: str = Field(default="", max_length=2000)
    sentences: ClassVar = {"inside": N_("Choose whether it is in the copy")}


class Agreed(frame.Form):
    """What a second person says."""

    agreed: Literal["yes", "no"]
    sentences: ClassVar = {"agreed": N_("Choose one of the answers")}


async def copies_page(request: web.Request) -> web.StreamResponse:
    """The copies of one person, and how one comes about."""
    service, actor, person = service_of(request), actor_of(request), id_of(request, "person")
    case = await case_of(service, actor, person)
    rows = await own_copy.of_person(service, actor, person)
    listed = [(row, words.said(STATES, row.state)) for row in rows]
    context = {"person": person, "case": case, "rows": listed, "busy": any(row.ended_at is None for row in rows)}
    return frame.render(request, "console/own_copies.html", context)


async def begin(request: web.Request) -> web.StreamResponse:
    """Put the list together."""
    made = await own_copy.prepare(service_of(request), actor_of(request), id_of(request, "person"))
    return frame.see_other(request, f"/copies/{made}", done=BEGUN)


async def copy_page(request: web.Request) -> web.StreamResponse:
    """The list, and what comes next."""
    return await _copy_page(request, frame.blank(), 200)


async def item_page(request: web.Request) -> web.StreamResponse:
    """One thing on the list, opened, with the question whether it is in."""
    return await _item_page(request, None, 200)


async def decide(request: web.Request) -> web.StreamResponse:
    """Keep the answer and go on to the next."""
    service, actor, copy = service_of(request), actor_of(request), id_of(request, "copy")

    async def act(form: Decision) -> web.StreamResponse:
        inside = form.inside == "yes"
        item = id_of(request, "item")
        await own_copy.decide(service, actor, copy, item, inside=inside, reason=form.reason)
        following = (await own_copy.read(service, actor, copy)).next
        if following is None:
            return frame.see_other(request, f"/copies/{copy}", done=ALL_SEEN)
        return frame.see_other(request, f"/copies/{copy}/items/{following}")

    return await asked(request, Decision, _item_page, act, at="inside")


async def hand_on(request: web.Request) -> web.StreamResponse:
    """Everything was looked at."""
    copy = id_of(request, "copy")
    await own_copy.hand_on(service_of(request), actor_of(request), copy)
    return frame.see_other(request, f"/copies/{copy}", done=HANDED_ON)


async def approve(request: web.Request) -> web.StreamResponse:
    """A second person's word."""
    copy = id_of(request, "copy")

    async def act(form: Agreed) -> web.StreamResponse:
        agreed = form.agreed == "yes"
        await own_copy.approve(service_of(request), actor_of(request), copy, agreed=agreed)
        return frame.see_other(request, f"/copies/{copy}", done=APPROVED if agreed else SENT_BACK)

    return await asked(request, Agreed, _copy_page, act, at="agreed")


async def drop(request: web.Request) -> web.StreamResponse:
    """Give it up."""
    service, actor, copy = service_of(request), actor_of(request), id_of(request, "copy")
    person = (await own_copy.read(service, actor, copy)).row.participant_id
    await own_copy.drop(service, actor, copy)
    return frame.see_other(request, f"/people/{person}/copies", done=DROPPED)


async def take(request: web.Request) -> web.StreamResponse:
    """The copy itself, once."""
    service = service_of(request)
    return await send_zip(request, await own_copy.hand_out(service, actor_of(request), id_of(request, "copy")))


def _said() -> Said:
    return own_copy_words.said(current_language())


async def _copy_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await own_copy.read(service_of(request), actor_of(request), id_of(request, "copy"))
    labels = _said().labels
    context = {
        "form": form,
        "view": view,
        "copy": view.row,
        "state": words.said(STATES, view.row.state),
        "items": [(item, labels[item.row.part]) for item in view.items],
        "left_out": sum(item.row.inside is False for item in view.items),
    }
    return frame.render(request, "console/own_copy.html", context, status=status)


async def _item_page(request: web.Request, form: frame.ErrorSummary | None, status: int) -> web.Response:
    service, actor = service_of(request), actor_of(request)
    copy, item = id_of(request, "copy"), id_of(request, "item")
    row, piece = await own_copy.look_at(service, actor, copy, item)
    view, said = await own_copy.read(service, actor, copy), _said()
    known = next(one for one in view.items if one.row.id == item)
    if form is None:
        given = {None: "", True: "yes", False: "no"}[row.inside]
        form = frame.blank(inside=given, reason=known.reason)
    records = [
        [(said.labels.get(line.label, line.label), said.value(line)) for line in record if line.value]
        for record in piece.records
    ]
    context = {
        "form": form,
        "view": view,
        "title": said.labels[row.part],
        "message": piece.about if piece.title else None,
        "reference": piece.title,
        "records": records,
        "item_path": f"/copies/{copy}/items/{item}",
        "number": row.position + 1,
    }
    return frame.render(request, "console/own_copy_item.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/people/{person}/copies", copies_page, Permission.CASE_SEE),
    frame.Route("POST", "/people/{person}/copies", begin, Permission.COPY_PREPARE),
    frame.Route("GET", "/copies/{copy}", copy_page, Permission.CASE_SEE),
    frame.Route("GET", "/copies/{copy}/items/{item}", item_page, Permission.COPY_PREPARE),
    frame.Route("POST", "/copies/{copy}/items/{item}", decide, Permission.COPY_PREPARE),
    frame.Route("POST", "/copies/{copy}/hand-on", hand_on, Permission.COPY_PREPARE),
    frame.Route("POST", "/copies/{copy}/approval", approve, Permission.COPY_APPROVE),
    frame.Route("POST", "/copies/{copy}/drop", drop, Permission.COPY_PREPARE),
    frame.Route("POST", "/copies/{copy}/take", take, Permission.COPY_HAND_OUT),
]
