"""Referrals: what somebody told us, how to reach them safely, and what becomes of it."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.referrals import WHO, Source
from exchange.steps import referral
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_
from exchange.web.referral_words import ROLES

OPENED = frame.notice("referral-opened", N_("The referral is now a case that you lead. Add the people in it."))
DECLINED = frame.notice("referral-declined", N_("Recorded: this is not for us. Tell the person, in a safe way."))
STATES: dict[str, str] = {
    "new": N_("New"),
    "opened": N_("Became a case"),
    "not_for_us": N_("Not for us"),
}
SOURCES: dict[str, str] = {
    Source.SELF: N_("Asks for themselves"),
    Source.PROFESSIONAL: N_("From a professional"),
}
OF_SOMEBODY: dict[str, str] = {
    "name": N_("Name"),
    "side": N_("Harmed or responsible"),
    "agreed": N_("Agreed to be referred"),
    "agreed_when": N_("When and how they agreed"),
    "reach_by": N_("How to reach them"),
    "reach_address": N_("Number or address"),
    "reach_when": N_("When it is safe"),
    "reach_words": N_("What we may say, and who may answer"),
    "needs": N_("What would help them"),
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
BY: dict[str, str] = {
    "by_name": N_("Name"),
    "by_organisation": N_("Organisation"),
    "by_role": N_("Where they work"),
    "by_reach": N_("Work phone or e-mail"),
}
SAFETY: dict[str, str] = {
    "about": N_("What it is about"),
    "orders": N_("Order against contact"),
    "orders_words": N_("Which order, and until when"),
    "risks": N_("Risks they know of"),
}
WAYS: dict[str, str] = {**words.MEANS, "other": N_("Through somebody else")}
SIDES: dict[str, str] = {
    **words.SIDES,
    "both": N_("Both, or it is not so clear"),
    "supporter": N_("Asks for somebody else"),
}
AGREED: dict[str, str] = {"yes": N_("Yes"), "no": N_("No: do not get in touch with them")}
ORDERS: dict[str, str] = {"yes": N_("Yes"), "no": N_("No"), "not_known": N_("They do not know")}
ANSWERS: dict[str, dict[str, str]] = {
    "reach_by": WAYS,
    "side": SIDES,
    "by_role": ROLES,
    "orders": ORDERS,
    **{f"{who}_reach_by": WAYS for who in WHO},
    **{f"{who}_side": SIDES for who in WHO},
    **{f"{who}_agreed": AGREED for who in WHO},
}
WHOSE: dict[str, str] = {"one": N_("The first person"), "two": N_("The second person")}


class Reason(frame.Form):
    """Why it is not for us."""

    reason: str = Field(max_length=4000)
    sentences: ClassVar = {"reason": N_("Enter why this is not for us")}


async def list_page(request: web.Request) -> web.StreamResponse:
    """New ones first; decided ones on request."""
    show = request.query.get("show", "new")
    show = show if show in STATES else "new"
    rows = await referral.listed(service_of(request), actor_of(request), state=show)
    listed = [(one, words.said(SOURCES, one.source)) for one in rows]
    states = [(key, frame.gettext(text)) for key, text in STATES.items()]
    return frame.render(request, "console/referrals.html", {"rows": listed, "show": show, "states": states})


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
    context = {
        "form": form,
        "referral": found.referral,
        "source": words.said(SOURCES, found.referral.source),
        "parts": [(frame.gettext(title), rows) for title, rows in _parts(found) if rows],
        "reason": found.reason,
        "state": frame.gettext(STATES[found.referral.state]),
    }
    return frame.render(request, "console/referral.html", context, status=status)


def _parts(found: referral.OpenReferral) -> list[tuple[str, list[tuple[str, str]]]]:
    """What was told, by headings."""
    if found.referral.source is Source.SELF:
        return [(N_("What they told us"), _rows(found.answers, QUESTIONS))]
    people = [(WHOSE[who], _rows(found.answers, {f"{who}_{name}": text for name, text in OF_SOMEBODY.items()}))
              for who in WHO]  # fmt: skip
    return [(N_("Who referred"), _rows(found.answers, BY)), *people, (N_("What to know"), _rows(found.answers, SAFETY))]


def _rows(answers: dict[str, str], labels: dict[str, str]) -> list[tuple[str, str]]:
    told = {name: words.said(ANSWERS.get(name, {}), answer) for name, answer in answers.items()}
    return [(frame.gettext(text), told[name]) for name, text in labels.items() if name in told]


ROUTES = [
    frame.Route("GET", "/referrals", list_page, Permission.REFERRALS),
    frame.Route("GET", "/referrals/{referral}", page, Permission.REFERRALS),
    frame.Route("POST", "/referrals/{referral}/open", open_case, Permission.REFERRALS),
    frame.Route("POST", "/referrals/{referral}", decline, Permission.REFERRALS),
]
