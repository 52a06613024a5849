"""What every answer of the web frame holds to, on a real server (OWASP ASVS 5.0.0, chapters 3, 4, 13, 16)."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from exchange.web.frame.refusals import PER_MINUTE
from tests.support.preview_site import Running, Settings, changed, running_site

TEXT = ("text/", "application/json", "application/problem+json", "image/svg+xml")
FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
async def console() -> AsyncIterator[Running]:
    """The console on plain loopback."""
    async with running_site("console") as running:
        yield running


@pytest.fixture
async def guarded() -> AsyncIterator[Running]:
    """The portal behind TLS, as its settings say."""
    async with running_site("portal", Settings(portal_url="https://portal.example")) as running:
        yield running


async def test_browsers_are_told_to_use_tls_for_two_years(guarded: Running) -> None:
    """On pages, refusals, faults, redirects and what aiohttp refuses by itself, for subdomains too (3.4.1)."""
    wanted = "max-age=63072000; includeSubDomains"
    for path in ("/form", "/nothing", "/broken", "/api/v1/broken", "/healthz", "/staff"):
        response, _ = await guarded.page(path)
        assert response.headers["Strict-Transport-Security"] == wanted
    reader, writer = await asyncio.open_connection("127.0.0.1", int(guarded.url.rsplit(":", 1)[1]))
    writer.write(b"NOT HTTP\r\n\r\n")
    answer = (await asyncio.wait_for(reader.read(), 5)).decode()
    writer.close()
    assert f"Strict-Transport-Security: {wanted}\r\n" in answer


async def test_every_cookie_is_private_to_its_host(guarded: Running) -> None:
    """Named `__Host-`, Secure, HttpOnly, for the whole site and no other (3.3.1, 3.3.2, 3.3.3, 3.3.4, 3.3.5)."""
    response, text = await guarded.page("/form")
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
    made = response.headers.getall("Set-Cookie")
    assert token
    bearer = {"Cookie": made[0].split(";")[0]}
    for path, fields in (("/form", {"reference": "RJ-1"}), ("/language", {"lang": "cy", "back": "/form"})):
        data = {"csrf": token[1], **fields}
        async with guarded.client.post(guarded.url + path, data=data, headers=bearer, allow_redirects=False) as sent:
            assert sent.status == 303
            made += sent.headers.getall("Set-Cookie")
    names = set()
    for cookie in made:
        value, *attributes = cookie.split("; ")
        names.add(value.partition("=")[0])
        assert {"HttpOnly", "Path=/", "Secure", "SameSite=Lax"} <= set(attributes)
        assert not [one for one in attributes if one.lower().startswith("domain")]
        assert len(value) < 4096
    assert sum(map(len, made)) < 2048
    assert names == {"__Host-form", "__Host-notice", "__Host-lang"}


@pytest.mark.parametrize(
    "path", ["/form", "/nothing", "/broken", "/api/v1/broken", "/healthz", "/bad", "CSS", "JS", "SVG"]
)
async def test_every_answer_names_its_type_and_character_set(console: Running, path: str) -> None:
    """Pages, refusals, problems, and static files of each kind (4.1.1)."""
    named = {"CSS": "site.css", "JS": "site.js", "SVG": "icon.svg"}
    if path in named:
        _, page = await console.page("/form")
        folder = re.search(r"/static/[0-9a-f]{16}/", page)
        assert folder
        path = folder[0] + named[path]
    response, _ = await console.page(path)
    kind = response.headers["Content-Type"]
    assert kind.startswith(TEXT)
    assert kind.lower().endswith("; charset=utf-8")


async def test_no_other_site_may_read_an_answer(console: Running) -> None:
    """No CORS header, whatever origin asks and however; a preflight is an unknown method (3.4.2)."""
    for method, path in (("GET", "/form"), ("GET", "/api/v1/broken"), ("OPTIONS", "/api/v1/x"), ("OPTIONS", "/form")):
        asked = {**FOREIGN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        async with console.client.request(method, console.url + path, headers=asked) as response:
            assert [name for name in response.headers if name.lower().startswith("access-control-")] == []
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert response.status >= 400 or method == "GET"


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PUT", "DELETE", "PATCH", "PROPFIND", "CONNECT"])
async def test_methods_that_no_route_names_are_refused(console: Running, method: str) -> None:
    """TRACE too, and none echoes what it was sent (4.1.4, 13.4.4)."""
    port = int(console.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} /form HTTP/1.1\r\nHost: x\r\nX-Odd: echoed\r\nConnection: close\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), 5)).decode()
    writer.close()
    assert answer.split("\r\n")[0].split()[1] in ("400", "404", "405")
    assert "echoed" not in answer


async def test_a_request_with_two_lengths_is_one_request_or_none(console: Running) -> None:
    """What hides behind a second length never reaches a page: refused, and the connection ends (4.2.1, 4.2.2)."""
    port, hidden = int(console.url.rsplit(":", 1)[1]), "GET /gallery HTTP/1.1\r\nHost: x\r\n\r\n"
    bodies = (
        f"Content-Length: {len(hidden) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        f"Content-Length: 0\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}",
        f"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}",
        f"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}",
        f"Content-Length: +0\r\n\r\n{hidden}",
    )
    for body in bodies:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST /form HTTP/1.1\r\nHost: x\r\n{body}".encode())
        answer = (await asyncio.wait_for(reader.read(), 5)).decode()
        writer.close()
        assert answer.split("\r\n")[0].split()[1] == "400"
        assert len(re.findall(r"HTTP/1\.\d ", answer)) == 1
    assert changed == []


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/.git/config", "/docs", "/static/", "/static", "/debug", "/exchange/settings.py", "/server-status"],
)
async def test_nothing_is_served_but_what_is_declared(console: Running, path: str) -> None:
    """No listing, no history, no metrics, no source (13.4.1, 13.4.3, 13.4.5, 13.4.7)."""
    response, text = await console.page(path)
    assert response.status == 404
    assert "Index of" not in text
    assert "[core]" not in text


async def test_no_answer_says_what_it_runs_on(console: Running) -> None:
    """One neutral word, on pages and on what aiohttp refuses by itself (13.4.6)."""
    for path in ("/form", "/broken", "/api/v1/broken", "/nothing"):
        response, text = await console.page(path)
        said = f"{response.headers} {text}".lower()
        assert response.headers["Server"] == "web"
        assert not re.search(r"aiohttp|python/|jinja|traceback|site-packages", said)


async def test_a_parameter_of_the_address_is_no_field_of_the_form(console: Running) -> None:
    """Each value has one source; said twice in that source it is refused (15.3.7)."""
    token = await console.token()
    assert (await console.send(f"/form?reference=RJ-1&csrf={token}"))[0] == 403
    assert (await console.send("/form?reference=RJ-1", {"csrf": token}))[0] == 422
    twice = f"csrf={token}&reference=RJ-1&reference=RJ-2"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await console.send("/form", twice, **form))[0] == 422
    assert changed == []


async def test_what_was_refused_stands_in_the_log_without_what_was_sent(
    console: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who may not, what was forged, what is not there: kind, route, status, account; no value (16.3.2, 16.3.3)."""
    session = {"Cookie": "console=0123456789abcdefghij"}
    await console.page("/forbidden?name=Lovelace", headers=session)
    await console.send("/form", {"reference": "Lovelace"})
    await console.page("/nothing/Lovelace")
    await console.page("/refused")
    written = [line for line in capsys.readouterr().out.splitlines() if "refused" in line]
    for kind, route in (
        ("NotAllowed", "/forbidden"),
        ("Forged", "/form"),
        ("HTTPNotFound", ""),
        ("WaitAWhile", "/refused"),
    ):
        assert [line for line in written if kind in line and f"route={route}" in plain(line)], kind
    assert "Lovelace" not in "".join(written)


async def test_a_backend_that_fails_stands_in_the_log(console: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """As an error, where people only get a sentence (16.3.4)."""
    response, text = await console.page("/away")
    assert response.status == 503
    assert "StorageUnavailable" not in text
    written = [plain(line) for line in capsys.readouterr().out.splitlines()]
    assert [
        line for line in written if "[error" in line and "kind=StorageUnavailable" in line and "route=/away" in line
    ]


def plain(line: str) -> str:
    """A line of structlog's console form without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", line).replace("''", "")


async def test_a_flood_of_refusals_fills_no_disk(console: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """Of one kind only so many lines, and then so many a minute; other kinds are still written (16.3.3)."""
    began = monotonic()
    for _ in range(2 * PER_MINUTE):
        await console.page("/nothing")
    await console.page("/refused")
    written = capsys.readouterr().out
    allowed = PER_MINUTE + (monotonic() - began) * PER_MINUTE / 60
    assert PER_MINUTE <= written.count("HTTPNotFound") <= allowed
    assert "WaitAWhile" in written


def test_a_log_line_is_one_json_object_whatever_is_in_it(tmp_path: Path) -> None:
    """Time in UTC, process, event; a line break stays inside its value (16.2.1, 16.2.2, 16.2.4, 16.4.1)."""
    hostile = 'x"}\n{"event":"forged","level":"info"}\r\n\x1b[31m\u2028'
    script = (
        "import json,sys\nimport structlog\nfrom exchange.logs import to_json_lines\nto_json_lines('portal')\n"
        "structlog.get_logger('web').warning('refused', kind=json.loads(sys.argv[1]))\n"
        "import logging; logging.getLogger('other').error('%s', json.loads(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", script, json.dumps(hostile)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stderr.strip().split("\n")
    assert len(lines) == 2
    first, second = map(json.loads, lines)
    assert (first["event"], first["level"], first["process"], first["kind"]) == (
        "refused",
        "warning",
        "portal",
        hostile,
    )
    assert second["event"] == hostile
    told = datetime.fromisoformat(first["timestamp"])
    assert told.utcoffset() == UTC.utcoffset(None)
    assert "\x1b" not in done.stderr
