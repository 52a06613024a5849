"""The web frame on a real server: headers on everything, forged requests, undeclared routes, languages."""

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from io import BytesIO

import aiohttp
import pytest
from aiohttp import web

from exchange.web import frame
from exchange.web.frame.routing import UndeclaredRouteError, add_routes
from tests.support.preview_site import Running, Service, Settings, authorise, changed, done, running_site

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


@pytest.fixture
async def console() -> AsyncIterator[Running]:
    """The console on plain loopback."""
    async with running_site("console") as running:
        yield running


@pytest.fixture
async def portal() -> AsyncIterator[Running]:
    """The portal behind TLS (as its settings say)."""
    async with running_site("portal", Settings(portal_url="https://portal.example")) as running:
        yield running


@pytest.mark.parametrize(
    "packed", [b"\x1f\x8b\x08" + bytes(17), gzip.compress(bytes(100_000_000))], ids=["broken", "bomb"]
)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip"])
async def test_a_packed_body_is_never_unpacked(console: Running, packed: bytes, coding: str) -> None:
    """A broken one was a fault (500), and a small one could become a large one."""
    sent = {"Content-Encoding": coding, "Content-Type": "application/x-www-form-urlencoded"}
    async with console.client.post(console.url + "/form", data=packed, headers=sent) as response:
        assert response.status == 415
        assert response.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("name", "status"), [("language", 500), ("path", 500), ("actor", 500), ("now", 500), ("mine", 200)]
)
async def test_no_page_hides_a_name_of_its_layout(console: Running, name: str, status: int) -> None:
    """A version's own `language` once became the page's, and was read out as one that it was not in."""
    async with console.client.get(console.url + "/hiding", params={"name": name}) as response:
        assert response.status == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/form", 200), ("HEAD", "/form", 200), ("GET", "/nothing", 404), ("PUT", "/form", 405),
        ("GET", "/broken", 500), ("GET", "/api/v1/broken", 500), ("GET", "/refused", 429),
        ("GET", "/bad", 422), ("GET", "/stream", 200), ("GET", "/staff", 303), ("POST", "/form", 403),
        ("POST", "/api/v1/x", 401),
        ("GET", "/static/0/site.css", 404), ("GET", "/static/0/../../frame/app.py", 404),
    ],
)  # fmt: skip
async def test_every_answer_carries_every_header(console: Running, method: str, path: str, status: int) -> None:
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


async def test_a_fault_tells_a_reference_and_nothing_else(console: Running, capsys: pytest.CaptureFixture[str]) -> None:
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


async def test_a_route_that_slipped_in_does_not_answer() -> None:
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


async def test_the_same_page_has_the_same_bytes(portal: Running) -> None:
    """What must look alike can be alike byte for byte: no nonce and no random salt in the body."""
    session = {"Cookie": "__Host-portal=0123456789abcdefghij"}
    first, second = [(await portal.page("/nothing", headers=session))[1] for _ in range(2)]
    assert first == second
    assert 'name="csrf"' in first
