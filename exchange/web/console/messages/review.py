"""The review desk: one exact version to see, hear and judge."""

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy import Row

from exchange.core import alone, boxes
from exchange.core.access import Permission
from exchange.core.differences import moved
from exchange.core.edits import Doing
from exchange.core.model import State
from exchange.steps import review, view
from exchange.steps.redact import Workshop
from exchange.store import read
from exchange.store.read import MessageView, PersonView
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages import marks, working
from exchange.web.console.messages.about import (
    first_of_round,
    has,
    message_of,
    named,
    newest_of,
    page,
    part_words,
    read_part,
    texts_of,
    version_numbered,
)
from exchange.web.console.messages.pins import Pin, pins_of
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import MEANS, said
from exchange.web.frame import N_
from exchange.web.taken_out import told

APPROVED = frame.notice("approved", N_("Approved. Next, the author decides whether to share exactly this version."))
FIRST_APPROVAL = frame.notice(
    "approved-first", N_("Your approval is recorded. A second facilitator must look at it too."), tone="plain"
)
KEPT = frame.notice("kept", N_("Kept. It is never sent to anybody."))
WAVEFORM_UP_TO = 40 * 1024 * 1024
"""Bytes of a recording that the page's script takes whole to draw it; longer ones show the worker's picture."""


class Approve(frame.Form):
    """Five ticks and how every word was understood, about one exact version."""

    digest: str
    ticks: list[str] = Field(default_factory=list)
    understood: Literal["myself", "interpreter", "colleague", "software"]
    sentences: ClassVar = {"understood": N_("Say how you understood every word")}


class Keep(frame.Form):
    """About one exact version."""

    digest: str


async def desk(request: web.Request) -> web.StreamResponse:
    """The newest version, or an earlier one to compare with (`?version=1`)."""
    return await show_desk(request, frame.blank(), 200)


async def approve(request: web.Request) -> web.StreamResponse:
    """Approve exactly what was on the page."""

    async def act(form: Approve) -> web.StreamResponse:
        message = id_of(request, "message")
        done = await review.approve(
            service_of(request), actor_of(request), message, form.digest, ticks=form.ticks, understood=form.understood
        )
        return frame.see_other(request, f"/messages/{message}", done=APPROVED if done else FIRST_APPROVAL)

    return await asked(request, Approve, show_desk, act, at="ticks")


async def keep(request: web.Request) -> web.StreamResponse:
    """A letter never to be sent was read."""

    async def act(form: Keep) -> web.StreamResponse:
        message = id_of(request, "message")
        await review.keep(service_of(request), actor_of(request), message, form.digest)
        return frame.see_other(request, f"/messages/{message}", done=KEPT)

    return await asked(request, Keep, show_desk, act)


async def show_desk(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    """The desk with a form's errors."""
    found = await message_of(request)
    version = version_numbered(found, request.query.get("version", ""))
    parts, pins = found.parts[version.id], pins_of(found, version)
    author, contact = [
        await read.person_view(service_of(request), actor_of(request), who)
        for who in (found.message.author_id, found.message.recipient_id)
    ]
    left = await read.marks_left(service_of(request), actor_of(request), found.message.id)
    shop = await working.workshop_of(service_of(request), actor_of(request), found)
    struck = await _struck(request, version, parts, shop)
    words, people = await _words(request, version, parts), (author, contact)
    texts = [await _text(request, version, part, people, left, pins, struck, words) for part in texts_of(parts)]
    return page(
        request, "review", found, form, status=status,
        version=version, parts=parts, as_it_came=[part.name for part in named(parts, "came-")],
        pages=named(parts, "page-"), newest=version.id == newest_of(found).id,
        texts=texts, sound=_one(parts, "sound"), picture=_one(parts, "picture"), waveform_up_to=WAVEFORM_UP_TO,
        storyboard=_one(parts, "storyboard"), notes=pins, recipient=contact,
        not_looked_at=sum(not mark.looked for text in texts for mark in text["marks"]),
        shop=shop, making=working.told(shop.making if shop else None), taken_out=told(found.edits[version.id]),
        left=[(text, mark) for text in texts for mark in text["marks"] if mark.looked == "left"],
        show_left=request.query.get("left") == "yes", compare_with=first_of_round(found, version),
        means=said(MEANS, contact.contact.get("means", "")),
        can_approve=_can_approve(found, version, actor_of(request).id),
        in_review=found.message.state == State.IN_REVIEW, alone=alone.is_alone(part.facts for part in parts),
    )  # fmt: skip


async def _text(
    request: web.Request,
    version: Row[Any],
    part: Row[Any],
    people: Iterable[PersonView],
    left: read.Left,
    pins: list[Pin],
    struck: list[tuple[int, int]],
    words: bytes,
) -> dict[str, Any]:
    text = await read_part(request, version.message_id, part.name, digest=version.digest)
    found = await marks.shown(text, people, left, struck if part.name == "text" else ())
    noted = [(p.number, p.place["start"], p.place["end"]) for p in pins if p.here and p.place.get("text") == part.name]
    return {
        "name": part.name,
        "words": part_words(part),
        "marks": found,
        "pieces": marks.pieces(text, found, noted, only := boxes.alone(words, part.name, text)),
        "alone": len(only),
        "source": part.facts.get("source", ""),
        "was_alone": part.facts.get("alone", 0) > 0,
        "compared": part.facts.get("compared"),
        "extracted": part.name == "text" and part.facts.get("source") in ("extracted", "ocr"),
        "shown": part.facts.get("shown", True),
        "ticked": bool(part.facts.get("ticked")),
        "hidden": part.facts.get("source") == "typed" and not part.facts.get("shown", True),
        "language": part.facts.get("language", ""),
    }


async def _struck(
    request: web.Request, version: Row[Any], parts: list[Row[Any]], shop: Workshop | None
) -> list[tuple[int, int]]:
    """Which characters of the version's text the list takes out; its places are those of the clean version."""
    spans = [(one.edit.start, one.edit.end) for one in shop.wanted if one.edit.doing == Doing.STRIKE] if shop else []
    now = _one(parts, "text")
    clean = _one(shop.parts, "text") if shop else None
    if not spans or now is None or clean is None or shop is None or now.sha256 == clean.sha256:
        return spans
    old, new = [
        await read_part(request, version.message_id, "text", digest=digest)
        for digest in (shop.clean.digest, version.digest)
    ]
    return [there for span in spans if (there := await asyncio.to_thread(moved, old, new, *span))]


async def _words(request: web.Request, version: Row[Any], parts: list[Row[Any]]) -> bytes:
    """Where the words of the texts stand, and which are in one of them only; nothing where that was not found out."""
    if not has(parts, "words"):
        return b""
    service, actor = service_of(request), actor_of(request)
    opened = await view.open_for_staff(service, actor, version.message_id, "words", digest=version.digest)
    return await opened.reader.whole()


def _one(parts: list[Row[Any]], name: str) -> Row[Any] | None:
    return next((part for part in parts if part.name == name), None)


def _can_approve(found: MessageView, version: Row[Any], account: UUID | None) -> bool:
    """Whether the form shows: the newest version, in review, not approved by this person before."""
    mine = any(a.account == account and a.digest == version.digest for a in found.known.approvals)
    return found.message.state == State.IN_REVIEW and version is newest_of(found) and not mine


ROUTES = [
    frame.Route("GET", "/messages/{message}/review", desk, Permission.CONTENT),
    frame.Route("POST", "/messages/{message}/review", approve, Permission.REVIEW),
    frame.Route("POST", "/messages/{message}/keep", keep, Permission.REVIEW),
]
