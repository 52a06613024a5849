"""Erasing one message, by a supervisor: what goes and what stays is said before the button."""

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import Conflict
from exchange.core.model import Event
from exchange.steps import erase
from exchange.web import frame
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

ERASED = frame.notice("erased", N_("It is erased. What stays says that something happened, not what it was."))


async def erase_page(request: web.Request) -> web.StreamResponse:
    """What goes, what stays. `Conflict` where it cannot be erased: a concern must be decided first."""
    found = await message_of(request)
    if Event.ERASE not in found.events:
        raise Conflict("This message cannot be erased as it stands.")
    return page(request, "erase", found)


async def erase_now(request: web.Request) -> web.StreamResponse:
    """Erase it."""
    message = id_of(request, "message")
    await erase.erase_message(service_of(request), actor_of(request), message)
    return frame.see_other(request, f"/messages/{message}", done=ERASED)


ROUTES = [
    frame.Route("GET", "/messages/{message}/erase", erase_page, Permission.CASE_CLOSE),
    frame.Route("POST", "/messages/{message}/erase", erase_now, Permission.CASE_CLOSE),
]
