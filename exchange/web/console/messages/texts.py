"""Texts beside a message: typed here, or taken from a document and ticked to be shown."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.core.model import Kind
from exchange.steps import texts
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, named, newest_of, page, read_part
from exchange.web.console.messages.review import show_desk
from exchange.web.console.messages.words import LANGUAGES, TEXTS
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext

ADDED = frame.notice(
    "text-added", N_("The text stands beside it as a new version. Earlier approval and consent no longer count.")
)
SHOWN = frame.notice("text-shown", N_("The text will be shown with the pages. This is a new version to review."))
NO_MAKER = N_("Say who made the translation")
FITTING = {
    Kind.LETTER: ("transcription", "translation"),
    Kind.AUDIO: ("transcript", "captions", "translation"),
    Kind.VIDEO: ("transcript", "captions", "translation"),
}


class Text(frame.Form):
    """A text, what it is and in which language."""

    digest: str
    name: Literal["transcription", "transcript", "captions", "translation"]
    tongue: str
    made_by: Literal["", "person", "machine"] = ""
    who: str = Field(default="", max_length=texts.LONGEST_MAKER)
    checked: list[Literal["yes"]] = Field(default_factory=list)
    text: str = Field(max_length=texts.MOST_CHARACTERS)
    sentences: ClassVar = {
        "name": N_("Choose what this text is"),
        "tongue": N_("Choose the language of the text"),
        "text": N_("Type the text first"),
    }

    def translated(self) -> texts.Translated | None:
        """Who made it; None for what is no translation. BadInput where a translation does not say."""
        if self.name != "translation":
            return None
        if not self.made_by:
            raise BadInput(NO_MAKER, field="made_by")
        return texts.Translated(self.made_by, self.who, checked=bool(self.checked))


class Shown(frame.Form):
    """The tick at a text that is not shown: taken from a document, or typed before something was taken out."""

    digest: str
    name: str = Field(default="text", max_length=80)
    compared: Literal["yes"]
    sentences: ClassVar = {"compared": N_("Compare the text with the pages first, then tick")}


async def text_page(request: web.Request) -> web.StreamResponse:
    """The form; `?name=` goes on with a text that is there."""
    name = request.query.get("name", "")
    if not name:
        return await _show(request, frame.blank(tongue="en"), 200)
    found = await message_of(request)
    newest = newest_of(found)
    there = next((part for part in found.parts[newest.id] if part.name == name and part.facts.get("maker")), None)
    if there is None:
        return await _show(request, frame.blank(tongue="en"), 200)
    text = await read_part(request, found.message.id, name, digest=newest.digest)
    told = {"made_by": there.facts.get("made_by"), "checked": ["yes"] if there.facts.get("checked") else []}
    typed = {"name": name.split("-")[0], "tongue": there.facts.get("language"), "text": texts.without_maker(text)}
    return await _show(request, frame.blank(**typed, **told), 200)


async def add(request: web.Request) -> web.StreamResponse:
    """A new version with this text beside it."""

    async def act(form: Text) -> web.StreamResponse:
        message = id_of(request, "message")
        service, actor = service_of(request), actor_of(request)
        await texts.add_text(
            service, actor, message, base_digest=form.digest, name=form.name, language=form.tongue, text=form.text,
            translated=form.translated(),
        )  # fmt: skip
        return frame.see_other(request, f"/messages/{message}/review", done=ADDED)

    return await asked(request, Text, _show, act, at="text")


async def show(request: web.Request) -> web.StreamResponse:
    """Tick the extracted text."""

    async def act(form: Shown) -> web.StreamResponse:
        message = id_of(request, "message")
        await texts.show_text(service_of(request), actor_of(request), message, form.digest, form.name)
        return frame.see_other(request, f"/messages/{message}/review", done=SHOWN)

    return await asked(request, Shown, show_desk, act, at="compared")


async def _show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    newest = newest_of(found)
    parts = found.parts[newest.id]
    kinds = [(name, gettext(TEXTS[name])) for name in FITTING[Kind(found.message.kind)]]
    return page(
        request, "text", found, form, status=status, version=newest, kinds=kinds, tongues=list(LANGUAGES.items()),
        pages=named(parts, "page-"), sound=next((p for p in parts if p.name == "sound"), None),
        picture=next((p for p in parts if p.name == "picture"), None),
    )  # fmt: skip


ROUTES = [
    frame.Route("GET", "/messages/{message}/text", text_page, Permission.REVIEW),
    frame.Route("POST", "/messages/{message}/text", add, Permission.REVIEW, max_body=4 * 1024 * 1024),
    frame.Route("POST", "/messages/{message}/text/show", show, Permission.REVIEW),
]
