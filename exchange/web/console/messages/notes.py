"""Notes pinned to a time, a region of a page or of the picture, or words of a text."""

from typing import Any, ClassVar

from aiohttp import web
from pydantic import Field
from sqlalchemy import Row

from exchange.core import places
from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import Kind
from exchange.steps import review
from exchange.store.read import MessageView
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, read_part, texts_of
from exchange.web.console.messages.review import show_desk
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_

NOTED = frame.notice("noted", N_("The note was added. Only the team can read it."))
NOT_FOUND = N_("These words are not in the texts. Copy them exactly as they stand there.")


class Note(frame.Form):
    """A note at a place: a page or a time, a region of it, or words of a text."""

    digest: str
    text: str = Field(max_length=2000)
    place: str = Field(default="", max_length=20)
    box: str = Field(default="", max_length=40)
    words: str = Field(default="", max_length=500)
    nth: int = Field(default=1, ge=1, le=10_000)
    part: str = Field(default="", max_length=80)
    sentences: ClassVar = {
        "text": N_("Write the note first"),
        "words": N_("Choose fewer words"),
        "nth": N_("Enter a whole number"),
    }


async def note(request: web.Request) -> web.StreamResponse:
    """Add a note for the team."""

    async def act(form: Note) -> web.StreamResponse:
        found = await message_of(request)
        version = next((row for row in found.revisions if row.digest == form.digest), None)
        place = await _place(request, found, version, form)
        service, actor = service_of(request), actor_of(request)
        await review.add_note(service, actor, found.message.id, form.digest, text=form.text, place=place)
        older = f"?version={version.number}" if version and version is not found.newest else ""
        return frame.see_other(request, f"/messages/{found.message.id}/review{older}#notes", done=NOTED)

    return await asked(request, Note, show_desk, act, at="text")


async def _place(request: web.Request, found: MessageView, version: Row[Any] | None, form: Note) -> dict[str, Any]:
    """The place that was typed or drawn. Raises BadInput where it is none, or two."""
    if form.words:
        if form.place or form.box:
            raise BadInput("Give words of the text, or a page or time. Not both.", field="words")
        return await _words(request, found, version, form)
    if not form.place:
        return {}
    region = places.box(form.box) if form.box else None
    if form.box and region is None:
        raise BadInput("This place cannot be used. Choose it again.", field="place")
    told = _page(form.place) if found.message.kind == Kind.LETTER else _time(form.place)
    return told | ({"box": list(region)} if region else {})


async def _words(request: web.Request, found: MessageView, version: Row[Any] | None, form: Note) -> dict[str, Any]:
    parts = texts_of(found.parts[version.id]) if version else []
    for part in parts:
        if form.part in ("", part.name):
            text = await read_part(request, found.message.id, part.name, digest=form.digest)
            span = places.find_words(text, form.words, form.nth)
            if span:
                return {"text": part.name, "start": span[0], "end": span[1]}
    raise BadInput(NOT_FOUND, field="words")


def _page(untrusted: str) -> dict[str, Any]:
    if untrusted.isascii() and untrusted.isdigit():
        return {"page": int(untrusted)}
    raise BadInput("Enter the number of the page, such as 2.", field="place")


def _time(untrusted: str) -> dict[str, Any]:
    span = places.milliseconds(untrusted)
    if span is None:
        raise BadInput("Enter the time in minutes and seconds, such as 1:05.", field="place")
    return {"seconds": span / 1000 if span % 1000 else span // 1000}


ROUTES = [
    frame.Route("POST", "/messages/{message}/note", note, Permission.REVIEW),
]
