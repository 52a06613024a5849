"""A message in the wrong case, or under the wrong person: report it; and, for a supervisor, move it or take it away."""

from typing import Any, ClassVar
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.steps import misfiled
from exchange.steps.misfiled import SoFar
from exchange.store import read
from exchange.web import frame
from exchange.web.console import acts
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import SIDES, kind_of, said
from exchange.web.frame import N_

REPORTED = frame.notice(
    "misfiled-reported",
    N_("Everything about this message is stopped. A supervisor is told now. Nobody in the case is."),
)
MOVING = frame.notice(
    "misfiled-moving", N_("It is being moved. It is erased here as soon as it stands where it belongs.")
)
REMOVED = frame.notice("misfiled-removed", N_("It is erased. What stays says that it happened, not what it was."))


class Report(frame.Form):
    """Why it does not belong here."""

    reason: str = Field(max_length=8000)
    sentences: ClassVar = {"reason": N_("Write down why it does not belong here")}


class Move(frame.Form):
    """Where it belongs, between whom, and why."""

    reference: str = Field(max_length=40)
    author: UUID
    recipient: UUID
    reason: str = Field(max_length=8000)
    sentences: ClassVar = {
        "reference": N_("Enter the reference of the right case"),
        "author": N_("Choose who it is from"),
        "recipient": N_("Choose who it is for"),
        "reason": N_("Write down why"),
    }


class Remove(frame.Form):
    """Why it is taken away."""

    why: str = Field(max_length=8000)
    sentences: ClassVar = {"why": N_("Write down why")}


async def report_page(request: web.Request) -> web.StreamResponse:
    """Who has seen what so far, and the form."""
    return await _show_report(request, frame.blank(), 200)


async def report(request: web.Request) -> web.StreamResponse:
    """Freeze it, and tell a supervisor."""

    async def act(form: Report) -> web.StreamResponse:
        service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
        made = await misfiled.report(service, actor, message, reason=form.reason)
        return frame.see_other(request, f"/concerns/{made}", done=REPORTED)

    return await asked(request, Report, _show_report, act, at="reason")


async def decide_page(request: web.Request) -> web.StreamResponse:
    """Who has seen it; where it could go; taking it away. `?reference=` asks for the right case."""
    return await _show(request, frame.blank(reference=request.query.get("reference")), 200)


async def move(request: web.Request) -> web.StreamResponse:
    """To where it belongs."""

    async def act(form: Move) -> web.StreamResponse:
        one, about = id_of(request, "concern"), form.model_dump()
        await misfiled.move(service_of(request), actor_of(request), one, **about)
        return frame.see_other(request, f"/concerns/{one}", done=MOVING)

    return await asked(request, Move, _show, act, at="reason")


async def remove(request: web.Request) -> web.StreamResponse:
    """Away."""

    async def act(form: Remove) -> web.StreamResponse:
        one = id_of(request, "concern")
        await misfiled.remove(service_of(request), actor_of(request), one, reason=form.why)
        return frame.see_other(request, f"/concerns/{one}", done=REMOVED)

    return await asked(request, Remove, _show, act, at="why")


async def _show_report(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    seen = await misfiled.so_far(service_of(request), actor_of(request), found.message.id)
    return page(request, "misfiled_new", found, form, status=status, seen=_lines(seen), participants=seen.participants)


async def _show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, actor, one = service_of(request), actor_of(request), id_of(request, "concern")
    found = await read.concern_view(service, actor, one)
    seen = await misfiled.so_far(service, actor, found.message.id)
    right = None
    if given := form.value("reference"):
        try:
            right = await misfiled.right_place(service, actor, one, given)
        except BadInput as error:
            form.errors = [line for line in form.errors if line[0] != "reference"]
            form.add("reference", str(error))
            status = error.status
    context = {
        "view": found,
        "kind": kind_of(found.message),
        "form": form,
        "seen": _lines(seen),
        "participants": seen.participants,
        "right": right,
        "people": [(person, name, said(SIDES, side)) for person, side, name in right.people] if right else [],
    }
    return frame.render(request, "console/messages/misfiled.html", context, status=status)


def _lines(seen: SoFar) -> list[dict[str, Any]]:
    names = {str(account): name for account, name in seen.staff.items()}
    return [acts.line(entry, names) for entry in seen.entries]


ROUTES = [
    frame.Route("GET", "/messages/{message}/misfiled", report_page, Permission.CONCERN_RAISE),
    frame.Route("POST", "/messages/{message}/misfiled", report, Permission.CONCERN_RAISE),
    frame.Route("GET", "/concerns/{concern}/misfiled", decide_page, Permission.CONCERN_END),
    frame.Route("POST", "/concerns/{concern}/misfiled/move", move, Permission.CONCERN_END),
    frame.Route("POST", "/concerns/{concern}/misfiled/remove", remove, Permission.CONCERN_END),
]
