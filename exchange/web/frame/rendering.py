"""From a template and what it needs to a response; redirects after a change; leaving in a hurry."""

from contextvars import ContextVar
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from exchange.web.frame import csrf, dates, flash, i18n
from exchange.web.frame.headers import nonce
from exchange.web.frame.navigation import navigation
from exchange.web.frame.qr import qr_svg
from exchange.web.frame.readying import Compiled
from exchange.web.frame.state import ACTOR, NOTICE_SHOWN, SIGNED_IN_NAME, SITE, STATICS, Context

# Imported macros have no context of their own: what they need of the request is asked here.
_rendering: ContextVar[web.Request] = ContextVar("rendering")
TEMPLATES = Path(__file__).parent.parent / "templates"


def setup(app: web.Application) -> None:
    """Jinja2 with autoescape, gettext, the GOV.UK macros and our filters."""
    govuk = jinja2.PackageLoader("govuk_frontend_jinja")
    env = aiohttp_jinja2.setup(
        app,
        loader=jinja2.ChoiceLoader(
            [jinja2.FileSystemLoader(TEMPLATES), jinja2.PrefixLoader({"govuk_frontend_jinja": govuk})]
        ),
        default_helpers=False,
        enable_async=False,
        # a template does not change under a running process; asked for each macro of each page otherwise
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=Compiled(),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    zone = app[SITE].zone
    env.filters["when"] = lambda moment: dates.moment(moment, zone)
    env.filters["day"] = lambda moment: dates.day(_date(moment, zone), now=datetime.now(zone))
    env.filters["since"] = lambda moment: dates.waiting(moment, datetime.now(UTC))
    env.filters["rough_length"] = dates.length
    env.globals["qr_svg"] = qr_svg
    env.globals["csrf_token"] = lambda: csrf.token(_rendering.get())
    env.globals["direction"] = lambda: i18n.LANGUAGES[i18n.current_language()].direction
    env.globals["static"] = app[STATICS].url
    env.globals["site"] = app[SITE]


class NameTaken(Exception):
    """A page gives a value under a name of its layout."""


def render(
    request: web.Request,
    template: str,
    context: Context | None = None,
    *,
    status: int = 200,
    instead: Context | None = None,
) -> web.Response:
    """A page. `context` may hold `form` (an ErrorSummary): the layout then shows its errors.

    `instead`: what the layout is given in place of its own. Raises NameTaken where a name of the page would hide one
    of the layout's by chance: the page would be read out in another language, or lead back to another page.
    """
    _rendering.set(request)
    whole, own = _frame(request), context or {}
    if hidden := whole.keys() & own.keys():
        raise NameTaken(f"{template}: {', '.join(sorted(hidden))}")
    values = {**whole, **own, **(instead or {})}
    response = aiohttp_jinja2.render_template(template, request, values, status=status)
    csrf.keep_secret(request, response)
    if NOTICE_SHOWN in request:
        flash.clear(request, response)
    return response


def see_other(request: web.Request, path: str, *, done: flash.Notice | None = None) -> web.Response:
    """303 to a path of this site after a change, optionally with a notice for the next page.

    Raises ValueError for anything that is not an absolute path of this site.
    """
    response = web.Response(status=303, headers={"Location": own_path(path)})
    if done:
        flash.leave_notice(request, response, done)
        csrf.keep_secret(request, response)
    return response


def leave(request: web.Request) -> web.Response:
    """An empty page that goes on to the neutral one: by `Refresh`, since `form-action` covers redirects."""
    headers = {"Refresh": f"0; url={request.app[SITE].exit_url}", "Clear-Site-Data": '"cache"'}
    text = "<!doctype html><html lang=en><title>…</title></html>"
    return web.Response(text=text, content_type="text/html", headers=headers)


def own_path(untrusted: str) -> str:
    """`untrusted` if it is an absolute path on this site, else ValueError (no open redirect)."""
    good = untrusted.startswith("/") and not untrusted.startswith("//") and "\\" not in untrusted
    if not good or any(ord(c) < 33 for c in untrusted):
        raise ValueError("not a path of this site")
    return untrusted


def _frame(request: web.Request) -> dict[str, Any]:
    """What every layout needs."""
    language = i18n.LANGUAGES[i18n.current_language()]
    return {
        "actor": request.get(ACTOR), "signed_in_name": request.get(SIGNED_IN_NAME, ""),
        "language": language, "languages": list(i18n.LANGUAGES.values()), "nonce": nonce(request),
        "notice": _notice(request), "path": request.path,
        "now": datetime.now(request.app[SITE].zone),
        "navigation": navigation(request.get(ACTOR), request.path),
    }  # fmt: skip


def _notice(request: web.Request) -> flash.Notice | None:
    waiting = flash.waiting_notice(request)
    if waiting:
        request[NOTICE_SHOWN] = True
    return waiting


def _date(moment: datetime | date, zone: Any) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
