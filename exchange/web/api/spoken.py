"""The reason for sending something back, in one's own voice, beside the written one."""

from datetime import datetime
from uuid import UUID

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.steps import hearing, spoken
from exchange.web.api.endpoint import BYTES, Call, Endpoint
from exchange.web.api.shapes import Answer, Made
from exchange.web.streaming import send_part


class Spoken(Answer):
    """How far it is: `arrived`, `ready` to be heard, or `refused` with a code of why."""

    id: UUID
    state: str
    refused_code: str | None
    at: datetime


async def say(call: Call) -> Made:
    """Put a recording (the body, at most 16 MiB) beside the reason of the newest return, in place of an earlier one."""
    body = await call.body(spoken.MOST_BYTES, spoken.RecordingTooLong())
    return Made(id=await spoken.put_in(call.service, call.actor, call.id("message"), body))


async def see(call: Call) -> Spoken:
    """The recording of the newest return."""
    found = await spoken.newest(call.service, call.actor, call.id("message"))
    if found is None:
        raise NotFound
    return Spoken.model_validate(found)


async def hear(call: Call) -> web.StreamResponse:
    """What the author hears: the bytes of the safe recording, with single ranges. HEAD is not answered."""
    opened = await hearing.open_for_staff(call.service, call.actor, call.id("message"))
    return await send_part(call.request, call.service, opened)


async def take_back(call: Call) -> None:
    """Only the written words are left; an author who has the link hears nothing any more."""
    await spoken.take_back(call.service, call.actor, call.id("message"))


PLACE = "/messages/{message}/spoken-reason"
ENDPOINTS = [
    Endpoint("PUT", PLACE, say, Permission.REVIEW, status=201, takes=BYTES),
    Endpoint("GET", PLACE, see, Permission.CONTENT),
    Endpoint("GET", PLACE + "/sound", hear, Permission.CONTENT, errors=(405, 409, 416), produces="*/*"),
    Endpoint("DELETE", PLACE, take_back, Permission.REVIEW, status=204),
]
