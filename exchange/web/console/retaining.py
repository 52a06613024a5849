"""What is due to be erased, with its date; a supervisor's word for each (rule 23)."""

from datetime import UTC, datetime

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.retention import What
from exchange.steps import certificate, retention
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

ERASED = frame.notice("retention-erased", N_("It is erased. What stays says that it happened, not what it was."))
WHATS: dict[str, str] = {
    What.CASE: N_("The whole case"),
    What.PERSON: N_("One person who never took part"),
    What.REFERRAL: N_("A referral that was not for us"),
}
PLACES = {What.CASE: "cases", What.PERSON: "people", What.REFERRAL: "referrals"}


async def page(request: web.Request) -> web.StreamResponse:
    """Everything closed that has a date, the earliest first."""
    service, now = service_of(request), datetime.now(UTC)
    rows = [
        (one, words.said(WHATS, one.what), f"/retention/{PLACES[one.what]}/{one.about}", one.is_due(now))
        for one in await retention.schedule(service, actor_of(request))
    ]
    gone = await certificate.of_referrals(service, actor_of(request))
    context = {"rows": rows, "kept": service.settings, "gone": gone}
    return frame.render(request, "console/retention.html", context)


async def erase_case(request: web.Request) -> web.StreamResponse:
    """A case whose time is over."""
    return await _confirm(request, What.CASE, "case")


async def erase_person(request: web.Request) -> web.StreamResponse:
    """What is kept of somebody who never took part."""
    return await _confirm(request, What.PERSON, "person")


async def erase_referral(request: web.Request) -> web.StreamResponse:
    """What somebody told whom this service was not for."""
    return await _confirm(request, What.REFERRAL, "referral")


async def _confirm(request: web.Request, what: What, name: str) -> web.StreamResponse:
    await retention.confirm(service_of(request), actor_of(request), what, id_of(request, name))
    return frame.see_other(request, "/retention", done=ERASED)


ROUTES = [
    frame.Route("GET", "/retention", page, Permission.SUPERVISE),
    frame.Route("POST", "/retention/cases/{case}", erase_case, Permission.CASE_CLOSE),
    frame.Route("POST", "/retention/people/{person}", erase_person, Permission.CASE_CLOSE),
    frame.Route("POST", "/retention/referrals/{referral}", erase_referral, Permission.SUPERVISE),
]
