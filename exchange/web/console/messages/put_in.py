"""Putting something in for a participant: from whom to whom, what it is, and then its bytes."""

from typing import ClassVar, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound, Refused
from exchange.core.model import Given, Kind, State
from exchange.steps import intake, upload
from exchange.store import read
from exchange.store.read import MessageView
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages import words
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.messages.arriving import MOST_AT_ONCE, take_files
from exchange.web.console.messages.between import people_of, recipient_of
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_, gettext
from exchange.web.tus import UploadActor, tus_routes

SENT = frame.notice("message-sent", N_("It is put in. The service is making it safe; then it can be reviewed."))
FILES_ARRIVED = frame.notice("files-arrived", N_("The files have arrived. Check them, then put the message in."))
FILE_GONE = frame.notice("file-gone", N_("The file was taken away."))
BEGUN_AGAIN = frame.notice("begun-again", N_("Put it in again here. What was put in before stays locked away."))

KIND_OF = {
    "question": Kind.LETTER,
    "typed": Kind.LETTER,
    "file": Kind.LETTER,
    "scan": Kind.LETTER,
    "audio": Kind.AUDIO,
    "video": Kind.VIDEO,
}
WHAT: dict[str, tuple[str, str]] = {
    "question": (N_("One question that I type in"), N_("What they would like to know from the other person")),
    "typed": (N_("A letter that I type in"), N_("Read out to you, or copied from paper")),
    "file": (N_("A letter in a file"), N_("PDF, Word (.docx), text, or a picture of a page")),
    "scan": (N_("Photos or scans of pages"), N_("JPEG, PNG, HEIC or TIFF, one picture per page, in their order")),
    "audio": (N_("A sound recording"), N_("m4a, mp3, wav, flac, ogg, webm and others that phones make")),
    "video": (N_("A video"), N_("mp4, mov, webm, mkv, avi, 3gp")),
}
ACCEPT = {
    "file": ".pdf,.docx,.odt,.rtf,.doc,.txt,image/*",
    "scan": "image/*,.heic,.heif,.tif,.tiff,.pdf",
    "audio": "audio/*,.m4a,.mp3,.wav,.flac,.ogg,.webm,.amr,.3gp",
    "video": "video/*,.mp4,.mov,.webm,.mkv,.avi,.3gp",
}


class NewMessage(frame.Form):
    """From whom, to whom, and what."""

    author: UUID
    recipient: UUID | None = None  # with two people in the case, the other one
    what: Literal["question", "typed", "file", "scan", "audio", "video"]
    never_sent: list[Literal["yes"]] = Field(default_factory=list)
    sentences: ClassVar = {
        "author": N_("Choose who it is from"),
        "what": N_("Choose what you put in"),
    }


class Typed(frame.Form):
    """A letter as it is typed."""

    text: str = Field(max_length=intake.MOST_CHARACTERS)
    given: Literal["paper", "phone", "in_person"] = "paper"
    sentences: ClassVar = {"text": N_("Type the letter first"), "given": N_("Choose how you were given the words")}


async def new_page(request: web.Request) -> web.StreamResponse:
    """The three questions; with two people only, the second answers itself."""
    return await _show_new(request, frame.blank(author=request.query.get("author")), 200)


async def begin(request: web.Request) -> web.StreamResponse:
    """Begin it, and go on to its bytes."""

    async def act(form: NewMessage) -> web.StreamResponse:
        service, actor, case = service_of(request), actor_of(request), id_of(request, "case")
        recipient = await recipient_of(request, form.author, form.recipient)
        message = await intake.begin_message(
            service, actor, case, author=form.author, recipient=recipient, kind=KIND_OF[form.what],
            never_sent=bool(form.never_sent), asks=form.what == "question",
        )  # fmt: skip
        what = "typed" if form.what == "question" else form.what
        return frame.see_other(request, f"/messages/{message}/upload?what={what}")

    return await asked(request, NewMessage, _show_new, act, at="author")


async def upload_page(request: web.Request) -> web.StreamResponse:
    """What has arrived, and the way to add to it."""
    return await _show_upload(request, frame.blank(given=Given.PAPER), 200)


async def type_letter(request: web.Request) -> web.StreamResponse:
    """Take the typed letter and put it in."""

    async def act(form: Typed) -> web.StreamResponse:
        service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
        await intake.write_letter(service, actor, message, form.text, given=Given(form.given))
        await intake.finish(service, actor, message)
        return frame.see_other(request, f"/messages/{message}", done=SENT)

    return await asked(request, Typed, _show_typed, act, at="text")


async def files(request: web.Request) -> web.StreamResponse:
    """Files by a plain form, for browsers without scripts; at most 64 MiB at once."""
    message = id_of(request, "message")
    wrong = await take_files(request, message)
    if wrong:
        return await _show_upload(request, frame.blank().add("files", wrong), 422)
    return frame.see_other(request, _here(request, message), done=FILES_ARRIVED)


async def take_away(request: web.Request) -> web.StreamResponse:
    """Take one file away again."""
    service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
    arrived = await read.uploads_of(service, actor, message)
    one = id_of(request, "upload")
    if one not in {file.id for file in arrived}:
        raise NotFound
    await upload.drop_upload(service, actor, one)
    return frame.see_other(request, _here(request, message), done=FILE_GONE)


async def send(request: web.Request) -> web.StreamResponse:
    """Everything is here: put it in."""

    async def act(_form: frame.Form) -> web.StreamResponse:
        message = id_of(request, "message")
        await intake.finish(service_of(request), actor_of(request), message)
        return frame.see_other(request, f"/messages/{message}", done=SENT)

    return await asked(request, frame.Form, _show_upload, act, at="files")


async def again(request: web.Request) -> web.StreamResponse:
    """Begin the next round of what came back or could not be used."""
    message = id_of(request, "message")
    await intake.put_in_again(service_of(request), actor_of(request), message)
    return frame.see_other(request, f"/messages/{message}/upload", done=BEGUN_AGAIN)


async def _who_uploads(request: web.Request) -> UploadActor:
    return UploadActor(actor_of(request))


async def _show_new(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    case = await read.case_view(service_of(request), actor_of(request), id_of(request, "case"))
    what = [(code, gettext(label), gettext(hint)) for code, (label, hint) in WHAT.items()]
    context = {"form": form, "case": case, "people": people_of(case), "what": what}
    return frame.render(request, "console/messages/new.html", context, status=status)


async def _show_upload(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    if found.message.state != State.RECEIVING:
        raise Refused("This has been sent already. Nothing was changed.")
    arrived = await read.uploads_of(service_of(request), actor_of(request), found.message.id)
    what = _what(request, found)
    most = min(MOST_AT_ONCE, service_of(request).settings.max_upload)
    return page(
        request, "upload", found, form, status=status, what=what, arrived=arrived, accept=ACCEPT.get(what, ""),
        formats=gettext(WHAT[what][1]), ways=WHAT, most_plain=most >> 20, all_here=_all_here(arrived),
        given=[(code, gettext(label), "") for code, label in words.GIVEN.items()],
        several=found.message.kind == Kind.LETTER, max_size=service_of(request).settings.max_upload,
    )  # fmt: skip


async def _show_typed(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    return await _show_upload(request, form, status)


def _what(request: web.Request, found: MessageView) -> str:
    """Which way of putting in the page shows: as asked, as far as it fits the kind."""
    asked_for = request.query.get("what", "typed" if request.path.endswith("/typed") else "")
    fitting = [what for what, kind in KIND_OF.items() if kind == found.message.kind and what != "question"]
    return asked_for if asked_for in fitting else fitting[-1] if len(fitting) == 1 else "file"


def _all_here(arrived: list[read.Arrived]) -> bool:
    return bool(arrived) and all(file.complete for file in arrived)


def _here(request: web.Request, message: UUID) -> str:
    what = request.query.get("what", "")
    return f"/messages/{message}/upload" + (f"?what={what}" if what in WHAT else "")


P = Permission.PUT_IN
ROUTES = [
    frame.Route("GET", "/cases/{case}/messages/new", new_page, P),
    frame.Route("POST", "/cases/{case}/messages/new", begin, P),
    frame.Route("GET", "/messages/{message}/upload", upload_page, P),
    frame.Route("POST", "/messages/{message}/upload", files, P, csrf=frame.Csrf.HANDLER),
    frame.Route("POST", "/messages/{message}/upload/typed", type_letter, P, max_body=4 * 1024 * 1024),
    frame.Route("POST", "/messages/{message}/upload/{upload}/away", take_away, P),
    frame.Route("POST", "/messages/{message}/send", send, P),
    frame.Route("POST", "/messages/{message}/put-in-again", again, P),
    *tus_routes("/uploads", _who_uploads, permission=P),
]
