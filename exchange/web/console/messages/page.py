"""The message's page: where it stands, what is still needed, what is possible now, what happened."""

from typing import Any

from aiohttp import web

from exchange.core.access import ON_THE_TEAM, Permission
from exchange.core.checklist import REASONS, Line
from exchange.core.model import ConsentKind, State
from exchange.steps import view
from exchange.steps.rejections import SENTENCES
from exchange.store.read import MessageView
from exchange.web import frame
from exchange.web.console.forms_for import url_for_form
from exchange.web.console.messages import words
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.messages.actions import possible
from exchange.web.console.messages.how_far import left_words, progress_words, stage, working
from exchange.web.console.messages.story import story_of
from exchange.web.console.session import actor_of, as_id, id_of, service_of
from exchange.web.console.words import STATE_NEXT, said
from exchange.web.frame import gettext
from exchange.web.streaming import send_part

BY_SUPERVISOR = REASONS["case_closed"].who


async def message_page(request: web.Request) -> web.StreamResponse:
    """Where it stands."""
    found = await message_of(request)
    return page(
        request,
        "message",
        found,
        next_words=said(STATE_NEXT, found.message.state),
        needed=needed_of(found),
        actions=possible(found, actor_of(request)),
        story=story_of(found),
        rejected=_rejected(found),
        may_learn=_may_learn(found),
        **working(found),
    )


async def progress(request: web.Request) -> web.StreamResponse:
    """How far the making safe is, for the page's own script."""
    found = await message_of(request)
    told = {
        "state": stage(found),
        "percent": found.message.progress,
        "words": progress_words(found),
        "left": left_words(found),
    }
    return web.json_response(told)


async def part(request: web.Request) -> web.StreamResponse:
    """One part of a version, for the case team: for review, or for a handing over that is under way."""
    untrusted_release = request.query.get("release")
    untrusted_version = request.query.get("version")
    service, actor, message = service_of(request), actor_of(request), id_of(request, "message")
    digest = None
    if untrusted_version:
        digest = _digest_of(await message_of(request), untrusted_version)
    opened = await view.open_for_staff(
        service,
        actor,
        message,
        request.match_info["name"],
        digest=digest,
        release=as_id(untrusted_release) if untrusted_release else None,
    )
    return await send_part(request, service, opened)


def needed_of(found: MessageView) -> list[dict[str, Any]]:
    """The lines of "what is still needed", each with its form's address for whoever may clear it."""
    return [
        {
            "words": gettext(line.sentence),
            "who": gettext(line.who),
            "href": _form(found, line),
            "done": False,
        }
        for reason, line in found.needed
        if not (found.message.state == State.IN_REVIEW and reason.code == "stopped")
    ]


def _form(found: MessageView, line: Line) -> str:
    message = found.message
    if not line.form or (found.relation not in ON_THE_TEAM and line.who != BY_SUPERVISOR):
        return ""
    people = {"author": message.author_id, "recipient": message.recipient_id}
    return url_for_form(line.form, case=message.case_id, message=message.id, **people)


def _digest_of(found: MessageView, untrusted_number: str) -> str | None:
    return next((r.digest for r in found.revisions if str(r.number) == untrusted_number), None)


def _rejected(found: MessageView) -> str:
    """Why it could not be used, or why it still waits."""
    code = found.message.rejected_code
    return gettext(SENTENCES[code]) if code in SENTENCES else ""


def _may_learn(found: MessageView) -> str | None:
    """Rule 4: what the recipient allowed with their newest answer, "" for nothing; None before it was offered."""
    if not found.offers:
        return None
    answers = [row for row in found.consents if row.kind == ConsentKind.RECEIVE]
    allowed = answers[0].detail.get("author_may_learn", []) if answers and answers[0].given else []
    return ", ".join(said(words.MAY_LEARN, code) for code in allowed)


ROUTES = [
    frame.Route("GET", "/messages/{message}", message_page, Permission.CASE_SEE),
    frame.Route("GET", "/messages/{message}/progress", progress, Permission.CASE_SEE),
    frame.Route("GET", "/messages/{message}/part/{name}", part, Permission.CONTENT),
]
