"""Notices to participants: what is safe, the exact words before one is sent, stopping one that waits."""

from datetime import UTC, datetime, time
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import Refused
from exchange.core.model import Channel
from exchange.core.notices import SafeHours
from exchange.steps import notices
from exchange.steps.notices import Preview, Standing
from exchange.store.notices import Wish
from exchange.store.read import person_view
from exchange.web import frame
from exchange.web.console import notice_words, words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_
from exchange.web.frame.state import SITE

SAVED = frame.notice("notices-saved", N_("Saved: what is safe for notices."))
ASKED = frame.notice("notice-asked", N_("The notice is on its way, or waits for a safe hour."))
STOPPED = frame.notice("notice-stopped", N_("The notice will not be sent."))
Day = Annotated[int, Field(ge=0, le=6)]


class Safe(frame.Form):
    """What the person says is safe. `end` 24 is the end of the day."""

    means: Literal["email", "text", "none"]
    address: str = Field(default="", max_length=254)
    days: list[Day] = Field(default_factory=list, max_length=7)
    start: Annotated[int, Field(ge=0, le=23)] = 9
    end: Annotated[int, Field(ge=1, le=24)] = 17
    words: str = Field(default="", max_length=40)
    by_itself: list[Literal["yes"]] = Field(default_factory=list, max_length=1)
    sentences: ClassVar = {"means": N_("Choose e-mail, text message or no notices.")}

    def wish(self) -> Wish:
        """As the step takes it."""
        if self.means == "none":
            return Wish(None)
        hours = SafeHours(frozenset(self.days), time(self.start), time(self.end % 24))
        return Wish(Channel(self.means), self.address, hours, self.words, bool(self.by_itself))


async def safe_page(request: web.Request) -> web.StreamResponse:
    """What is safe, as it was recorded last."""
    found = await _standing(request)
    return await _safe_page(request, _filled(found.wish), 200)


async def save(request: web.Request) -> web.StreamResponse:
    """Record it."""
    person = id_of(request, "person")

    async def act(form: Safe) -> web.StreamResponse:
        await notices.record_wish(service_of(request), actor_of(request), person, form.wish())
        return frame.see_other(request, f"/people/{person}#notices", done=SAVED)

    return await asked(request, Safe, _safe_page, act, at="means")


async def send_page(request: web.Request) -> web.StreamResponse:
    """The exact words, and when they would go; or why not."""
    return await _send_page(request, 200)


async def _send_page(request: web.Request, status: int) -> web.StreamResponse:
    link, message = _about(request)
    found = await notices.preview(service_of(request), actor_of(request), link=link, message=message)
    person = await person_view(service_of(request), actor_of(request), found.person.id)
    context = {"found": found, "person": person, "place": request.path, "back": _back(request), **_said(request, found)}
    return frame.render(request, "console/notice.html", context, status=status)


async def send(request: web.Request) -> web.StreamResponse:
    """Ask for it."""
    service, actor, (link, message) = service_of(request), actor_of(request), _about(request)
    found = await notices.preview(service, actor, link=link, message=message)
    try:
        await notices.ask(service, actor, link=link, message=message)
    except Refused as error:  # something has happened since the page was shown: it says what
        return await _send_page(request, error.status)
    return frame.see_other(request, f"/people/{found.person.id}#notices", done=ASKED)


async def stop(request: web.Request) -> web.StreamResponse:
    """Do not send one that waits."""
    person = await notices.stop(service_of(request), actor_of(request), id_of(request, "notice"))
    return frame.see_other(request, f"/people/{person}#notices", done=STOPPED)


async def section(request: web.Request) -> dict[str, object]:
    """What the person's page says of notices."""
    found = await _standing(request)
    wish, zone = found.wish, request.app[SITE].zone
    on = found.verdict.reasons in ((), ("never",))
    history = [
        {
            "row": row,
            "means": words.said(notice_words.MEANS, row.means),
            "state": words.said(notice_words.STATES, row.state),
            "why": words.said(notice_words.OUTCOMES, row.outcome) if row.outcome else "",
            "until": notice_words.when_said(row.due_at, datetime.now(UTC), zone)
            if row.state == "waiting" and row.due_at
            else "",
        }
        for row in found.history
    ]
    return {
        "on": on,
        "means": words.said(notice_words.MEANS, wish.means) if wish and wish.means else "",
        "hours": notice_words.hours_said(wish.hours) if wish and wish.hours else "",
        "recorded": wish is not None,
        "reasons": [words.said(notice_words.REASONS, code) for code in found.verdict.reasons],
        "history": history,
    }


def _said(request: web.Request, found: Preview) -> dict[str, object]:
    at = found.verdict.at
    return {
        "means": words.said(notice_words.MEANS, found.means) if found.means else "",
        "reasons": [words.said(notice_words.REASONS, code) for code in found.verdict.reasons],
        "goes": notice_words.when_said(at, datetime.now(UTC), request.app[SITE].zone) if at else "",
    }


def _about(request: web.Request) -> tuple[UUID | None, UUID | None]:
    """The link, or the message."""
    if "link" in request.match_info:
        return id_of(request, "link"), None
    return None, id_of(request, "message")


def _back(request: web.Request) -> str:
    return request.path.removesuffix("/notice")


def _filled(wish: Wish | None) -> frame.ErrorSummary:
    if wish is None:
        return frame.blank(start=9, end=17)
    hours = wish.hours
    return frame.blank(
        means=wish.means or "none",
        address=wish.address,
        days=sorted(hours.days) if hours else None,
        start=hours.start.hour if hours else 9,
        end=(hours.end.hour or 24) if hours else 17,
        words=wish.words,
        by_itself=["yes"] if wish.by_itself else [],
    )


async def _standing(request: web.Request) -> Standing:
    return await notices.standing(service_of(request), actor_of(request), id_of(request, "person"))


async def _safe_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await _standing(request)
    context = {
        "form": form,
        "view": await person_view(service_of(request), actor_of(request), id_of(request, "person")),
        "means": words.choices(notice_words.WISHES),
        "days": notice_words.days(),
        "starts": notice_words.clock_hours(23),
        "ends": notice_words.clock_hours(24)[1:],
        "texts": [(text.wording, text.text) for text in found.texts],
        "may_go_by_itself": found.policy.notices_by_itself,
    }
    return frame.render(request, "console/notices_safe.html", context, status=status)


CHANGE = Permission.CASE_CHANGE
ROUTES = [
    frame.Route("GET", "/people/{person}/notices", safe_page, CHANGE),
    frame.Route("POST", "/people/{person}/notices", save, CHANGE),
    frame.Route("GET", "/links/{link}/notice", send_page, CHANGE),
    frame.Route("POST", "/links/{link}/notice", send, CHANGE),
    frame.Route("GET", "/messages/{message}/notice", send_page, CHANGE),
    frame.Route("POST", "/messages/{message}/notice", send, CHANGE),
    frame.Route("POST", "/notices/{notice}/stop", stop, CHANGE),
]
