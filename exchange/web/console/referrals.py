"""Referrals: what somebody told us, how to reach them safely, and what becomes of it."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.steps import referral
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

OPENED = frame.notice("referral-opened", N_("The referral is now a case that you lead. Add the people in it."))
DECLINED = frame.notice("referral-declined", N_("Recorded: this is not for us. Tell the person, in a safe way."))
STATES: dict[str, str] = {
    "new": N_("New"),
    "opened": N_("Became a case"),
    "not_for_us": N_("Not for us"),
}
QUESTIONS: dict[str, str] = {
    "reach_by": N_("How to reach them"),
    "reach_address": N_("Number or address"),
    "reach_when": N_("When it is safe"),
    "reach_words": N_("What we may say, and who may answer"),
    "name": N_("Name"),
    "about": N_("What it is about"),
    "side": N_("Harmed or responsible"),
    "needs": N_("What would help them"),
    "language": N_("Language"),
    "other": N_("Anything else"),
}
WAYS: dict[str, str] = {**words.MEANS, "other": N_("Through somebody else")}
SIDES: dict[str, str] = {
    **words.SIDES,
    "both": N_("Both, or it is not so clear"),
    "supporter": N_("Asks for somebody else"),
}
ANSWERS = {"reach_by": WAYS, "side": SIDES}


class Reason(frame.Form):
    """Why it is not for us."""

    reason: str = Field(max_length=4000)
    sentences: ClassVar = {"reason": N_("Enter why this is not for us")}


async def list_page(request: web.Request) -> web.StreamResponse:
    """New ones first; decided ones on request."""
    show = request.query.get("show", "new")
    show = show if show in STATES else "new"
    rows = await referral.referrals(service_of(request), actor_of(request), state=show)
    states = [(key, frame.gettext(text)) for key, text in STATES.items()]
    return frame.render(request, "console/referrals.html", {"rows": rows, "show": show, "states": states})


async def page(request: web.Request) -> web.StreamResponse:
    """One referral; that it was read is recorded."""
    return await _page(request, frame.blank(), 200)


async def open_case(request: web.Request) -> web.StreamResponse:
    """Make it a case."""
    case = await referral.open_case(service_of(request), actor_of(request), id_of(request, "referral"))
    return frame.see_other(request, f"/cases/{case}", done=OPENED)


async def decline(request: web.Request) -> web.StreamResponse:
    """Not for us, with a reason."""

    async def act(form: Reason) -> web.StreamResponse:
        wanted = id_of(request, "referral")
        await referral.not_for_us(service_of(request), actor_of(request), wanted, reason=form.reason)
        return frame.see_other(request, "/referrals", done=DECLINED)

    return await asked(request, Reason, _page, act, at="reason")


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await referral.read_referral(service_of(request), actor_of(request), id_of(request, "referral"))
    told = {name: words.said(ANSWERS.get(name, {}), answer) for name, answer in found.answers.items()}
    answers = [(frame.gettext(text), told[name]) for name, text in QUESTIONS.items() if name in told]
    context = {
        "form": form,
        "referral": found.referral,
        "answers": answers,
        "reason": found.reason,
        "state": frame.gettext(STATES[found.referral.state]),
    }
    return frame.render(request, "console/referral.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/referrals", list_page, Permission.REFERRALS),
    frame.Route("GET", "/referrals/{referral}", page, Permission.REFERRALS),
    frame.Route("POST", "/referrals/{referral}/open", open_case, Permission.REFERRALS),
    frame.Route("POST", "/referrals/{referral}", decline, Permission.REFERRALS),
]
