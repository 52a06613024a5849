"""After "not to be shared": telling the author, their appeal, and a supervisor's decision on it (rule 21)."""

from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Channel, Method, State
from exchange.steps import appeals
from exchange.steps.appeals import AppealView
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, page
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import MEANS, METHODS, choices, said
from exchange.web.frame import N_

TOLD = frame.notice("author-told", N_("Recorded: the author was told."))
MADE = frame.notice("appeal-made", N_("The appeal is recorded. A supervisor who did not decide it looks at it."))
DECIDED = frame.notice("appeal-decided", N_("Your decision is recorded. The team tells the author."))
OUTCOMES: dict[str, str] = {
    "upheld": N_("It stays as it is: not to be shared"),
    "allowed": N_("It is reviewed again, by somebody else"),
}
KINDS: dict[str, str] = {"withheld": N_("That it will not be shared"), **OUTCOMES}
SUGGESTED: dict[str, str] = {
    "withheld": N_(
        "We have looked at what you put in. We will not share it as it is. The reason is: …\n\nIt does not count for "
        "or against you. If you do not agree, tell me: somebody who did not make this decision will look at it again."
    ),
    "upheld": N_(
        "Somebody who did not make the decision has looked at it again. It stays as it is: it will not be shared. The "
        "reason is: …\n\nYou can put in something new at any time."
    ),
    "allowed": N_(
        "Somebody who did not make the decision has looked at it again. We will review it once more, and somebody else "
        "does it. The reason is: …\n\nThis does not say yet that it will be shared."
    ),
}


class Telling(frame.Form):
    """What the author was told, and by which safe means."""

    words: str = Field(max_length=4000)
    means: Channel
    sentences: ClassVar = {
        "words": N_("Write what you told them."), "means": N_("Choose how you told them"),
    }  # fmt: skip


class Appeal(frame.Form):
    """What the author says, and how they said it."""

    says: str = Field(max_length=4000)
    method: Literal["in_person", "phone", "writing"]
    sentences: ClassVar = {
        "says": N_("Write what the author says."), "method": N_("Choose how they told you"),
    }  # fmt: skip


class Decision(frame.Form):
    """What a supervisor decides, and why."""

    outcome: Literal["upheld", "allowed"]
    reason: str = Field(max_length=4000)
    sentences: ClassVar = {
        "outcome": N_("Choose what you decide."), "reason": N_("Write the reason in words the author will understand"),
    }  # fmt: skip


async def told_page(request: web.Request) -> web.StreamResponse:
    """What to say, and how it was said."""
    return await _told(request, None, 200)


async def tell(request: web.Request) -> web.StreamResponse:
    """The author was told."""

    async def act(form: Telling) -> web.StreamResponse:
        message = id_of(request, "message")
        await appeals.tell(service_of(request), actor_of(request), message, words=form.words, means=form.means)
        return frame.see_other(request, f"/messages/{message}", done=TOLD)

    return await asked(request, Telling, _told, act, at="words")


async def appeal_page(request: web.Request) -> web.StreamResponse:
    """Where the appeal stands, and the form that is next."""
    return await _appeal(request, frame.blank(), 200)


async def make(request: web.Request) -> web.StreamResponse:
    """The author appeals through their facilitator."""

    async def act(form: Appeal) -> web.StreamResponse:
        message, method = id_of(request, "message"), Method(form.method)
        await appeals.appeal(service_of(request), actor_of(request), message, says=form.says, method=method)
        return frame.see_other(request, f"/messages/{message}", done=MADE)

    return await asked(request, Appeal, _appeal, act, at="says")


async def decide(request: web.Request) -> web.StreamResponse:
    """A supervisor decides."""

    async def act(form: Decision) -> web.StreamResponse:
        message = id_of(request, "message")
        told = {"outcome": form.outcome, "reason": form.reason}
        await appeals.decide(service_of(request), actor_of(request), message, **told)
        return frame.see_other(request, f"/messages/{message}/appeal", done=DECIDED)

    return await asked(request, Decision, _appeal, act, at="reason")


async def _told(request: web.Request, form: frame.ErrorSummary | None, status: int) -> web.Response:
    found = await message_of(request)
    view = await appeals.read_appeal(service_of(request), actor_of(request), found.message.id)
    kind = str(view.appeal.outcome) if view.appeal and view.appeal.outcome else "withheld"
    shown = form or frame.blank(words=frame.gettext(SUGGESTED[kind]))
    means = choices(MEANS)
    return page(request, "told", found, shown, status=status, what=frame.gettext(KINDS[kind]), means=means)


async def _appeal(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await message_of(request)
    view = await appeals.read_appeal(service_of(request), actor_of(request), found.message.id)
    consent = access.may(actor_of(request), Permission.CONSENT, found.relation)
    return page(
        request, "appeal", found, form, status=status, appeal=view, story=_story(view),
        may_make=consent and not view.open and found.message.state == State.WITHHELD,
        may_decide=view.open and view.may_decide, outcomes=choices(OUTCOMES),
        methods=[(code, text) for code, text in choices(METHODS) if code in ("in_person", "phone", "writing")],
    )  # fmt: skip


def _story(view: AppealView) -> list[dict[str, Any]]:
    """What was decided, told and appealed, newest first, as the timeline takes it."""
    found = [
        {"when": row.at, "words": frame.gettext(N_("Not to be shared")), "who": row.account_id, "note": reason}
        for row, reason in view.decisions
    ]
    found += [
        {
            "when": row.at,
            "words": frame.gettext(N_("The author was told: %(what)s (%(how)s)"))
            % {"what": said(KINDS, row.kind), "how": said(MEANS, row.means)},
            "who": row.recorded_by,
            "note": words,
        }
        for row, words in view.told
    ]
    row = view.appeal
    if row is not None:
        asks = frame.gettext(N_("The author asks that somebody else looks again"))
        found.append({"when": row.at, "words": asks, "who": row.recorded_by, "note": view.says})
        if row.decided_at:
            found.append(
                {
                    "when": row.decided_at,
                    "words": said(OUTCOMES, row.outcome),
                    "who": row.decided_by,
                    "note": view.reason,
                }
            )
    ordered = sorted(found, key=lambda one: one["when"], reverse=True)
    return [{**one, "who": view.staff.get(one["who"], "")} for one in ordered]


ROUTES = [
    frame.Route("GET", "/messages/{message}/told", told_page, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/told", tell, Permission.CONSENT),
    frame.Route("GET", "/messages/{message}/appeal", appeal_page, Permission.CASE_SEE),
    frame.Route("POST", "/messages/{message}/appeal", make, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/appeal/decide", decide, Permission.FACT_SUPERVISED),
]
