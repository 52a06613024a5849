"""Reading, listening, watching: the note before, the message, a break, and landing softly (DESIGN section 8).

Text first, pages on choice. The gate is asked and a leaf is written for every part that is opened; a HEAD
opens nothing.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import Row

from exchange.core.errors import ExchangeError, NotFound
from exchange.core.model import Purpose
from exchange.steps import stop, view
from exchange.steps.view import Shelf
from exchange.web import frame
from exchange.web.frame import N_, PUBLIC, Route, gettext
from exchange.web.lengths import rough
from exchange.web.portal.session import can_read
from exchange.web.portal.visits import VISIT, Door, onward, service_of, show, visiting
from exchange.web.streaming import send_part
from exchange.web.translated import told

READING = (Purpose.VIEW, Purpose.DECIDE)
SIZES = ("normal", "large")
TOLD = frame.notice("told-facilitator", N_("Thank you. Your facilitator will read what you wrote."))
COPY = frame.notice("copy-decided", N_("Thank you. We have noted what should happen to it."))


@dataclass(frozen=True)
class Text:
    """One text of a message, opened: its heading (a message id), its language, its words."""

    heading: str
    language: str
    words: str
    made: str = ""
    """Of a translation: who made it, and whether somebody checked it."""


HEADINGS = {
    "text": N_("The letter"),
    "transcription": N_("The letter, typed out"),
    "transcript": N_("What is said"),
    "translation": N_("Translation"),
}


class Feedback(frame.Form):
    """A word to the facilitator."""

    text: str = Field(max_length=5000)
    wish: Literal["feedback", "call_me"] = "feedback"
    sentences: ClassVar = {"text": N_("Write something first, or ring us")}


class Copy(frame.Form):
    """What should happen to the recipient's copy (rule 16)."""

    copy_: Literal["kept", "returned", "destroyed"] = Field(alias="copy")
    sentences: ClassVar = {"copy": N_("Choose one of the answers")}


async def before(request: web.Request) -> web.Response:
    """GET …/before: what it is, what may be hard, who can be there; not now is as easy as going on."""
    found = visiting(request, *READING)
    try:
        shelf = await view.shelf(service_of(request), found)
    except ExchangeError:
        return show(request, "not_ready.html")
    return show(request, "before.html", length=found.payload.get("length") or rough(shelf.parts))


async def read(request: web.Request) -> web.Response:
    """GET …/read: the message itself."""
    found = visiting(request, *READING)
    if request.method == "HEAD":
        return web.Response()
    shelf = await view.shelf(service_of(request), found)
    return show(request, "read.html", **await contents(request, shelf), pages_shown="pages" in request.query)


async def contents(request: web.Request, shelf: Shelf) -> dict[str, Any]:
    """What `_message.html` shows: texts opened here, everything else by address."""
    texts = [await _text(request, part) for part in shelf.parts if _is_text(part)]
    address = f"/s/{request[VISIT].id}/part/"
    named = {part.name: address + part.name for part in shelf.parts}
    size = request.query.get("size", "normal")
    return {
        "kind": shelf.kind,
        "texts": [text for text in texts if text],
        "pages": [url for name, url in named.items() if name.startswith("page-")],
        "sound": named.get("sound"),
        "picture": named.get("picture"),
        "poster": named.get("poster", ""),
        "captions": [
            (named[part.name], part.facts.get("language", "en"), gettext("Captions"))
            for part in shelf.parts
            if part.name == "captions"
        ],
        "size": size if size in SIZES else "normal",
        "version_code": shelf.version_code,
    }


async def part(request: web.Request) -> web.StreamResponse:
    """GET …/part/{name}: bytes of one part, with ranges."""
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    # through a link for writing, that is the question which is answered
    found = visiting(request, *READING, Purpose.PREVIEW, Purpose.SUBMIT)
    service = service_of(request)
    return await send_part(request, service, await view.open_for_visitor(service, found, request.match_info["name"]))


async def still_open(request: web.Request) -> web.Response:
    """GET …/open: whether what is on the screen may stay there. Asked while something plays."""
    visiting(request, *READING, Purpose.PREVIEW)
    if not await can_read(request):
        raise NotFound
    return web.Response(status=204)


async def pause(request: web.Request) -> web.Response:
    """GET …/break: a quiet page; the way back and the ways to talk."""
    visiting(request, *READING)
    return show(request, "break.html")


async def after(request: web.Request) -> web.Response:
    """GET …/after."""
    visiting(request, *READING)
    return show(request, "after.html", can_read=await can_read(request))


async def tell(request: web.Request) -> web.Response:
    """POST …/after: a word to the facilitator, sealed to the case."""
    found = visiting(request, *READING)
    form = await frame.parse(request, Feedback)
    if isinstance(form, frame.ErrorSummary):
        return show(request, "after.html", form=form, status=422)
    await stop.tell(service_of(request), found, kind=form.wish, text=form.text)
    return onward(request, "/after", TOLD)


async def copy(request: web.Request) -> web.Response:
    """POST …/copy: kept for you, given back or destroyed."""
    found = visiting(request, *READING)
    form = await frame.parse(request, Copy)
    if isinstance(form, frame.ErrorSummary):
        return show(request, "after.html", form=form, can_read=await can_read(request), status=422)
    await view.keep(service_of(request), found, copy=form.copy_)
    return onward(request, "/after", COPY) if form.copy_ == "kept" else frame.see_other(request, "/finished")


async def finished(request: web.Request) -> web.Response:
    """GET /finished: the copy is gone and so is this visit."""
    return frame.render(request, "portal/finished.html")


async def _text(request: web.Request, row: Row[Any]) -> Text | None:
    service = service_of(request)
    opened = await view.open_for_visitor(service, request[VISIT], row.name)
    async with view.streaming(service, opened) as stream:
        words = (await opened.reader.whole()).decode("utf-8")
    if not stream.live:
        raise NotFound
    heading = HEADINGS.get(row.name.split("-")[0], HEADINGS["text"])
    return Text(heading, row.facts.get("language", ""), words, told(row.facts))


def _is_text(row: Row[Any]) -> bool:
    return str(row.media_type).startswith("text/plain")


ROUTES = [
    Route("GET", "/s/{session}/before", before, Door.PAGE),
    Route("GET", "/s/{session}/read", read, Door.PAGE),
    Route("GET", "/s/{session}/part/{name:[a-z0-9-]+}", part, Door.BYTES),
    Route("GET", "/s/{session}/open", still_open, Door.BYTES),
    Route("GET", "/s/{session}/break", pause, Door.PAGE),
    Route("GET", "/s/{session}/after", after, Door.PAGE),
    Route("POST", "/s/{session}/after", tell, Door.PAGE),
    Route("POST", "/s/{session}/copy", copy, Door.PAGE),
    Route("GET", "/finished", finished, PUBLIC),
]
