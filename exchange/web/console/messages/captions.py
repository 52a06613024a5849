"""Captions: the lines of what is said, with their times; written by hand, from a file, or after a machine's draft."""

import re
from typing import Any

from aiohttp import web
from multidict import MultiDict

from exchange.core import captions as vtt
from exchange.core.access import Permission
from exchange.core.captions import Captions
from exchange.core.errors import BadInput, Conflict, ExchangeError, Refused, TooLarge, WrongLine
from exchange.steps import captions, transcribing
from exchange.steps.captions import Sheet
from exchange.steps.rejections import NO_EARS, SENTENCES
from exchange.web import frame
from exchange.web.console.messages.about import message_of, newest_of, page
from exchange.web.console.messages.arriving import one_file
from exchange.web.console.messages.caption_form import ADDED, PER_PAGE, merged, rows_of
from exchange.web.console.messages.words import LANGUAGES
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext
from exchange.web.frame.forms import form_of
from exchange.web.frame.problems import wants_json

KEPT = frame.notice("captions-kept", N_("The lines are kept. They are not shown to anybody before you save them."))
SAVED = frame.notice(
    "captions-saved", N_("The captions stand beside it as a new version. Earlier approval and consent no longer count.")
)
DROPPED = frame.notice("captions-dropped", N_("The lines were thrown away."))
TAKEN = frame.notice("captions-taken", N_("The lines of the file are here. Check them, then save them."))
MOST_BYTES = 2_000_000
LISTENING = N_("A machine is listening to the recording.")


async def edit(request: web.Request) -> web.StreamResponse:
    """The recording above, a page of lines below; `?first=` is the first line of the page."""
    return await _show(request, frame.blank(), 200)


async def change(request: web.Request) -> web.StreamResponse:
    """Keep the lines of the page; with `do`, go on to other lines, throw all away, or save them as a new version."""
    fields, message = await form_of(request), id_of(request, "message")
    do, service, actor = fields.get("do", "keep"), service_of(request), actor_of(request)
    here = f"/messages/{message}/captions"
    if do == "drop":
        await captions.drop(service, actor, message)
        return frame.see_other(request, here, done=DROPPED)
    try:
        number, count = await _keep(request, fields)
        if wants_json(request):
            return web.json_response({"number": number, "count": count, "words": gettext("Kept")})
        if do == "save":
            ticked = {"checked": fields.get("checked") == "yes", "transcript": fields.get("transcript") == "yes"}
            await captions.save(service, actor, message, number=number, **ticked)
            return frame.see_other(request, f"/messages/{message}/review", done=SAVED)
    except (BadInput, Conflict, Refused) as error:
        if wants_json(request):
            return web.json_response({"words": _sentence(error)}, status=error.status)
        return await _show(request, _again(fields, error), error.status)
    first = do.removeprefix("first-") if re.fullmatch(r"first-[0-9]{1,5}", do) else fields["first"]
    return frame.see_other(request, f"{here}?first={first}#lines", done=KEPT)


async def take_file(request: web.Request) -> web.StreamResponse:
    """A .vtt or .srt file, cleaned; its lines become the sheet, to be looked at before they are saved."""
    message, service, actor = id_of(request, "message"), service_of(request), actor_of(request)
    try:
        found = vtt.parse(await _file(request))
        if not found:
            raise BadInput("There is no line of captions in this text.", field="file")
        sheet = await captions.sheet(service, actor, message)
        await captions.keep(
            service, actor, message,
            digest=sheet.digest, number=sheet.number, language=sheet.language, captions=found,
        )  # fmt: skip
    except (BadInput, TooLarge, Conflict) as error:
        return await _show(request, frame.blank().add("file", _sentence(error)), error.status)
    return frame.see_other(request, f"/messages/{message}/captions", done=TAKEN)


async def hear(request: web.Request) -> web.StreamResponse:
    """Let a machine write a draft; a worker does it."""
    fields, message = await form_of(request), id_of(request, "message")
    service = service_of(request)
    if fields.get("language", "") not in transcribing.heard_here(service):
        return await _show(request, frame.blank().add("hear", _no_ears()), 422)
    await captions.ask(service, actor_of(request), message, language=fields["language"])
    return frame.see_other(request, f"/messages/{message}/captions")


async def progress(request: web.Request) -> web.StreamResponse:
    """How far the machine is, for the page's own script."""
    state, percent = await captions.how_far(service_of(request), actor_of(request), id_of(request, "message"))
    return web.json_response({"state": state, "percent": percent, "words": f"{gettext(LISTENING)} {percent} %"})


async def _keep(request: web.Request, fields: MultiDict[str]) -> tuple[int, int]:
    """The sheet's new number, and how many lines the page has now."""
    message, service, actor = id_of(request, "message"), service_of(request), actor_of(request)
    sheet = await captions.sheet(service, actor, message)
    if fields.get("number") != str(sheet.number) or fields.get("digest") != sheet.digest:
        raise Conflict
    lines = merged(sheet.captions, fields, dividing=not wants_json(request))
    language = fields.get("language", sheet.language)
    number = await captions.keep(
        service, actor, message, digest=sheet.digest, number=sheet.number, captions=lines, language=language
    )
    return number, int(fields["count"]) + len(lines) - len(sheet.captions)


async def _file(request: web.Request) -> str:
    taken, _ = await one_file(request, MOST_BYTES, missing="Choose a file first.", too_large=TooLarge())
    try:
        return taken.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("This is no text file. Captions end in .vtt or .srt.", field="file") from None


def _again(fields: MultiDict[str], error: ExchangeError) -> frame.ErrorSummary:
    """What was typed, with what is wrong."""
    values = {name: fields.getall(name) for name in fields if name != "csrf"}
    field = error.field if isinstance(error, BadInput) else ""
    return frame.ErrorSummary(values).add(field or "lines", _sentence(error))


def _sentence(error: ExchangeError) -> str:
    if isinstance(error, WrongLine):
        return gettext(error.pattern) % {"line": error.line}
    return gettext(str(error))


async def _show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    version = newest_of(found)
    sheet = await captions.sheet(service_of(request), actor_of(request), found.message.id)
    parts = {part.name: part for part in found.parts[version.id]}
    first = _first(form.value("first") or request.query.get("first", "0"), sheet.captions)
    rows = rows_of(sheet.captions, first)
    return page(
        request, "captions", found, form, status=status, sheet=sheet, version=version, first=first, rows=rows,
        pages=_pages(sheet.captions), per_page=PER_PAGE, whole=len(sheet.captions), typed=_typed(form),
        sound=parts.get("sound"), picture=parts.get("picture"), tongues=list(LANGUAGES.items()),
        heard=[(code, LANGUAGES.get(code, code)) for code in sorted(transcribing.heard_here(service_of(request)))],
        why=_why(sheet), blank_language=frame.blank(language=sheet.language),
        listening=f"{gettext(LISTENING)} {sheet.progress} %",
    )  # fmt: skip


def _typed(form: frame.ErrorSummary) -> list[dict[str, Any]]:
    """The lines as they were sent, where something was wrong with them."""
    places = [place for place in range(PER_PAGE + ADDED) if f"text-{place}" in form.entered]
    return [{name: form.value(f"{name}-{place}") for name in ("start", "end", "text")} for place in places]


def _first(untrusted: str, lines: Captions) -> int:
    """The first line of a page that there is."""
    wanted = int(untrusted) if untrusted.isascii() and untrusted.isdigit() and len(untrusted) < 6 else 0
    return max(0, min(wanted, len(lines) - 1)) // PER_PAGE * PER_PAGE


def _pages(lines: Captions) -> list[tuple[int, int]]:
    """First and last line of each page, from 1."""
    return [(at, min(at + PER_PAGE, len(lines))) for at in range(0, len(lines), PER_PAGE)]


def _no_ears() -> str:
    return gettext(SENTENCES[NO_EARS])


def _why(sheet: Sheet) -> str:
    """Why the machine wrote nothing."""
    return gettext(SENTENCES[sheet.refused_code]) if sheet.refused_code in SENTENCES else ""


PATH = "/messages/{message}/captions"
ROUTES = [
    frame.Route("GET", PATH, edit, Permission.REVIEW),
    frame.Route("POST", PATH, change, Permission.REVIEW),
    frame.Route("POST", PATH + "/file", take_file, Permission.REVIEW, csrf=frame.Csrf.HANDLER),
    frame.Route("POST", PATH + "/hear", hear, Permission.REVIEW),
    frame.Route("GET", PATH + "/progress", progress, Permission.REVIEW),
]
