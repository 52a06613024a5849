"""With me, and printed: the release that is under way on the facilitator's own device or printer."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from aiohttp import web
from sqlalchemy import Row

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import ReleaseWay
from exchange.steps import release, view
from exchange.store import read
from exchange.store.read import MessageView
from exchange.web import attachment, frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, named, page, part_words, read_part, texts_of
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_
from exchange.web.pack_words import is_large, pack_pdf

ENDED = frame.notice("presented", N_("Recorded. Ask in two working days how they are."))


class Afterwards(frame.Form):
    """What became of the copy (rule 16)."""

    copy_now: Literal["kept", "returned", "destroyed"]
    sentences: ClassVar = {"copy_now": N_("Choose what happens to it now")}


async def present_page(request: web.Request) -> web.StreamResponse:
    """Full screen: who is there, the content note, the message, stop."""
    return await _show(request, frame.blank(), 200)


async def print_page(request: web.Request) -> web.StreamResponse:
    """Coversheet, pages or text, reply sheet; `?large=yes` in large print, which is the default in custody."""
    return await _show(request, frame.blank(), 200)


async def pack(request: web.Request) -> web.StreamResponse:
    """The print pack as one PDF: `?large=yes` or `no`, `?language=`; without them as the recipient needs it."""
    asked_size, language = request.query.get("large"), request.query.get("language")
    large = asked_size == "yes" if asked_size in ("yes", "no") else None
    service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
    body = await pack_pdf(service, actor, message, id_of(request, "release"), large=large, language=language)
    headers = {**attachment.named("sheets.pdf"), "Cache-Control": "no-store"}
    return web.Response(body=body, content_type="application/pdf", headers=headers)


async def end(request: web.Request) -> web.StreamResponse:
    """Afterwards: kept, returned, destroyed."""

    async def act(form: Afterwards) -> web.StreamResponse:
        message, one = id_of(request, "message"), id_of(request, "release")
        await release.end_presentation(service_of(request), actor_of(request), one, copy=form.copy_now)
        return frame.see_other(request, f"/messages/{message}", done=ENDED)

    return await asked(request, Afterwards, _show, act, at="copy_now")


async def _show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    row, there = _release(found, id_of(request, "release"))
    version = next(r for r in found.revisions if r.digest == row.digest)
    parts = [part for part in found.parts[version.id] if view.is_shown(part)]
    texts = [await _text(request, found.message.id, part, row.id) for part in texts_of(parts)]
    template = "printed" if row.way == ReleaseWay.PRINTED else "present"
    person = await read.person_view(service_of(request), actor_of(request), found.message.recipient_id)
    return page(
        request, template, found, form, status=status, release=row, there=there, version=version,
        note=found.offers[0][1] if found.offers else "", pages=named(parts, "page-"), texts=texts,
        sound=any(p.name == "sound" for p in parts), picture=any(p.name == "picture" for p in parts),
        large=request.query.get("large", "yes" if is_large(person) else "no") == "yes",
        theirs=person.person.language, pack_code=found.packs.get(row.id, ""),
    )  # fmt: skip


def _release(found: MessageView, one: UUID) -> tuple[Row[Any], str]:
    """The release of the address, while it is under way in one of these two ways."""
    for row, there in found.releases:
        if row.id == one and row.way != ReleaseWay.LINK and row.ended_at is None:
            return row, there
    raise NotFound("This has ended. Start again from the message.")


async def _text(request: web.Request, message: UUID, part: Row[Any], one: UUID) -> dict[str, str]:
    text = await read_part(request, message, part.name, release=one)
    return {"name": part.name, "words": part_words(part), "text": text, "language": part.facts.get("language", "")}


ROUTES = [
    frame.Route("GET", "/messages/{message}/present/{release}", present_page, Permission.CONTENT),
    frame.Route("GET", "/messages/{message}/print/{release}", print_page, Permission.CONTENT),
    frame.Route("GET", "/messages/{message}/print/{release}/pack", pack, Permission.CONTENT),
    frame.Route("POST", "/messages/{message}/present/{release}/end", end, Permission.CONTENT),
]
