"""A concern: raise it, see what froze and who knows, write the log, and (a supervisor) decide."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core import access
from exchange.core.access import Permission
from exchange.steps import concern
from exchange.store import read
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages import words
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import kind_of, said
from exchange.web.frame import N_

RAISED = frame.notice(
    "concern-raised", N_("Everything about this message is stopped. A supervisor is told now. Nobody in the case is.")
)
LOGGED = frame.notice("concern-logged", N_("The note was added to the log."))
ENDED = frame.notice("concern-ended", N_("The decision is recorded."))


class Concern(frame.Form):
    """What was seen or heard."""

    kind: Literal["threat", "new_crime", "safeguarding", "other"]
    note: str = Field(max_length=8000)
    sentences: ClassVar = {
        "kind": N_("Choose what it is about"),
        "note": N_("Say what you saw or heard, so that a supervisor can act"),
    }


class LogNote(frame.Form):
    """A line of the log."""

    text: str = Field(max_length=8000)
    sentences: ClassVar = {"text": N_("Write the note first")}


class Decision(frame.Form):
    """How it ends, and why."""

    outcome: Literal["continue", "withhold"]
    note: str = Field(max_length=8000)
    sentences: ClassVar = {
        "outcome": N_("Choose what happens now"),
        "note": N_("Write down why"),
    }


async def raise_page(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await _show_raise(request, frame.blank(), 200)


async def raise_it(request: web.Request) -> web.StreamResponse:
    """Freeze, and alert a supervisor."""

    async def act(form: Concern) -> web.StreamResponse:
        service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
        made = await concern.raise_concern(service, actor, message, kind=form.kind, note=form.note)
        return frame.see_other(request, f"/concerns/{made}", done=RAISED)

    return await asked(request, Concern, _show_raise, act, at="note")


async def concern_page(request: web.Request) -> web.StreamResponse:
    """What froze, who knows, what was decided."""
    return await _show(request, frame.blank(), 200)


async def log(request: web.Request) -> web.StreamResponse:
    """Add to the log."""

    async def act(form: LogNote) -> web.StreamResponse:
        one = id_of(request, "concern")
        await concern.add_note(service_of(request), actor_of(request), one, text=form.text)
        return frame.see_other(request, f"/concerns/{one}", done=LOGGED)

    return await asked(request, LogNote, _show, act, at="text")


async def end(request: web.Request) -> web.StreamResponse:
    """A supervisor's decision."""

    async def act(form: Decision) -> web.StreamResponse:
        one = id_of(request, "concern")
        await concern.end_concern(service_of(request), actor_of(request), one, outcome=form.outcome, note=form.note)
        return frame.see_other(request, f"/concerns/{one}", done=ENDED)

    return await asked(request, Decision, _show, act, at="note")


async def _show_raise(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    return page(request, "concern_new", await message_of(request), form, status=status)


async def _show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    actor = actor_of(request)
    found = await read.concern_view(service_of(request), actor, id_of(request, "concern"))
    context = {
        "view": found,
        "kind": kind_of(found.message),
        "form": form,
        "words": words,
        "said": said,
        "may_end": found.concern.ended_at is None and access.may(actor, Permission.CONCERN_END),
    }
    return frame.render(request, "console/messages/concern.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/messages/{message}/concern", raise_page, Permission.CONCERN_RAISE),
    frame.Route("POST", "/messages/{message}/concern", raise_it, Permission.CONCERN_RAISE),
    frame.Route("GET", "/concerns/{concern}", concern_page, Permission.CONCERN_RAISE),
    frame.Route("POST", "/concerns/{concern}/log", log, Permission.CONCERN_RAISE),
    frame.Route("POST", "/concerns/{concern}/end", end, Permission.CONCERN_END),
]
