"""The reason for sending something back, in one's own voice: record it or choose a file, hear what was made of it."""

from typing import Any

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, TooLarge
from exchange.core.model import State
from exchange.steps import hearing, spoken
from exchange.steps.rejections import SENTENCES
from exchange.web import frame
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.messages.arriving import one_file
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext
from exchange.web.streaming import send_part

SAID = frame.notice("reason-spoken", N_("It is here. The service makes it safe; in a moment you can hear it."))
GONE = frame.notice("reason-gone", N_("The recording was taken away. The written reason stays."))


async def ask(request: web.Request) -> web.StreamResponse:
    """The recorder, the file field, and what is there already."""
    return await _show(request, frame.blank(), 200)


async def say(request: web.Request) -> web.StreamResponse:
    """Take the recording, counted as it comes."""
    service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
    try:
        await spoken.put_in(service, actor, message, await _recording(request))
    except (BadInput, TooLarge) as error:
        return await _show(request, frame.blank().add("file", str(error)), error.status)
    return frame.see_other(request, f"/messages/{message}/spoken", done=SAID)


async def take_away(request: web.Request) -> web.StreamResponse:
    """Only the written words go to the author."""
    message = id_of(request, "message")
    await spoken.take_back(service_of(request), actor_of(request), message)
    return frame.see_other(request, f"/messages/{message}/spoken", done=GONE)


async def hear(request: web.Request) -> web.StreamResponse:
    """What the author will hear."""
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    service = service_of(request)
    opened = await hearing.open_for_staff(service, actor_of(request), id_of(request, "message"))
    return await send_part(request, service, opened)


async def _recording(request: web.Request) -> bytes:
    """The one file of the form, never more than may be."""
    missing = "Record something, or choose a file first."
    too_long = spoken.RecordingTooLong()
    return (await one_file(request, spoken.MOST_BYTES, missing=missing, too_large=too_long))[0]


async def _show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    if found.message.state != State.RETURNED:
        raise Conflict("This message was not sent back, so there is nothing to say about it here.")
    heard = await spoken.newest(service_of(request), actor_of(request), found.message.id)
    written = next((reason for row, reason in found.reviews if row.decision == "return"), "")
    return page(
        request, "spoken", found, form, status=status, heard=heard, written=written, wrong=_wrong(heard),
        most=spoken.MOST_BYTES >> 20,
    )  # fmt: skip


def _wrong(heard: Any) -> str:
    """Why it could not be used."""
    return gettext(SENTENCES[heard.refused_code]) if heard is not None and heard.refused_code in SENTENCES else ""


ROUTES = [
    frame.Route("GET", "/messages/{message}/spoken", ask, Permission.REVIEW, features=("microphone",)),
    frame.Route("POST", "/messages/{message}/spoken", say, Permission.REVIEW, csrf=frame.Csrf.HANDLER),
    frame.Route("POST", "/messages/{message}/spoken/away", take_away, Permission.REVIEW),
    frame.Route("GET", "/messages/{message}/spoken/sound", hear, Permission.CONTENT),
]
