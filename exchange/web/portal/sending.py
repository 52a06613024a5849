"""Check and send; the receipt: reference, what happens next, the stop link and how to use it."""

from aiohttp import web

from exchange.core.errors import BadInput
from exchange.core.model import Purpose
from exchange.steps import draft, sending, so_far
from exchange.steps import settings as service_settings
from exchange.web import frame
from exchange.web.frame import Route
from exchange.web.portal.visits import Door, onward, service_of, show, visiting
from exchange.web.portal.writing import visiting_to_write


async def check(request: web.Request) -> web.Response:
    """GET …/check: what will be sent."""
    return await _check(request, frame.blank())


async def send(request: web.Request) -> web.Response:
    """POST …/check."""
    found = visiting_to_write(request)
    try:
        await sending.send(service_of(request), found)
    except BadInput as error:
        return await _check(request, frame.blank().add("", str(error)), 422)
    return onward(request, "/receipt")


async def receipt(request: web.Request) -> web.Response:
    """GET …/receipt: as long as this session lasts."""
    found = visiting(request, Purpose.SUBMIT)
    if "receipt" not in found.payload:
        return onward(request)
    told = found.payload["receipt"]
    address = await service_settings.portal_address(service_of(request))
    return show(request, "receipt.html", reference=told["reference"], stop_link=address + told["stop"])


async def _check(request: web.Request, form: frame.ErrorSummary, status: int = 200) -> web.Response:
    found, service = visiting_to_write(request), service_of(request)
    kept, rows = await draft.load(service, found), await so_far.files(service, found)
    text = kept.text if kept else ""
    typed = any(row.typed for row in rows)
    others = [row for row in rows if not row.typed]
    context = {"typed": text if typed else "", "left_out": bool(text.strip()) and not typed, "files": others}
    return show(request, "check.html", form=form, status=status, **context)


ROUTES = [
    Route("GET", "/s/{session}/check", check, Door.PAGE),
    Route("POST", "/s/{session}/check", send, Door.PAGE),
    Route("GET", "/s/{session}/receipt", receipt, Door.PAGE),
]
