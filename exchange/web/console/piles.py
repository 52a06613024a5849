"""Replies that were scanned in one go: put in the file, see what was found, put each reply in (rule 20)."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import BadInput, NotFound, TooLarge
from exchange.core.piles import MOST_BYTES, LeftOver, PileTooLarge
from exchange.steps import pile_replies, piles
from exchange.steps.piles import PartView, PileView
from exchange.steps.rejections import SENTENCES
from exchange.store.piles import JPEG
from exchange.web import frame
from exchange.web.attachment import named
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.messages.arriving import one_file
from exchange.web.console.post import Code
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext

TAKEN = frame.notice("pile-taken", N_("It is here, locked away. In a minute or two it says what was found."))
PUT_IN = frame.notice("pile-put-in", N_("Put in. Each reply is made safe now, then it waits for review."))
ASSIGNED = frame.notice("pile-assigned", N_("Now it is known whose reply this is. Look at it, then put it in."))
HANDED_ON = frame.notice(
    "pile-handed-on", N_("These pages belong to another team's case. They have been told. Keep the paper for them.")
)
AWAY = frame.notice("pile-away", N_("Thrown away here. The paper is still yours to look after."))
CHOOSE = N_("Choose a file first.")
STATES: dict[str, str] = {
    "waiting": N_("Being read"),
    "read": N_("Ready to look at"),
    "refused": N_("Could not be used"),
}
WHY: dict[str, str] = {
    LeftOver.NO_CODE: N_("No code was found on these pages or before them."),
    LeftOver.TWO_CODES: N_("There are two different codes on one page."),
    LeftOver.AGAIN: N_("Its code was found before, further up in the pile. Look if it is a reply of its own."),
    LeftOver.UNKNOWN: N_("No sheet with this code went out from here."),
    LeftOver.CLOSED: N_("The case of this code is closed."),
}


class Ticked(frame.Form):
    """The replies that are to be put in."""

    parts: list[UUID] = Field(min_length=1)
    sentences: ClassVar = {"parts": N_("Tick the replies that you have looked at")}


class Sure(frame.Form):
    """Thrown away is for good."""

    sure: Literal["yes"]
    sentences: ClassVar = {"sure": N_("Tick this to throw it away")}


async def page(request: web.Request) -> web.StreamResponse:
    """Put one in, and what is there."""
    return await _page(request, frame.blank(), 200)


async def put_in(request: web.Request) -> web.StreamResponse:
    """Take the file."""
    try:
        body, name = await one_file(request, MOST_BYTES, missing=CHOOSE, too_large=PileTooLarge())
        pile = await piles.put_in(service_of(request), actor_of(request), body, name)
    except (BadInput, TooLarge) as error:
        return await _page(request, frame.blank().add("file", str(error)), error.status)
    return frame.see_other(request, f"/piles/{pile}", done=TAKEN)


async def look(request: web.Request) -> web.StreamResponse:
    """What was found in it."""
    return await _look(request, frame.blank(), 200)


async def put_in_ticked(request: web.Request) -> web.StreamResponse:
    """One after the other; where one cannot be, those before it are put in and the page says why not."""

    async def act(form: Ticked) -> web.StreamResponse:
        for part in form.parts:
            await pile_replies.put_in(service_of(request), actor_of(request), id_of(request, "pile"), part)
        return await _onwards(request, PUT_IN)

    return await asked(request, Ticked, _look, act, at="parts")


async def throw_file_away(request: web.Request) -> web.StreamResponse:
    """A file that could not be read."""

    async def act(_form: Sure) -> web.StreamResponse:
        await piles.throw_file_away(service_of(request), actor_of(request), id_of(request, "pile"))
        return frame.see_other(request, "/piles", done=AWAY)

    return await asked(request, Sure, _look, act, at="sure")


async def part_page(request: web.Request) -> web.StreamResponse:
    """The pages of one part, and what can be done with them."""
    return await _part_page(request, frame.blank(), 200)


async def put_part_in(request: web.Request) -> web.StreamResponse:
    """This one."""
    return await asked(request, frame.Form, _part_page, lambda _form: _put_part_in(request))


async def assign(request: web.Request) -> web.StreamResponse:
    """Whose it is, by the code typed from the sheet."""

    async def act(form: Code) -> web.StreamResponse:
        pile, part = id_of(request, "pile"), id_of(request, "part")
        mine = await pile_replies.assign(service_of(request), actor_of(request), pile, part, form.code)
        place = f"/piles/{pile}/parts/{part}" if mine else f"/piles/{pile}"
        return frame.see_other(request, place, done=ASSIGNED if mine else HANDED_ON)

    return await asked(request, Code, _part_page, act, at="code")


async def throw_away(request: web.Request) -> web.StreamResponse:
    """Not put in."""

    async def act(_form: Sure) -> web.StreamResponse:
        pile, part = id_of(request, "pile"), id_of(request, "part")
        await piles.throw_away(service_of(request), actor_of(request), pile, part)
        return await _onwards(request, AWAY)

    return await asked(request, Sure, _part_page, act, at="sure")


async def picture(request: web.Request) -> web.StreamResponse:
    """One page. HEAD is refused: it would need a leaf and hand over nothing."""
    if request.method != "GET":
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    number = int(found) if (found := request.match_info["page"]).isdecimal() and len(found) < 5 else 0
    pile, part = id_of(request, "pile"), id_of(request, "part")
    body = await piles.open_page(service_of(request), actor_of(request), pile, part, number)
    headers = {**named(f"page-{number}.jpg", shown=True), "Cache-Control": "no-store"}
    return web.Response(body=body, content_type=JPEG, headers=headers)


async def _put_part_in(request: web.Request) -> web.StreamResponse:
    pile, part = id_of(request, "pile"), id_of(request, "part")
    await pile_replies.put_in(service_of(request), actor_of(request), pile, part)
    return await _onwards(request, PUT_IN)


async def _onwards(request: web.Request, done: Any) -> web.StreamResponse:
    """To what is left of the pile; to the others where nothing is."""
    try:
        view = await piles.look(service_of(request), actor_of(request), id_of(request, "pile"))
    except NotFound:
        return frame.see_other(request, "/piles", done=done)
    return frame.see_other(request, f"/piles/{view.pile.id}", done=done)


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await piles.all_of(service_of(request), actor_of(request))
    listed = [(view, words.said(STATES, view.pile.state)) for view in found]
    return frame.render(request, "console/piles.html", {"form": form, "listed": listed}, status=status)


async def _look(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await piles.look(service_of(request), actor_of(request), id_of(request, "pile"))
    context = {
        "form": form,
        "view": view,
        "wrong": gettext(SENTENCES.get(view.pile.refused_code or "", "")),
        "sure": [one for one in view.parts if one.open and one.certain],
        "left": [(one, _why(one)) for one in view.parts if one.open and not one.certain],
        "others": [one for one in view.parts if not one.open],
    }
    return frame.render(request, "console/pile.html", context, status=status)


def _why(one: PartView) -> str:
    return words.said(WHY, one.part.why) if one.part.why else ""


async def _part_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await piles.look(service_of(request), actor_of(request), id_of(request, "pile"))
    one = _part_of(view, id_of(request, "part"))
    context = {"form": form, "view": view, "one": one, "why": _why(one)}
    return frame.render(request, "console/pile_part.html", context, status=status)


def _part_of(view: PileView, part: UUID) -> PartView:
    found = next((one for one in view.parts if one.open and one.part.id == part), None)
    if found is None:
        raise NotFound
    return found


PLACE = "/piles/{pile}"
PART = PLACE + "/parts/{part}"
OPEN = Permission.CASE_OPEN
ROUTES = [
    frame.Route("GET", "/piles", page, OPEN),
    frame.Route("POST", "/piles", put_in, OPEN, csrf=frame.Csrf.HANDLER),
    frame.Route("GET", PLACE, look, OPEN),
    frame.Route("POST", PLACE, put_in_ticked, OPEN),
    frame.Route("POST", PLACE + "/away", throw_file_away, OPEN),
    frame.Route("GET", PART, part_page, OPEN),
    frame.Route("POST", PART, put_part_in, OPEN),
    frame.Route("POST", PART + "/code", assign, OPEN),
    frame.Route("POST", PART + "/away", throw_away, OPEN),
    frame.Route("GET", PART + "/pages/{page}", picture, OPEN),
]
