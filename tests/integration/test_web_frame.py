"""The web frame on a real server: headers on everything, forged requests, undeclared routes, languages."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import aiohttp
import aiohttp_jinja2
import jinja2
import pytest
from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import BadInput, NotAllowed, SignInNeeded, WaitAWhile
from exchange.core.model import Actor, ActorKind, Role
from exchange.web import frame
from exchange.web.frame.routing import UndeclaredRouteError, add_routes

EXPECTED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Server": "web",
    "Cache-Control": "no-store",
}
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


async def refused(_request: web.Request) -> web.Response:
    """A step that refuses."""
    raise WaitAWhile


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


ROUTES = [
    frame.Route("GET", "/form", form_page, frame.PUBLIC),
    frame.Route("POST", "/form", form_sent, frame.PUBLIC),
    frame.Route("GET", "/broken", broken, frame.PUBLIC),
    frame.Route("GET", "/api/v1/broken", broken, frame.PUBLIC),
    frame.Route("GET", "/refused", refused, frame.PUBLIC),
    frame.Route("GET", "/bad", bad, frame.PUBLIC),
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

    async def send(
        self, path: str, data: Any = None, method: str = "POST", **headers: str
    ) -> tuple[int, str]:
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


async def start(
    site: Literal["portal", "console"], settings: Settings, templates: Path
) -> tuple[frame.FrameRunner, Running]:
    """Run one site on a free port with the preview page added to its templates."""
    app = frame.base_application(Service(settings), site=site, authorise=authorise, routes=ROUTES)
    env = aiohttp_jinja2.get_env(app)
    assert env.loader
    env.loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(templates), env.loader])
    runner = frame.FrameRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner, Running(url, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)), app)


PREVIEW = """{% extends "layout/" ~ site.name ~ ".html" %}
{% from "components/fields.html" import text_field, form_to, button %}
{% block title %}{{ _("Cases") }}{% endblock %}
{% block before %}<a class="govuk-back-link" href="/">Back</a>{% endblock %}
{% block content %}<h1 class="govuk-heading-l">Preview</h1>
{% call form_to("/form") %}{{ text_field(form, "reference", "Reference") }}{{ button("Send") }}
{% endcall %}{% endblock %}"""


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Running]:
    """The console on plain loopback."""
    changed.clear()
    (tmp_path / "preview.html").write_text(PREVIEW)
    runner, running = await start("console", Settings(), tmp_path)
    yield running
    await running.client.close()
    await runner.cleanup()


@pytest.fixture
async def portal(tmp_path: Path) -> AsyncIterator[Running]:
    """The portal behind TLS (as its settings say)."""
    changed.clear()
    (tmp_path / "preview.html").write_text(PREVIEW)
    runner, running = await start("portal", Settings(portal_url="https://portal.example"), tmp_path)
    yield running
    await running.client.close()
    await runner.cleanup()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/form", 200), ("HEAD", "/form", 200), ("GET", "/nothing", 404), ("PUT", "/form", 405),
        ("GET", "/broken", 500), ("GET", "/api/v1/broken", 500), ("GET", "/refused", 429), ("GET", "/bad", 422),
        ("GET", "/stream", 200), ("GET", "/staff", 303), ("POST", "/form", 403), ("POST", "/api/v1/x", 401),
        ("GET", "/static/0/site.css", 404), ("GET", "/static/0/../../frame/app.py", 404),
    ],
)  # fmt: skip
async def test_every_answer_carries_every_header(
    console: Running, method: str, path: str, status: int
) -> None:
    """Pages, streams, redirects, refusals and faults alike."""
    async with console.client.request(method, console.url + path, allow_redirects=False) as response:
        assert response.status == status
        assert {name: response.headers.get(name) for name in EXPECTED} == EXPECTED
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "camera=()" in response.headers["Permissions-Policy"]
        assert "fullscreen=(self)" in response.headers["Permissions-Policy"]


async def test_too_large_form_is_refused_with_every_header(console: Running) -> None:
    """413 for a body over 1 MiB, announced or not; nothing changed."""
    for body in (BytesIO(b"reference=" + b"x" * 2_000_000), _pieces()):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        async with console.client.post(console.url + "/form", data=body, headers=form) as response:
            assert response.status == 413
            assert {name: response.headers.get(name) for name in EXPECTED} == EXPECTED
    assert changed == []


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b"reference=" + b"x" * 50_000


async def test_malformed_requests_get_every_header_and_no_echo(console: Running) -> None:
    """What aiohttp refuses before the application sees it."""
    port = int(console.url.rsplit(":", 1)[1])
    hostile = (
        b"GET /\x00secret HTTP/1.1\r\n\r\n",
        b"NOT HTTP\r\n\r\n",
        b"GET / HTTP/1.1\r\nB ad: secret\r\n\r\n",
    )
    for raw in hostile:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        answer = (await asyncio.wait_for(reader.read(), 5)).decode()
        writer.close()
        assert " 400 " in answer.split("\r\n")[0]
        assert all(f"{name}: {value}" in answer for name, value in EXPECTED.items())
        assert "secret" not in answer


async def test_a_fault_tells_a_reference_and_nothing_else(
    console: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page and the log share a reference; neither holds the value that was in the exception."""
    _, text = await console.page("/broken")
    found = re.search(r'app-reference">([0-9a-f]{8})<', text)
    logged = capsys.readouterr().out
    assert found
    assert found[1] in logged
    assert "Lovelace" not in text + logged


async def test_api_errors_are_problem_details(console: Running) -> None:
    """RFC 9457 below /api/, and no HTML."""
    response, text = await console.page("/api/v1/broken")
    assert response.content_type == "application/problem+json"
    assert json.loads(text)["status"] == 500


async def test_features_open_on_their_page_only(console: Running) -> None:
    """Camera and microphone are allowed on the recorder page and nowhere else."""
    response, _ = await console.page("/recorder")
    assert "camera=(self), microphone=(self)" in response.headers["Permissions-Policy"]
    assert "camera=()" not in response.headers["Permissions-Policy"]


@pytest.mark.parametrize(
    ("site", "origin", "with_token", "status"),
    [
        ("same-origin", "null", True, 303), ("none", None, True, 303), (None, None, True, 303),
        (None, "null", True, 303), (None, "OWN", True, 303), (None, "https://evil.example", True, 403),
        ("same-site", None, True, 403), ("cross-site", None, True, 403), ("cross-site", "OWN", True, 403),
        ("same-origin", "null", False, 403), ("none", None, False, 403), (None, None, False, 403),
        ("cross-site", "null", False, 403),
    ],
)  # fmt: skip
async def test_csrf_matrix(
    console: Running, site: str | None, origin: str | None, with_token: bool, status: int
) -> None:
    """A token and an origin of our own, both; after a refusal nothing has changed."""
    headers = {"Sec-Fetch-Site": site, "Origin": console.url if origin == "OWN" else origin}
    token = await console.token()
    data = {"reference": "RJ-1", **({"csrf": token} if with_token else {})}
    got, _ = await console.send("/form", data, **{k: v for k, v in headers.items() if v})
    assert got == status
    assert changed == (["RJ-1"] if status == 303 else [])


async def test_a_token_of_another_browser_is_refused(console: Running) -> None:
    """Tokens hang on a secret cookie of one browser."""
    token = await console.token()
    console.client.cookie_jar.clear()
    await console.token()
    assert (await console.send("/form", {"reference": "x", "csrf": token}))[0] == 403
    assert changed == []


async def test_other_ways_to_prove_where_a_request_comes_from(console: Running) -> None:
    """Header for uploads, first part for multipart, bearer for the API; each refused without it."""
    token = await console.token()
    assert (await console.send("/upload", b"x", "PATCH"))[0] == 403
    assert (await console.send("/upload", b"x", "PATCH", X_CSRF_Token=token))[0] == 200
    assert (await console.send("/parts", "0" * 80))[0] == 403
    assert (await console.send("/parts", token))[0] == 200
    assert (await console.send("/api/v1/x"))[0] == 401
    assert (await console.send("/api/v1/x", Authorization="Bearer t", Sec_Fetch_Site="cross-site"))[0] == 200
    assert changed == ["done"] * 3


async def test_permission_is_decided_before_the_handler(console: Running) -> None:
    """Not signed in leads to sign-in, signed in shows the name, forbidden says no; POST never redirects."""
    response, _ = await console.page("/staff")
    assert (response.status, response.headers["Location"]) == (303, "/sign-in")
    session = {"Cookie": "console=0123456789abcdefghij"}
    response, text = await console.page("/staff", headers=session)
    assert response.status == 200
    assert "Sam Facilitator" in text
    assert "Administration" not in text
    assert (await console.page("/forbidden", headers=session))[0].status == 403


def test_undeclared_routes_are_refused() -> None:
    """No permission, no start; what got past add_routes is seen by the census."""
    app = web.Application()
    for permission in (None, ""):
        with pytest.raises(UndeclaredRouteError):
            add_routes(app, [frame.Route("GET", "/x", done, permission)])
    with pytest.raises(UndeclaredRouteError):
        add_routes(app, [frame.Route("POST", "/x", done, frame.PUBLIC, csrf=frame.Csrf.BEARER)])
    add_routes(app, [frame.Route("GET", "/y", done, frame.PUBLIC)])
    app.router.add_get("/slipped-in", done)
    undeclared = {path for _, path, permission in frame.route_census(app) if permission is None}
    assert undeclared == {"/slipped-in"}


async def test_a_route_that_slipped_in_does_not_answer(tmp_path: Path) -> None:
    """The middleware refuses what was never declared, even if the router knows it."""
    app = frame.base_application(Service(), site="console", authorise=authorise, routes=[])
    app.router.add_get("/slipped-in", done)
    runner = frame.FrameRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slipped-in"
    changed.clear()
    async with aiohttp.ClientSession() as client, client.get(url) as response:
        assert response.status == 500
    await runner.cleanup()
    assert changed == []


async def test_static_files_are_cached_for_ever_under_their_hash(console: Running) -> None:
    """The one exception to no-store."""
    _, text = await console.page("/form")
    found = re.search(r"/static/[0-9a-f]{16}/site\.css", text)
    assert found
    response, _ = await console.page(found[0])
    assert (response.status, response.content_type) == (200, "text/css")
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_errors_of_a_form_come_back_with_what_was_entered(console: Running) -> None:
    """Summary linked to the field, the title says so, unknown fields are refused."""
    token = await console.token()
    status, text = await console.send("/form", {"csrf": token, "reference": " "})
    assert status == 422
    assert "<title>Error: Cases – " in text
    assert 'href="#reference"' in text
    status, text = await console.send("/form", {"csrf": token, "reference": "<b>RJ", "admin": "1"})
    assert status == 422
    assert 'value="&lt;b&gt;RJ"' in text
    assert changed == []


async def test_a_notice_is_said_once_and_its_cookie_names_nobody(console: Running) -> None:
    """The cookie holds the key of a sentence; a forged one says nothing."""
    await console.send("/form", {"csrf": await console.token(), "reference": "RJ-77 Ada"})
    cookie = {c.key: c.value for c in console.client.cookie_jar}["notice"]
    assert cookie.startswith("test-saved.")
    assert "Ada" not in cookie
    assert "The preview was saved." in (await console.page("/form"))[1]
    assert "The preview was saved." not in (await console.page("/form"))[1]
    forged = {"Cookie": "notice=test-saved." + "0" * 64}
    assert "The preview was saved." not in (await console.page("/form", headers=forged))[1]


async def test_language_is_asked_kept_and_goes_back(console: Running) -> None:
    """Accept-Language first, then the visitor's own choice; never to another site."""
    _, text = await console.page("/form", headers={"Accept-Language": "cy, en;q=0.5"})
    assert 'lang="cy"' in text
    assert "Cyfieithiad drafft" in text
    token = await console.token()
    assert (await console.send("/language", {"csrf": token, "lang": "cy", "back": "/form"}))[0] == 303
    assert 'lang="cy"' in (await console.page("/form"))[1]
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb"):
        assert (await console.send("/language", {"csrf": token, "lang": "en", "back": back}))[0] == 422


async def test_portal_behind_tls(portal: Running) -> None:
    """`__Host-` cookies, Secure, HttpOnly, no domain; HSTS; Exit and the phone on every page, errors too."""
    response, _ = await portal.page("/form")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-form=")
    assert {"HttpOnly", "Path=/", "Secure", "SameSite=Lax"} == set(cookie.split("; ")[1:])
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")
    for path in ("/form", "/nothing", "/broken"):
        _, text = await portal.page(path)
        assert 'action="/exit"' in text
        assert "01632 960 001" in text
        assert "Demonstration – no real people" in text
