"""Before you write, and writing: kept as one goes, also without scripts and over a lost connection (rule 9)."""

from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.errors import BadInput
from exchange.core.model import Kind, Purpose
from exchange.steps import draft, intake, sending, so_far, wording
from exchange.steps.visit import Visit
from exchange.web import frame
from exchange.web import guidance as guidance_words
from exchange.web.frame import N_, Route, gettext
from exchange.web.frame.dates import moment
from exchange.web.frame.i18n import current_language
from exchange.web.frame.problems import wants_json
from exchange.web.frame.state import FORM
from exchange.web.portal.dialogue import beside, must_agree
from exchange.web.portal.keeping import seal_text
from exchange.web.portal.session import locked_page
from exchange.web.portal.visits import VISIT, Door, cookie_of, onward, service_of, session_id, show, visiting

MOST_BODY = 1024 * 1024


class Letter(frame.Form):
    """The letter so far, and what to do with it."""

    text: str = Field(default="", max_length=intake.MOST_CHARACTERS)
    go: Literal["save", "next", "attach"] = "save"
    sentences: ClassVar = {"text": N_("This is longer than we can take. Please split it in two.")}


class Way(frame.Form):
    """How a letter is put in."""

    way: Literal["write", "record", "upload"]
    sentences: ClassVar = {"way": N_("Choose one of the answers")}


async def guidance(request: web.Request) -> web.Response:
    """GET …/guidance: what helps, what hurts, who reads it, when we must tell someone."""
    found = visiting_to_write(request)
    await must_agree(request, found)
    own = await guidance_words.own(service_of(request))
    words = own or guidance_words.of_the_house(current_language())
    privacy = wording.current("privacy", current_language()).paragraphs
    return show(request, "guidance.html", privacy=privacy, words=words, own=own, **await beside(request, found))


async def choose(request: web.Request) -> web.Response:
    """GET …/way: write or record here, or send a file; and what was begun before."""
    await must_agree(request, visiting_to_write(request))
    return await _ways(request, frame.blank())


async def chosen(request: web.Request) -> web.Response:
    """POST …/way."""
    visiting_to_write(request)
    form = await frame.parse(request, Way)
    if isinstance(form, frame.ErrorSummary):
        return await _ways(request, form, 422)
    return onward(request, f"/{form.way}")


async def write(request: web.Request) -> web.Response:
    """GET …/write: the letter as it was kept last."""
    found = visiting_to_write(request)
    await must_agree(request, found)
    kept = await draft.load(service_of(request), found)
    return await _write(request, frame.blank(text=kept.text if kept else ""), saved=kept and kept.at)


async def keep(request: web.Request) -> web.Response:
    """POST …/write: keep it; with `next`, put it in and go on to the check. Locked meanwhile: code first."""
    form = await frame.parse(request, Letter)
    if VISIT not in request:
        return locked_page(request, frame.blank(), kept=_sealed(request))
    found = visiting_to_write(request)
    if isinstance(form, frame.ErrorSummary):
        return await _write(request, form, 422)
    service = service_of(request)
    at = await draft.save(service, found, form.text)
    if wants_json(request):
        saved = moment(at, request.app[frame.SITE].zone)
        return web.json_response({"words": gettext("Saved %(time)s") % {"time": saved}})
    if form.go == "save":
        return onward(request, "/write")
    if form.go == "attach" and not form.text:
        return onward(request, "/upload")
    try:
        await sending.write(service, found, form.text)
    except BadInput as error:
        return await _write(request, await frame.entered(request, error, "text"), 422)
    return onward(request, "/upload" if form.go == "attach" else "/check")


async def _write(request: web.Request, form: frame.ErrorSummary, status: int = 200, **known: Any) -> web.Response:
    """The page, with what stands above it: the ground rules, and the question that is answered."""
    above = await beside(request, visiting_to_write(request))
    return show(request, "write.html", form=form, status=status, **known, **above)


def visiting_to_write(request: web.Request) -> Visit:
    """The visit, unless it was sent already: then the receipt."""
    found = visiting(request, Purpose.SUBMIT)
    if "receipt" in found.payload:
        raise web.HTTPSeeOther(f"/s/{found.id}/receipt")
    return found


def _sealed(request: web.Request) -> str:
    text = request[FORM].get("text", "") if FORM in request else ""
    return seal_text(cookie_of(request) or "", session_id(request), text)


async def _ways(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    found = visiting_to_write(request)
    begun = await so_far.files(service_of(request), found)
    kind = found.payload.get("kind", Kind.LETTER)
    return show(request, "way.html", form=form, kind=kind, begun=begun, status=status)


ROUTES = [
    Route("GET", "/s/{session}/guidance", guidance, Door.PAGE),
    Route("GET", "/s/{session}/way", choose, Door.PAGE),
    Route("POST", "/s/{session}/way", chosen, Door.PAGE),
    Route("GET", "/s/{session}/write", write, Door.PAGE),
    Route("POST", "/s/{session}/write", keep, Door.KEEP, max_body=MOST_BODY),
]
