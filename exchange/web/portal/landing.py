"""The way in by a link. GET is inert; the secret comes from the fragment (or is pasted) and the code by POST.

Every link that cannot be opened is answered by one page, the same bytes, 300 ms after the request came: which
of them it was stays unknown. A scanner that runs scripts and submits forms has no code and burns nothing.
"""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import ClassVar
from uuid import UUID
from weakref import WeakKeyDictionary

from aiohttp import web
from pydantic import Field

from exchange.core import links
from exchange.core.errors import BadInput, LinkDead, SessionLocked, SignInNeeded, WaitAWhile
from exchange.steps import visit
from exchange.web import frame
from exchange.web.frame import N_, PUBLIC, Route
from exchange.web.frame.i18n import LANGUAGES, current_language
from exchange.web.frame.language import COOKIE as LANGUAGE
from exchange.web.frame.language import YEAR
from exchange.web.portal import easy
from exchange.web.portal.visits import cookie_of, keep_cookie, service_of

ANSWERED_AFTER = 0.3
_dead_pages: WeakKeyDictionary[web.Application, dict[str, tuple[float, bytes]]] = WeakKeyDictionary()


class Landing(frame.Form):
    """The link's last part and the code."""

    link: str = Field(max_length=4096)
    code: str = Field(max_length=200)
    sentences: ClassVar = {
        "link": N_("Paste the last part of your link"),
        "code": N_("Enter the code that you agreed with us"),
    }


class NewLink(frame.Form):
    """The link for which a new one is wanted."""

    link: str = Field(max_length=4096)
    sentences: ClassVar = {"link": N_("Paste the last part of your link")}


async def landing(request: web.Request) -> web.Response:
    """GET /l: neutral. Gives the browser its random secret; shows and changes nothing."""
    response = frame.render(request, "portal/landing.html", {"form": frame.blank()})
    if request.method == "GET" and cookie_of(request) is None:
        keep_cookie(request, response, links.new_secret())
    return response


async def claim(request: web.Request) -> web.StreamResponse:
    """POST /l: secret and code. The same browser may repeat it; another finds a dead link."""
    came = asyncio.get_running_loop().time()
    form = await frame.parse(request, Landing)
    if isinstance(form, frame.ErrorSummary):
        return frame.render(request, "portal/landing.html", {"form": form}, status=422)
    cookie = cookie_of(request) or links.new_secret()
    try:
        _count(request, form.link)
        session = await visit.claim(service_of(request), form.link, cookie, form.code)
    except LinkDead:
        await _at_the_fixed_time(came)
        return dead(request)
    except (BadInput, WaitAWhile) as error:
        again = frame.ErrorSummary({"link": [form.link]}).add("code", str(error))
        return frame.render(request, "portal/landing.html", {"form": again}, status=error.status)
    return await _welcome(request, session, cookie)


async def _welcome(request: web.Request, session: UUID, cookie: str) -> web.Response:
    """Into the session. The empty fragment keeps the browser from carrying the secret along."""
    response = frame.see_other(request, f"/s/{session}#")
    keep_cookie(request, response, cookie)
    try:
        found = await visit.load(service_of(request), cookie, session)
    except (SignInNeeded, SessionLocked):  # taken back or locked this moment: the place it leads to says so
        return response
    language = found.payload.get("language")
    if frame.private_cookie(request, LANGUAGE) is None and language in LANGUAGES:
        frame.set_private_cookie(request, response, LANGUAGE, language, max_age=YEAR)
    if found.payload.get("easy_read"):
        easy.begin(request, response)
    return response


def dead(request: web.Request) -> web.Response:
    """The one page of every dead link: no token and no nonce, so that its bytes are always the same.

    Made once a second, so that whoever tries many costs little and sees nothing in the time it takes.
    """
    kept, now = _dead_pages.setdefault(request.app, {}), monotonic()
    made, body = kept.get(current_language(), (0.0, b""))
    if not body or now - made > 1:
        plain = {"nonce": "", "csrf_token": _no_token, "notice": None, "path": "/l"}
        found = frame.render(request, "portal/dead.html", status=404, instead=plain).body
        assert isinstance(found, bytes)
        body = found
        kept[current_language()] = now, body
    return web.Response(body=body, status=404, content_type="text/html", charset="utf-8")


async def closed(request: web.Request) -> web.Response:
    """GET /closed: where a session led that has ended."""
    return dead(request)


async def new_link(request: web.Request) -> web.Response:
    """GET /new-link: ask for another one."""
    return frame.render(request, "portal/new_link.html", {"form": frame.blank()})


async def ask_for_new_link(request: web.Request) -> web.Response:
    """POST /new-link: a task for the facilitator if the link ever existed; always the same answer."""
    came = asyncio.get_running_loop().time()
    form = await frame.parse(request, NewLink)
    if isinstance(form, frame.ErrorSummary):
        return frame.render(request, "portal/new_link.html", {"form": form}, status=422)
    with suppress(LinkDead):
        _count(request, form.link)
    await visit.ask_for_new_link(service_of(request), form.link)
    await _at_the_fixed_time(came)
    return frame.see_other(request, "/new-link/asked#")


async def asked(request: web.Request) -> web.Response:
    """GET /new-link/asked."""
    return frame.render(request, "portal/new_link_asked.html")


def _count(request: web.Request, untrusted_link: str) -> None:
    """One try of this link, whether or not there is such a link. Raises TooOften; LinkDead for what can be none."""
    frame.try_link(request, links.lookup_hash(links.parse_secret(untrusted_link)))


async def _at_the_fixed_time(came: float) -> None:
    """300 ms after the request came; on a machine too busy for that, at the next multiple of it."""
    gone = asyncio.get_running_loop().time() - came
    await asyncio.sleep(ANSWERED_AFTER - gone % ANSWERED_AFTER)


def _no_token() -> str:
    return ""


ROUTES = [
    Route("GET", "/l", landing, PUBLIC),
    Route("POST", "/l", claim, PUBLIC),
    Route("GET", "/closed", closed, PUBLIC),
    Route("GET", "/new-link", new_link, PUBLIC),
    Route("POST", "/new-link", ask_for_new_link, PUBLIC),
    Route("GET", "/new-link/asked", asked, PUBLIC),
]
