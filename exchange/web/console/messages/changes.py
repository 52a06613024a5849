"""Taking something out: the list of what is to go and why, adding to it, and making the new version."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.edits import FITTING, Doing, to_json
from exchange.core.gate import SHAREABLE
from exchange.core.model import Kind
from exchange.steps import redact
from exchange.steps.redact import Workshop
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages import working
from exchange.web.console.messages.about import message_of, page, part_words
from exchange.web.console.session import actor_of, as_id, id_of, service_of
from exchange.web.console.words import said
from exchange.web.frame import N_, gettext
from exchange.web.taken_out import WHYS, what

TAKEN_BACK = frame.notice("edit-dropped", N_("This change is taken back. The next version has this place again."))
ASKED = frame.notice("making", N_("The new version is being made."), tone="plain")


async def changes(request: web.Request) -> web.StreamResponse:
    """The list, and making the new version."""
    return await _list(request, frame.blank(), 200)


async def make(request: web.Request) -> web.StreamResponse:
    """Ask for the new version."""

    async def act(_: frame.Form) -> web.StreamResponse:
        await redact.make(service_of(request), actor_of(request), id_of(request, "message"))
        return frame.see_other(request, f"/messages/{id_of(request, 'message')}/changes#making", done=ASKED)

    return await asked(request, frame.Form, _list, act)


async def take_back(request: web.Request) -> web.StreamResponse:
    """One change is wanted no more."""

    async def act(_: frame.Form) -> web.StreamResponse:
        message = id_of(request, "message")
        await redact.drop(service_of(request), actor_of(request), message, as_id(request.match_info["edit"]))
        return frame.see_other(request, f"/messages/{message}/changes", done=TAKEN_BACK)

    return await asked(request, frame.Form, _list, act)


async def making(request: web.Request) -> web.StreamResponse:
    """How far the new version is, for the page's own script."""
    found = await message_of(request)
    shop = await redact.workshop(service_of(request), actor_of(request), found.message.id)
    return web.json_response(working.told(shop.making))


async def _list(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    shop = await redact.workshop(service_of(request), actor_of(request), found.message.id)
    return page(
        request, "changes", found, form, status=status,
        shop=shop, lines=lines(shop, found.staff), places=open_parts(shop), why=WHYS, making=working.told(shop.making),
        made=working.made(shop), warnings=warnings(shop), clean=shop.clean,
    )  # fmt: skip


def lines(shop: Workshop, staff: Mapping[Any, str], name: str = "") -> list[dict[str, Any]]:
    """The list in words: what, where, why, who."""
    return [
        {
            "id": one.id,
            "part": one.edit.part,
            "what": what(json.loads(to_json(one.edit))),
            "why": said(WHYS, one.why),
            "words": one.words,
            "who": staff.get(one.account, ""),
            "at": one.at,
        }
        for one in shop.wanted
        if name in ("", one.edit.part)
    ]


def open_parts(shop: Workshop) -> dict[str, str]:
    """The parts out of which something can be taken: name and words."""
    prefixes = tuple(FITTING[Kind(shop.message.kind)].values())
    return {part.name: part_words(part) for part in shop.parts if part.name.startswith(prefixes)}


def warnings(shop: Workshop, name: str = "") -> list[str]:
    """Where something that is taken out may stand a second time."""
    has_pages = any(part.name.startswith("page-") for part in shop.parts)
    texts = any(part.media_type.startswith("text/") for part in shop.parts)
    told = []
    if shop.message.state in SHAREABLE:
        told.append(
            gettext(
                "This version is approved. As soon as something is on the list, it is not shared any more: nobody can "
                "open it before a new version is approved and agreed to."
            )
        )
    doings = {one.edit.doing for one in shop.wanted}
    if has_pages and (name == "text" or (not name and Doing.STRIKE in doings)):
        told.append(gettext("The pages still show words that are taken out of the text. Cover them on the pages too."))
    if texts and has_pages and (name.startswith("page-") or (not name and Doing.COVER in doings)):
        told.append(
            gettext(
                "A text beside the pages may still say what is covered. It is not shown until somebody ticks it again."
            )
        )
    return told


ROUTES = [
    frame.Route("GET", "/messages/{message}/changes", changes, Permission.REVIEW),
    frame.Route("POST", "/messages/{message}/changes", make, Permission.REVIEW),
    frame.Route("GET", "/messages/{message}/making", making, Permission.REVIEW),
    frame.Route("POST", "/messages/{message}/changes/{edit}/take-back", take_back, Permission.REVIEW),
]
