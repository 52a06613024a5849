"""The day on which somebody becomes 18: kept only where it is needed."""

from datetime import date
from typing import ClassVar

from aiohttp import web

from exchange.core.access import Permission
from exchange.steps import of_age
from exchange.store.read import person_view
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

SAVED = frame.notice("of-age-saved", N_("The day was saved. You are reminded four weeks before."))


class Day(frame.Form):
    """The day; empty where it is not needed any more."""

    day: date | None = None
    sentences: ClassVar = {"day": N_("Enter a day, month and year")}


async def page(request: web.Request) -> web.StreamResponse:
    """The day as it is recorded."""
    view = await person_view(service_of(request), actor_of(request), id_of(request, "person"))
    at = view.person.of_age_at
    day = at.astimezone(service_of(request).settings.zone).date() if at else None
    parts = {f"day-{part}": str(getattr(day, part)) for part in ("day", "month", "year")} if day else {}
    return await _page(request, frame.blank(**parts), 200)


async def record(request: web.Request) -> web.StreamResponse:
    """Record it."""

    async def act(form: Day) -> web.StreamResponse:
        person = id_of(request, "person")
        await of_age.set_day(service_of(request), actor_of(request), person, form.day)
        return frame.see_other(request, f"/people/{person}", done=SAVED)

    return await asked(request, Day, _page, act, at="day-day")


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await person_view(service_of(request), actor_of(request), id_of(request, "person"))
    return frame.render(request, "console/person_of_age.html", {"form": form, "view": view}, status=status)


ROUTES = [
    frame.Route("GET", "/people/{person}/of-age", page, Permission.CASE_CHANGE),
    frame.Route("POST", "/people/{person}/of-age", record, Permission.CASE_CHANGE),
]
