"""The words of a recording in their time: click one and the sound goes there, strike some and they fall silent."""

import re
from typing import Any, ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core import captions as vtt
from exchange.core.access import Permission
from exchange.core.captions import Cue
from exchange.core.edits import Why
from exchange.core.errors import BadInput
from exchange.steps import captions, redact
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, newest_of, page, read_part
from exchange.web.console.messages.caption_form import shown
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext
from exchange.web.taken_out import WHYS

WANTED = frame.notice("words-muted", N_("It is on the list. It is made silent when the new version is made."))


class Mute(frame.Form):
    """A span of the version on the page, in milliseconds, and why it is made silent."""

    digest: str
    span: str = Field(max_length=24)
    why: Why | None = None
    words: str = Field(default="", max_length=redact.MOST_WORDS)
    sentences: ClassVar = {
        "span": N_("Choose some words first"),
        "why": N_("Choose why this is taken out."),
        "words": N_("Write the reason in fewer words."),
    }


async def listen(request: web.Request) -> web.StreamResponse:
    """The recording and its words."""
    return await _show(request, frame.blank(), 200)


async def mute(request: web.Request) -> web.StreamResponse:
    """Put what was chosen on the list of what is taken out."""

    async def act(form: Mute) -> web.StreamResponse:
        message = id_of(request, "message")
        service, actor = service_of(request), actor_of(request)
        about = {"digest": form.digest, "why": form.why or "", "words": form.words}
        await captions.mute(service, actor, message, span=_span(form.span), **about)
        return frame.see_other(request, f"/messages/{message}/words", done=WANTED)

    return await asked(request, Mute, _show, act, at="span")


async def _show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    version = newest_of(found)
    parts = {part.name: part for part in found.parts[version.id]}
    spoken = parts.get("captions")
    text = await read_part(request, found.message.id, "captions", digest=version.digest) if spoken is not None else ""
    return page(
        request, "timed", found, form, status=status, version=version, sound=parts.get("sound"),
        picture=parts.get("picture"), cues=[_cue(one) for one in vtt.parse(text)] if text else [],
        spoken_in=spoken.facts.get("language", "") if spoken is not None else "",
        whys=[(why, gettext(sentence)) for why, sentence in WHYS.items()],
    )  # fmt: skip


def _cue(one: Cue) -> dict[str, Any]:
    """A line as the page shows it: pieces with their times, one where there are no word times."""
    return {
        "start": one.start,
        "end": one.end,
        "at": shown(one.start),
        "pieces": [{"start": start, "end": end, "words": piece.text} for start, end, piece in one.spans()],
    }


def _span(untrusted: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", untrusted)
    if found is None:
        raise BadInput("Choose some words first", field="span")
    return int(found[1]), int(found[2])


PATH = "/messages/{message}/words"
ROUTES = [
    frame.Route("GET", PATH, listen, Permission.REVIEW),
    frame.Route("POST", PATH, mute, Permission.REVIEW),
]
