"""A small site on the web frame, for its tests: a form, refusals, faults, streams, and every component."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import aiohttp
import aiohttp_jinja2
import jinja2
from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import BadInput, NotAllowed, SignInNeeded, StorageUnavailable, WaitAWhile
from exchange.core.model import Actor, ActorKind, Role
from exchange.web import frame

STAFF = Actor(ActorKind.STAFF, UUID(int=1), frozenset({Role.FACILITATOR}))
SAVED = frame.notice("test-saved", "The preview was saved.")
changed: list[str] = []


@dataclass(frozen=True)
class Settings:
    """What the frame reads of the settings."""

    timezone: str = "Europe/London"
    portal_url: str = "http://localhost:8601"
    console_url: str = "http://127.0.0.1:8602"
    demo: bool = True
    trusted_proxies: str = ""
    requests_per_minute: int = 0
    knocks_per_minute: int = 0
    tries_per_link: int = 0
    references_per_minute: int = 0
    mirrored_language: bool = False


@dataclass(frozen=True)
class Service:
    """What the frame reads of the service."""

    settings: Settings = Settings()


class Preview(frame.Form):
    """A form with one question."""

    reference: str


async def form_page(request: web.Request) -> web.Response:
    """A page with a form."""
    return frame.render(request, "preview.html", {"form": frame.blank()})


async def form_sent(request: web.Request) -> web.StreamResponse:
    """The form, sent."""
    form = await frame.parse(request, Preview)
    if isinstance(form, frame.ErrorSummary):
        return frame.render(request, "preview.html", {"form": form}, status=422)
    changed.append(form.reference)
    return frame.see_other(request, "/form", done=SAVED)


async def broken(_request: web.Request) -> web.Response:
    """A page with a mistake that would leak a name."""
    raise RuntimeError("Ada Lovelace")


async def hiding(request: web.Request) -> web.Response:
    """A page that gives a value of its own under a name of the layout."""
    return frame.render(request, "preview.html", {"form": frame.blank(), request.query["name"]: "mine"})


async def refused(_request: web.Request) -> web.Response:
    """A step that refuses."""
    raise WaitAWhile


async def away(_request: web.Request) -> web.Response:
    """A step that needs a store which does not answer."""
    raise StorageUnavailable


async def bad(_request: web.Request) -> web.Response:
    """A step that dislikes what was entered."""
    raise BadInput("The file is empty.")


async def stream(request: web.Request) -> web.StreamResponse:
    """An answer in pieces."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"a piece")
    return response


async def done(_request: web.Request) -> web.Response:
    """Something that changed."""
    changed.append("done")
    return web.Response(text="done")


async def handler_checked(request: web.Request) -> web.Response:
    """A body whose first part is the token."""
    frame.require_token(request, (await request.text())[:200])
    return await done(request)


async def gallery(request: web.Request) -> web.Response:
    """Every component once, with errors where `?wrong`."""
    request[frame.ACTOR] = Actor(ActorKind.STAFF, UUID(int=1), frozenset(Role))
    request[frame.SIGNED_IN_NAME] = "Sam Facilitator"
    form = frame.blank()
    if "wrong" in request.query:
        form.add("code", "Enter three words").add("day-day", "Enter a real date, such as 27 3 2026")
    then = datetime.now(UTC) - timedelta(days=3)
    context = {"form": form, "then": then, "message": {**MESSAGE, "since": then}}
    return frame.render(request, f"gallery_{request.app[frame.SITE].name}.html", context)


MESSAGE = {
    "sender": "S.", "recipient": "Ms C", "kind_words": "Letter", "state": "approved",
    "reference": "RJ-0041-1", "href": "/m",
}  # fmt: skip
ROUTES = [
    frame.Route("GET", "/gallery", gallery, frame.PUBLIC),
    frame.Route("GET", "/form", form_page, frame.PUBLIC),
    frame.Route("POST", "/form", form_sent, frame.PUBLIC),
    frame.Route("GET", "/broken", broken, frame.PUBLIC),
    frame.Route("GET", "/hiding", hiding, frame.PUBLIC),
    frame.Route("GET", "/api/v1/broken", broken, frame.PUBLIC),
    frame.Route("GET", "/refused", refused, frame.PUBLIC),
    frame.Route("GET", "/bad", bad, frame.PUBLIC),
    frame.Route("GET", "/away", away, frame.PUBLIC),
    frame.Route("GET", "/stream", stream, frame.PUBLIC),
    frame.Route("GET", "/recorder", stream, frame.PUBLIC, features=("camera", "microphone")),
    frame.Route("GET", "/staff", form_page, Permission.HOME),
    frame.Route("GET", "/forbidden", form_page, Permission.ADMINISTER),
    frame.Route("PATCH", "/upload", done, frame.PUBLIC, csrf=frame.Csrf.HEADER),
    frame.Route("POST", "/parts", handler_checked, frame.PUBLIC, csrf=frame.Csrf.HANDLER),
    frame.Route("POST", "/api/v1/x", done, frame.PUBLIC, csrf=frame.Csrf.BEARER),
]


async def authorise(request: web.Request, route: frame.Route) -> Any:
    """Signed in with any session cookie; administration is for nobody."""
    if not frame.private_cookie(request, "console"):
        raise SignInNeeded
    if route.permission is Permission.ADMINISTER:
        raise NotAllowed
    request[frame.SIGNED_IN_NAME] = "Sam Facilitator"
    return STAFF


@dataclass
class Running:
    """A site that listens, and a browser-like client for it."""

    url: str
    client: aiohttp.ClientSession
    app: web.Application

    async def page(self, path: str, **kwargs: Any) -> tuple[aiohttp.ClientResponse, str]:
        """A response and its text."""
        async with self.client.get(self.url + path, allow_redirects=False, **kwargs) as response:
            return response, await response.text()

    async def send(self, path: str, data: Any = None, method: str = "POST", **headers: str) -> tuple[int, str]:
        """An unsafe request with these headers."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(
            method, self.url + path, data=data, headers=given, allow_redirects=False
        ) as response:
            return response.status, await response.text()

    async def token(self, path: str = "/form") -> str:
        """The token in the first form of a page."""
        _, text = await self.page(path)
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
        assert found
        return found[1]


TEMPLATES = Path(__file__).parent / "templates"


@asynccontextmanager
async def running_site(site: Literal["portal", "console"], settings: Settings | None = None) -> AsyncIterator[Running]:
    """Run one site on a free port with the preview pages added to its templates."""
    changed.clear()
    app = frame.base_application(Service(settings or Settings()), site=site, authorise=authorise, routes=ROUTES)
    env = aiohttp_jinja2.get_env(app)
    assert env.loader
    env.loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(TEMPLATES), env.loader])
    runner = frame.FrameRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield Running(url, client, app)
    await runner.cleanup()
