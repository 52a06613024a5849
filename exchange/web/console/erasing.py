"""Erasing a case, the legal hold that forbids it, and the certificates of what was erased."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.steps import certificate, erase, hold
from exchange.store.read import case_view
from exchange.web import frame
from exchange.web.attachment import named
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, is_supervisor, service_of
from exchange.web.frame import N_

ERASED = frame.notice("case-erased", N_("The case is erased. What stays says that it happened, not what it was."))
HELD = frame.notice("case-held", N_("Nothing of this case can be erased now."))
LIFTED = frame.notice("case-hold-lifted", N_("The legal hold is lifted."))


class Reason(frame.Form):
    """Why a hold is placed or lifted."""

    reason: str = Field(min_length=1, max_length=2000)
    sentences: ClassVar = {"reason": N_("Write down why")}


async def erasures_page(request: web.Request) -> web.StreamResponse:
    """What was erased in the case, each with its certificate."""
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")
    view = await case_view(service, actor, case)
    rows = await certificate.erasures(service, actor, case)
    context = {"case": view.case, "rows": rows, "supervisor": is_supervisor(request)}
    return frame.render(request, "console/case_erasures.html", context)


async def certificate_file(request: web.Request) -> web.StreamResponse:
    """The signed note, to keep."""
    erasure = id_of(request, "erasure")
    note = await certificate.certificate(service_of(request), actor_of(request), erasure)
    headers = named(f"erasure-{erasure}.txt")
    return web.Response(text=note, content_type="text/plain", charset="utf-8", headers=headers)


async def erase_page(request: web.Request) -> web.StreamResponse:
    """What goes, what stays; or that a hold forbids it."""
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")
    view = await case_view(service, actor, case)
    found = await hold.current(service, actor, case)
    return frame.render(request, "console/case_erase.html", {"case": view.case, "hold": found})


async def erase_now(request: web.Request) -> web.StreamResponse:
    """Erase the case."""
    case = id_of(request, "case")
    await erase.erase_case(service_of(request), actor_of(request), case)
    return frame.see_other(request, f"/cases/{case}/erasures", done=ERASED)


async def hold_page(request: web.Request) -> web.StreamResponse:
    """Whether there is a hold, why, and the form that changes it."""
    return await _hold_page(request, frame.blank(), 200)


async def change_hold(request: web.Request) -> web.StreamResponse:
    """Place it where there is none, lift it where there is one."""
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")

    async def act(form: Reason) -> web.StreamResponse:
        if await hold.current(service, actor, case) is None:
            await hold.place_hold(service, actor, case, form.reason)
            return frame.see_other(request, f"/cases/{case}/legal-hold", done=HELD)
        await hold.lift_hold(service, actor, case, form.reason)
        return frame.see_other(request, f"/cases/{case}/legal-hold", done=LIFTED)

    return await asked(request, Reason, _hold_page, act)


async def _hold_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, actor, case = service_of(request), actor_of(request), id_of(request, "case")
    view = await case_view(service, actor, case)
    context = {"form": form, "case": view.case, "hold": await hold.current(service, actor, case)}
    return frame.render(request, "console/case_hold.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/cases/{case}/erasures", erasures_page, Permission.CASE_SEE),
    frame.Route("GET", "/erasures/{erasure}/certificate", certificate_file, Permission.CASE_SEE),
    frame.Route("GET", "/cases/{case}/erase", erase_page, Permission.CASE_CLOSE),
    frame.Route("POST", "/cases/{case}/erase", erase_now, Permission.CASE_CLOSE),
    frame.Route("GET", "/cases/{case}/legal-hold", hold_page, Permission.CASE_CLOSE),
    frame.Route("POST", "/cases/{case}/legal-hold", change_hold, Permission.CASE_CLOSE),
]
