"""The review desk: one exact version to see, hear and judge."""

from collections.abc import Iterable
from typing import Any, ClassVar, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy import Row

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import Kind, State
from exchange.steps import review
from exchange.store import read
from exchange.store.read import MessageView, PersonView
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages import marks
from exchange.web.console.messages.about import (
    message_of,
    named,
    newest_of,
    page,
    part_words,
    read_part,
    texts_of,
)
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import MEANS, said
from exchange.web.frame import N_

APPROVED = frame.notice("approved", N_("Approved. Next, the author decides whether to share exactly this version."))
FIRST_APPROVAL = frame.notice(
    "approved-first", N_("Your approval is recorded. A second facilitator must look at it too."), tone="plain"
)
NOTED = frame.notice("noted", N_("The note was added. Only the team can read it."))
WAVEFORM_UP_TO = 40 * 1024 * 1024
"""Bytes of a recording that the page's script takes whole to draw it; longer ones show the worker's picture."""


class Approve(frame.Form):
    """Five ticks and how every word was understood, about one exact version."""

    digest: str
    ticks: list[str] = Field(default_factory=list)
    understood: Literal["myself", "interpreter", "colleague", "software"]
    sentences: ClassVar = {"understood": N_("Say how you understood every word")}


class Note(frame.Form):
    """A note at a time of a recording, or on a page."""

    digest: str
    text: str = Field(max_length=2000)
    place: str = Field(default="", max_length=20)
    sentences: ClassVar = {"text": N_("Write the note first")}


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


async def note(request: web.Request) -> web.StreamResponse:
    """Add a note for the team."""

    async def act(form: Note) -> web.StreamResponse:
        found = await message_of(request)
        place = _place(found.message.kind, form.place)
        service, actor = service_of(request), actor_of(request)
        await review.add_note(service, actor, found.message.id, form.digest, text=form.text, place=place)
        return frame.see_other(request, f"/messages/{found.message.id}/review", done=NOTED)

    return await asked(request, Note, show_desk, act, at="text")


async def show_desk(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    """The desk with a form's errors."""
    found = await message_of(request)
    version = _version(found, request.query.get("version", ""))
    parts = found.parts[version.id]
    author, contact = [
        await read.person_view(service_of(request), actor_of(request), who)
        for who in (found.message.author_id, found.message.recipient_id)
    ]
    return page(
        request, "review", found, form, status=status,
        version=version, parts=parts, as_it_came=[part.name for part in named(parts, "came-")],
        pages=named(parts, "page-"), newest=version.id == newest_of(found).id,
        texts=[await _text(request, found.message.id, version, part, (author, contact)) for part in texts_of(parts)],
        sound=_one(parts, "sound"), picture=_one(parts, "picture"), waveform_up_to=WAVEFORM_UP_TO,
        storyboard=_one(parts, "storyboard"), notes=_notes(found, version), recipient=contact,
        means=said(MEANS, contact.contact.get("means", "")),
        can_approve=_can_approve(found, version, actor_of(request).id),
        in_review=found.message.state == State.IN_REVIEW,
    )  # fmt: skip


async def _text(
    request: web.Request, message: UUID, version: Row[Any], part: Row[Any], people: Iterable[PersonView]
) -> dict[str, Any]:
    text = await read_part(request, message, part.name, digest=version.digest)
    return {
        "name": part.name,
        "words": part_words(part),
        "pieces": await marks.pieces(text, people),
        "extracted": part.facts.get("source") == "extracted",
        "shown": part.facts.get("shown", True),
        "ticked": bool(part.facts.get("ticked")),
        "language": part.facts.get("language", ""),
    }


def _version(found: MessageView, untrusted_number: str) -> Row[Any]:
    newest = newest_of(found)
    if not untrusted_number:
        return newest
    for row in found.revisions:
        if str(row.number) == untrusted_number:
            return row
    raise NotFound


def _one(parts: list[Row[Any]], name: str) -> Row[Any] | None:
    return next((part for part in parts if part.name == name), None)


def _can_approve(found: MessageView, version: Row[Any], account: UUID | None) -> bool:
    """Whether the form shows: the newest version, in review, not approved by this person before."""
    mine = any(a.account == account and a.digest == version.digest for a in found.known.approvals)
    return found.message.state == State.IN_REVIEW and version is newest_of(found) and not mine


def _notes(found: MessageView, version: Row[Any]) -> list[dict[str, Any]]:
    return [
        {"at": row.at, "who": found.staff.get(row.account_id, ""), "place": row.place, "text": text}
        for row, text in found.notes
        if row.digest == version.digest
    ]


def _place(kind: str, untrusted: str) -> dict[str, int]:
    """`1:05` of a recording becomes seconds; of a letter, the page's number. Nothing for anything else."""
    numbers = [int(part) for part in untrusted.split(":") if part.isascii() and part.isdigit() and len(part) <= 5]
    if not numbers or len(numbers) != len(untrusted.split(":")) or len(numbers) > 3:
        return {}
    if kind == Kind.LETTER:
        return {"page": numbers[0]}
    seconds = 0
    for number in numbers:
        seconds = seconds * 60 + number
    return {"seconds": seconds}


ROUTES = [
    frame.Route("GET", "/messages/{message}/review", desk, Permission.CONTENT),
    frame.Route("POST", "/messages/{message}/review", approve, Permission.REVIEW),
    frame.Route("POST", "/messages/{message}/note", note, Permission.REVIEW),
]
