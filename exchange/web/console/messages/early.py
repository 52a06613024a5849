"""Listening already, while the picture of a video is still being made; and notes that move on to the version."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core import places
from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.steps import early
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.messages.how_far import working
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_
from exchange.web.streaming import send_part

NOTED = frame.notice("noted-early", N_("The note was added. It moves on to the version that is being made."))


class Note(frame.Form):
    """A note at a time of the sound."""

    text: str = Field(max_length=2000)
    place: str = Field(default="", max_length=20)
    sentences: ClassVar = {"text": N_("Write the note first")}


async def listen(request: web.Request) -> web.StreamResponse:
    """The player; where the picture is there meanwhile, the message's page."""
    return await show(request, frame.blank(), 200)


async def note(request: web.Request) -> web.StreamResponse:
    """Add a note for the team."""

    async def act(form: Note) -> web.StreamResponse:
        message = id_of(request, "message")
        service, actor = service_of(request), actor_of(request)
        await early.note(service, actor, message, text=form.text, place=_time(form.place))
        return frame.see_other(request, f"/messages/{message}/early#notes", done=NOTED)

    return await asked(request, Note, show, act, at="text")


async def sound(request: web.Request) -> web.StreamResponse:
    """Its bytes, for the case team."""
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    opened = await early.open_for_staff(service_of(request), actor_of(request), id_of(request, "message"))
    return await send_part(request, service_of(request), opened)


async def show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.StreamResponse:
    """The page with a form's errors."""
    found = await message_of(request)
    if found.early is None:
        return frame.see_other(request, f"/messages/{found.message.id}")
    digest = early.noted_under(found.message.round)
    notes = [
        {"at": row.at, "who": found.staff.get(row.account_id, ""), "clock": _clock(row.place), "text": text}
        for row, text in found.notes
        if row.digest == digest
    ]
    return page(request, "early", found, form, status=status, notes=notes, **working(found))


def _clock(place: dict[str, float]) -> str:
    return places.clock(int(place["seconds"] * 1000)) if "seconds" in place else ""


def _time(untrusted: str) -> dict[str, float]:
    if not untrusted:
        return {}
    span = places.milliseconds(untrusted)
    if span is None:
        raise BadInput("Enter the time in minutes and seconds, such as 1:05.", field="place")
    return {"seconds": span / 1000 if span % 1000 else span // 1000}


ROUTES = [
    frame.Route("GET", "/messages/{message}/early", listen, Permission.CONTENT),
    frame.Route("POST", "/messages/{message}/early", note, Permission.REVIEW),
    frame.Route("GET", "/messages/{message}/early/sound", sound, Permission.CONTENT),
]
