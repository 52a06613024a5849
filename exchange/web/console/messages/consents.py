"""What author and recipient decided, recorded by staff: to share exactly this version, to receive it."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core import alone
from exchange.core.access import Permission
from exchange.core.model import ConsentKind, Event, Method, Receiving
from exchange.steps import consent, texts, view, wordings
from exchange.steps.consent import Said
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages import words
from exchange.web.console.messages.about import message_of, newest_of, page
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import METHODS, choices
from exchange.web.frame import N_
from exchange.web.frame.i18n import current_language

SHARES = frame.notice("shares", N_("Recorded: the author agrees to share exactly this version."))
SHARES_NOT = frame.notice("shares-not", N_("Recorded: it is not shared. Nobody can read it now."))
RECEIVES = frame.notice("receives", N_("Recorded: they want to receive it. Next, hand it over."))
RECEIVES_LATER = frame.notice("receives-later", N_("Recorded: not now. Nobody will press them."))
RECEIVES_NOT = frame.notice("receives-not", N_("Recorded: no for now. They can think again at any time."))
ALONE = frame.notice(
    "original-left-out",
    N_("In this new version only the translation is handed over. Review it, then let the author see it and decide."),
)
BESIDE = frame.notice(
    "original-beside",
    N_("In this new version the original goes with the translation. Review it, then let the author see it and decide."),
)
BY_STAFF = (Method.IN_PERSON, Method.PHONE, Method.WRITING, Method.PAPER)
METHOD_CHOICES: dict[str, str] = {method: METHODS[method] for method in BY_STAFF}


class Share(frame.Form):
    """The author's decision about one exact version."""

    digest: str
    wording: str = Field(max_length=40)
    language: str = Field(default="", max_length=5)
    given: Literal["yes", "no"]
    method: Literal["in_person", "phone", "writing", "paper"]
    paper_code: str = Field(default="", max_length=20)
    read_back: bool = False
    note: str = Field(default="", max_length=4000)
    sentences: ClassVar = {
        "given": N_("Choose what the author decided"),
        "method": N_("Choose how they told you"),
    }


class Original(frame.Form):
    """Whether the author wants only the translation to be handed over."""

    digest: str
    left_out: Literal["yes", "no"]


class Receive(frame.Form):
    """The recipient's answer, how they wish to receive, and what the author may learn (nothing by default)."""

    wording: str = Field(max_length=40)
    language: str = Field(default="", max_length=5)
    answer: Literal["yes", "later", "no"]
    method: Literal["in_person", "phone", "writing", "paper"]
    how: Literal["", "alone", "with_facilitator", "with_supporter", "printed", "read_aloud"] = ""
    learn: list[Literal["offered", "accepted", "opened"]] = Field(default_factory=list)
    note: str = Field(default="", max_length=4000)
    sentences: ClassVar = {
        "answer": N_("Choose what they answered"),
        "method": N_("Choose how they told you"),
    }


async def share_page(request: web.Request) -> web.StreamResponse:
    """The author's decision, with the words they agree to."""
    return await _show_share(request, frame.blank(), 200)


async def share(request: web.Request) -> web.StreamResponse:
    """Record it."""

    async def act(form: Share) -> web.StreamResponse:
        found = await message_of(request)
        given = form.given == "yes"
        said = Said(
            Method(form.method),
            form.wording,
            form.language,
            form.note,
            paper_code=form.paper_code,
            read_back=form.read_back,
        )
        service, actor, message = service_of(request), actor_of(request), found.message
        about = {"message_id": message.id, "digest": form.digest}
        await consent.record(service, actor, message.author_id, ConsentKind.SHARE, given, said, **about)
        return frame.see_other(request, f"/messages/{message.id}", done=SHARES if given else SHARES_NOT)

    return await asked(request, Share, _show_share, act, at="given")


async def original(request: web.Request) -> web.StreamResponse:
    """A new version with the original left out, or with it beside the translation again."""

    async def act(form: Original) -> web.StreamResponse:
        message, out = id_of(request, "message"), form.left_out == "yes"
        await texts.leave_out(service_of(request), actor_of(request), message, form.digest, left_out=out)
        return frame.see_other(request, f"/messages/{message}/review", done=ALONE if out else BESIDE)

    return await asked(request, Original, _show_share, act)


async def receive_page(request: web.Request) -> web.StreamResponse:
    """The recipient's answer."""
    return await _show_receive(request, frame.blank(), 200)


async def receive(request: web.Request) -> web.StreamResponse:
    """Record it: yes, not now, or no for now."""

    async def act(form: Receive) -> web.StreamResponse:
        found = await message_of(request)
        service, actor, message = service_of(request), actor_of(request), found.message
        said = Said(
            Method(form.method),
            form.wording,
            form.language,
            form.note,
            how_to_receive=Receiving(form.how) if form.how and form.answer == "yes" else None,
            author_may_learn=tuple(form.learn),
        )
        if form.answer == "later":
            await consent.postpone(service, actor, message.recipient_id, message.id, said)
        else:
            kind, given = ConsentKind.RECEIVE, form.answer == "yes"
            await consent.record(service, actor, message.recipient_id, kind, given, said, message_id=message.id)
        done = {"yes": RECEIVES, "later": RECEIVES_LATER, "no": RECEIVES_NOT}[form.answer]
        return frame.see_other(request, f"/messages/{id_of(request, 'message')}", done=done)

    return await asked(request, Receive, _show_receive, act, at="answer")


async def _show_share(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    text = await wordings.in_use(service_of(request), ConsentKind.SHARE, current_language())
    newest = newest_of(found)
    parts = found.parts[newest.id]
    return page(
        request, "consent_share", found, form, status=status, version=newest, text=text,
        left_out=alone.is_alone(part.facts for part in parts),
        may_leave_out=Event.REVISE in found.events and view.has_translation(parts),
        in_force=found.known.share, dictated=found.dictated, methods=choices(METHOD_CHOICES),
    )  # fmt: skip


async def _show_receive(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    text = await wordings.in_use(service_of(request), ConsentKind.RECEIVE, current_language())
    return page(
        request, "consent_receive", found, form, status=status, text=text, in_force=found.known.receive,
        methods=choices(METHOD_CHOICES), ways=choices(words.RECEIVING),
        learn=choices(words.MAY_LEARN), may_wait=Event.POSTPONE in found.events,
    )  # fmt: skip


ROUTES = [
    frame.Route("GET", "/messages/{message}/consent/share", share_page, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/consent/share", share, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/original", original, Permission.REVIEW),
    frame.Route("GET", "/messages/{message}/consent/receive", receive_page, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/consent/receive", receive, Permission.CONSENT),
]
