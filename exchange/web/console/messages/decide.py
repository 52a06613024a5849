"""Send back, not to be shared, take an approval back, and the author's own taking back: each with its page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.steps import consent, review
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.messages.about import message_of, newest_of, page
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_
from exchange.web.frame.flash import Notice


class Reason(frame.Form):
    """A reason, about one exact version."""

    digest: str
    reason: str = Field(max_length=4000)
    sentences: ClassVar = {"reason": N_("Write the reason in words the author will understand")}


class Withdraw(frame.Form):
    """The author asked for it."""

    asked: Literal["yes"]
    sentences: ClassVar = {"asked": N_("Tick that the author asked for this")}


@dataclass(frozen=True)
class Kind:
    """One of the three decisions with a reason, in the words of its page."""

    place: str
    title: str
    explain: tuple[str, ...]
    label: str
    button: str
    step: Callable[..., Awaitable[None]]
    done: Notice


RETURN = Kind(
    "return",
    N_("Send it back to the author"),
    (
        N_("The author can change it and put it in again. Nothing is shared meanwhile."),
        N_("Say what is good about it first, then what needs to change, and offer to help."),
    ),
    N_("What should the author change, and why?"),
    N_("Send it back"),
    review.return_to_author,
    frame.notice("returned", N_("It was sent back. Say why in your own voice too if you like, and give them a link.")),
)
WITHHOLD = Kind(
    "withhold",
    N_("Not to be shared"),
    (
        N_("The author is told that it will not be shared, and why. They may ask a supervisor to look again."),
        N_("If someone may be in danger, raise a concern instead: then nobody is told."),
    ),
    N_("Why can it not be shared?"),
    N_("Do not share it"),
    review.withhold,
    frame.notice("withheld", N_("It will not be shared. Tell the author why, and that a supervisor can look again.")),
)
RETRACT = Kind(
    "retract",
    N_("Take the approval back"),
    (
        N_("Whoever is reading it now is stopped at once. Links that were given out no longer work."),
        N_("Consents to share and to receive it end too. What was read before cannot be taken back."),
    ),
    N_("Why do you take the approval back?"),
    N_("Take it back now"),
    review.retract,
    frame.notice("retracted", N_("The approval is taken back. Nobody can read it now.")),
)
WITHDRAWN = frame.notice("withdrawn", N_("It is taken back. If it has not been shared, it will not be."))


def _pages(kind: Kind) -> list[frame.Route]:
    async def show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
        found = await message_of(request)
        version = newest_of(found)
        return page(request, "reason", found, form, status=status, decision=kind, version=version)

    async def ask(request: web.Request) -> web.StreamResponse:
        return await show(request, frame.blank(), 200)

    async def decide(request: web.Request) -> web.StreamResponse:
        async def act(form: Reason) -> web.StreamResponse:
            message = id_of(request, "message")
            await kind.step(service_of(request), actor_of(request), message, form.digest, reason=form.reason)
            return frame.see_other(request, f"/messages/{message}", done=kind.done)

        return await asked(request, Reason, show, act, at="reason")

    path = f"/messages/{{message}}/{kind.place}"
    return [
        frame.Route("GET", path, ask, Permission.REVIEW),
        frame.Route("POST", path, decide, Permission.REVIEW),
    ]


async def withdraw_page(request: web.Request) -> web.StreamResponse:
    """The author takes it back, through a facilitator."""
    return await _show_withdraw(request, frame.blank(), 200)


async def withdraw(request: web.Request) -> web.StreamResponse:
    """Take it back. The answer never says whether it was read (rule 8)."""

    async def act(_form: Withdraw) -> web.StreamResponse:
        message = id_of(request, "message")
        await consent.withdraw_message(service_of(request), actor_of(request), message)
        return frame.see_other(request, f"/messages/{message}", done=WITHDRAWN)

    return await asked(request, Withdraw, _show_withdraw, act, at="asked")


async def _show_withdraw(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    return page(request, "withdraw", await message_of(request), form, status=status)


ROUTES = [
    *_pages(RETURN),
    *_pages(WITHHOLD),
    *_pages(RETRACT),
    frame.Route("GET", "/messages/{message}/withdraw", withdraw_page, Permission.CONSENT),
    frame.Route("POST", "/messages/{message}/withdraw", withdraw, Permission.CONSENT),
]
