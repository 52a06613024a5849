"""One part of the clean version: choose a place in it, say why, and put it on the list of what is taken out."""

import json
from itertools import pairwise
from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core import places
from exchange.core.access import Permission
from exchange.core.edits import FITTING, MACHINE, Doing, Edit, Why
from exchange.core.errors import BadInput, NotFound
from exchange.core.model import Kind
from exchange.steps import redact
from exchange.steps.redact import Workshop
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages import words
from exchange.web.console.messages.about import message_of, named, page, part_words, read_part
from exchange.web.console.messages.changes import lines, open_parts, warnings
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext
from exchange.web.taken_out import WHYS

ON_THE_LIST = frame.notice("edit-wanted", N_("It is on the list. It is taken out when the new version is made."))
VOICES = {"lower": N_("Lower"), "higher": N_("Higher"), MACHINE: N_("A machine reads the captions aloud")}


class Taking(frame.Form):
    """One thing to take out of one part; which fields count is said by `doing`."""

    doing: Doing
    start: str = Field(default="", max_length=20)
    end: str = Field(default="", max_length=20)
    struck: str = Field(default="", max_length=2000)
    nth: int = Field(default=1, ge=1, le=10_000)
    left: str = Field(default="", max_length=10)
    top: str = Field(default="", max_length=10)
    width: str = Field(default="", max_length=10)
    height: str = Field(default="", max_length=10)
    whole: Literal["", "yes"] = ""
    how: Literal["", "lower", "higher", "machine"] = ""
    why: Why | None = None
    words: str = Field(default="", max_length=redact.MOST_WORDS)
    then: Literal["add", "show"] = "add"
    sentences: ClassVar = {
        "doing": N_("Choose what is done to it"),
        "why": N_("Choose why this is taken out."),
        "words": N_("Write the reason in fewer words."),
        "struck": N_("Choose fewer words"),
        "nth": N_("Enter a whole number"),
    }

    @property
    def box(self) -> str:
        """The four numbers together, "" where none was given."""
        given = (self.left, self.top, self.width, self.height)
        return ",".join(one.replace(",", ".") for one in given) if any(given) else ""


async def part_page(request: web.Request) -> web.StreamResponse:
    """One part of the clean version, to choose a place in it."""
    return await _part(request, frame.blank(), 200)


async def add(request: web.Request) -> web.StreamResponse:
    """Put one change on the list, or show first where it would be."""

    async def act(form: Taking) -> web.StreamResponse:
        message, name = id_of(request, "message"), request.match_info["name"]
        service, actor = service_of(request), actor_of(request)
        shop = await redact.workshop(service, actor, message)
        edit = await _edit(request, shop, name, form)
        if form.then == "show":
            given = {key: value for key, value in form.model_dump(mode="json").items() if value not in (None, "")}
            return await _part(request, frame.blank(**given), 200, shown=edit)
        await redact.want(service, actor, message, edit, why=form.why or "", words=form.words)
        return frame.see_other(request, f"/messages/{message}/changes/{name}", done=ON_THE_LIST)

    return await asked(request, Taking, _part, act, at="doing")


async def _part(
    request: web.Request, form: frame.ErrorSummary, status: int, *, shown: Edit | None = None
) -> web.Response:
    found, name = await message_of(request), request.match_info["name"]
    shop = await redact.workshop(service_of(request), actor_of(request), found.message.id)
    part = next((part for part in shop.parts if part.name == name and name in open_parts(shop)), None)
    if part is None:
        raise NotFound
    mine = [one for one in shop.wanted if one.edit.part == name]
    text = await read_part(request, found.message.id, name, digest=shop.clean.digest) if name == "text" else ""
    fitting = [doing for doing, prefix in FITTING[Kind(found.message.kind)].items() if name.startswith(prefix)]
    silent = part.facts.get("sound") is False
    hidden = {Doing.VOICE, Doing.MUTE, Doing.BLEEP} if silent else {Doing.VOICE}
    return page(
        request, "change_part", found, form, status=status,
        shop=shop, part=part, part_words=part_words(part), clean=shop.clean, pages=named(shop.parts, "page-"),
        lines=lines(shop, found.staff, name), pieces=_pieces(text, [one.edit for one in mine], shown),
        boxes=[[edge / 100 for edge in one.edit.box] for one in mine if one.edit.box],
        shown=[edge / 100 for edge in shown.box] if shown and shown.box else None, show=shown,
        doings=[(d.value, gettext(words.DOINGS[d])) for d in fitting if d not in hidden], empty=frame.blank(),
        masks=Doing.VOICE in fitting and not silent, voices=[(how, gettext(told)) for how, told in VOICES.items()
                if how != MACHINE or name == "sound"],
        whys=[(why, gettext(sentence)) for why, sentence in WHYS.items()], warnings=warnings(shop, name),
        spans=json.dumps([[one.edit.start, one.edit.end] for one in mine if one.edit.end]),
    )  # fmt: skip


async def _edit(request: web.Request, shop: Workshop, name: str, form: Taking) -> Edit:
    """What the form asks for. Raises BadInput with the field."""
    if form.doing == Doing.STRIKE:
        text = await read_part(request, shop.message.id, name, digest=shop.clean.digest) if name == "text" else ""
        span = places.find_words(text, form.struck, form.nth)
        if span is None:
            raise BadInput("These words are not in the text. Copy them exactly as they stand there.", field="struck")
        return Edit(form.doing, name, *span)
    if form.doing == Doing.VOICE:
        return Edit(form.doing, name, how=form.how)
    if form.doing == Doing.FACES:
        return Edit(form.doing, name)
    box = None
    if form.doing in (Doing.COVER, Doing.BLUR):
        box = places.box(form.box) if form.box else None
        if box is None and (form.box or not form.whole):
            raise BadInput("Say where it is: draw the place, give its four numbers, or tick the whole.", field="left")
    return Edit(form.doing, name, *_span(form), box=box)


def _span(form: Taking) -> tuple[int, int]:
    if not form.start and not form.end and form.doing in (Doing.COVER, Doing.BLUR):
        return 0, 0
    told = [places.milliseconds(form.start), places.milliseconds(form.end)]
    for field, value in zip(("start", "end"), told, strict=True):
        if value is None:
            raise BadInput("Enter the time in minutes and seconds, such as 1:05.2.", field=field)
    return told[0] or 0, told[1] or 0


def _pieces(text: str, edits: list[Edit], shown: Edit | None) -> list[dict[str, Any]]:
    """The text in pieces: struck, about to be struck, or left."""
    spans = [(edit.start, edit.end, "struck") for edit in edits] + (
        [(shown.start, shown.end, "shown")] if shown else []
    )
    edges = sorted({0, len(text)} | {at for start, end, _ in spans for at in (start, end) if at <= len(text)})
    return [
        {"words": text[at:until], "as": next((how for start, end, how in spans if start <= at < end), "")}
        for at, until in pairwise(edges)
    ]


ROUTES = [
    frame.Route("GET", "/messages/{message}/changes/{name}", part_page, Permission.REVIEW),
    frame.Route("POST", "/messages/{message}/changes/{name}", add, Permission.REVIEW),
]
