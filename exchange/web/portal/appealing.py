"""Through the stop link of their own message the author asks that somebody else looks again (rule 21).

The page and its answer are always the same: neither says whether the message was withheld, shared or read (rule 8).
"""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.errors import BadInput, Conflict
from exchange.core.model import Purpose
from exchange.steps import appeals, stop
from exchange.web import frame
from exchange.web.frame import N_, Route
from exchange.web.portal.visits import Door, onward, service_of, show, visiting


class Says(frame.Form):
    """What they want to say."""

    says: str = Field(max_length=4000)
    sentences: ClassVar = {"says": N_("Write what you want to say.")}


async def ask(request: web.Request) -> web.Response:
    """GET …/appeal."""
    visiting(request, Purpose.STOP)
    return show(request, "appeal.html")


async def do(request: web.Request) -> web.Response:
    """POST …/appeal: whatever came of it, the answer is the same."""
    found = visiting(request, Purpose.STOP)
    form = await frame.parse(request, Says)
    if isinstance(form, frame.ErrorSummary):
        return show(request, "appeal.html", form=form, status=422)
    try:
        await appeals.by_link(service_of(request), found, says=form.says)
    except BadInput as error:
        return show(request, "appeal.html", form=await frame.entered(request, error), status=422)
    except Conflict:  # two at once: the first one counts, and this is kept as a word to the facilitator
        await stop.tell(service_of(request), found, kind="appeal", text=form.says)
    return onward(request, "/appealed")


async def done(request: web.Request) -> web.Response:
    """GET …/appealed: always alike."""
    visiting(request, Purpose.STOP)
    return show(request, "appealed.html")


ROUTES = [
    Route("GET", "/s/{session}/appeal", ask, Door.PAGE),
    Route("POST", "/s/{session}/appeal", do, Door.PAGE),
    Route("GET", "/s/{session}/appealed", done, Door.PAGE),
]
