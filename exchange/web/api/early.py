"""Listening to a video whose picture is still being made."""

from aiohttp import web
from pydantic import Field

from exchange.core import places
from exchange.core.access import Permission
from exchange.steps import early
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Asked, Words
from exchange.web.streaming import send_part


class EarlyNote(Asked):
    """A note at a time of the sound."""

    text: Words
    seconds: float | None = Field(None, ge=0, le=places.MOST_SECONDS, description="From the beginning.")


async def hear(call: Call) -> web.StreamResponse:
    """The sound of a video in quarantine, with single ranges: 404 before it is there, and once the picture is."""
    opened = await early.open_for_staff(call.service, call.actor, call.id("message"))
    return await send_part(call.request, call.service, opened)


async def note(call: Call, asked: EarlyNote) -> None:
    """A note for the team; it moves on to the version that is being made."""
    place = {} if asked.seconds is None else {"seconds": asked.seconds}
    await early.note(call.service, call.actor, call.id("message"), text=asked.text, place=place)


PLACE = "/messages/{message}/early"
ENDPOINTS = [
    Endpoint("GET", PLACE + "/sound", hear, Permission.CONTENT, errors=(405, 409, 416), produces="*/*"),
    Endpoint("POST", PLACE + "/notes", note, Permission.REVIEW, status=204),
]
