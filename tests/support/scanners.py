"""What mail scanners, preview bots, prefetchers and curious programs do with a link, each by name.

`PLAIN` speak HTTP; `SCRIPTED` drive a real Chromium, so they run the page's scripts and press its buttons. Nobody here
has the code: whatever they do, the link must stay as it is for the person it was made for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote, urlsplit

import aiohttp

from exchange.core.links import new_secret
from tests.support.crawl import token_for
from tests.support.html_forms import read_page

GUESSES = ("123456", "password", "test")
BOTS = {
    "Slack's preview": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Facebook's preview": "facebookexternalhit/1.1",
    "WhatsApp's preview": "WhatsApp/2.23.20.0",
    "Telegram's preview": "TelegramBot (like TwitterBot)",
    "Teams' preview": "Mozilla/5.0 SkypeUriPreview Preview/0.5",
    "a search engine": "Mozilla/5.0 (compatible; Googlebot/2.1)",
    "a phone's message preview": "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Safari/604.1 Twitterbot/1.0",
    "a mail provider's image proxy": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)",
}


@dataclass
class Scanner:
    """One program at one link."""

    url: str
    secret: str
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **given: object) -> tuple[int, str]:
        """Any request; redirects are followed on this site, as scanners do."""
        try:
            async with self.http.request(method, self.url + path, **given) as answer:  # type: ignore[arg-type]
                return answer.status, (await answer.read()).decode("utf-8", "replace")
        except aiohttp.ClientError:
            return 0, ""

    async def form(self, fields: dict[str, str], path: str = "/l", **headers: str) -> int:
        """A form with a good token of a browser of its own."""
        cookie = new_secret()
        sent = {"Cookie": f"portal={cookie}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return (await self.ask("POST", path, data={"csrf": token_for(cookie), **fields}, headers=sent))[0]


Behaviour = Callable[[Scanner], Awaitable[object]]


async def _everything_it_loads(scanner: Scanner) -> None:
    _, page = await scanner.ask("GET", "/l")
    for path in read_page(page)[2]:
        await scanner.ask("GET", path)


async def _every_link(scanner: Scanner) -> None:
    seen, to_see = set(), ["/l"]
    while to_see and len(seen) < 30:
        path = to_see.pop()
        seen.add(path)
        _, page = await scanner.ask("GET", path)
        found = {urlsplit(link).path for link in read_page(page)[1] if link.startswith("/")}
        to_see += sorted(found - seen)


async def _every_form(scanner: Scanner) -> None:
    _, page = await scanner.ask("GET", "/l")
    for form in read_page(page)[0]:
        fields = {name: value for name, value in form.fields.items() if name != "csrf"}
        await scanner.form({**fields, **({"link": scanner.secret} if "link" in fields else {})}, form.action or "/l")


async def _guesses(scanner: Scanner) -> None:
    for code in GUESSES:
        await scanner.form({"link": scanner.secret, "code": code})


async def _known_holes(scanner: Scanner) -> None:
    for path in ("/admin", "/.env", "/api/v1/links", f"/s/{'0' * 8}-0000-4000-8000-{'0' * 12}/read", "/wp-login.php"):
        await scanner.ask("GET", path)


async def _cut_off(scanner: Scanner) -> None:
    """A connection that ends in the middle of the form."""
    parts = urlsplit(scanner.url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = f"link={scanner.secret}&code=12".encode()
    head = f"POST /l HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    writer.write(head.encode() + b"Content-Length: 900\r\n\r\n" + body)
    await writer.drain()
    writer.close()


async def _old_http(scanner: Scanner) -> None:
    """HTTP/1.0 without a host."""
    parts = urlsplit(scanner.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET /l?{scanner.secret} HTTP/1.0\r\n\r\n".encode())
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(), 2)
    writer.close()


async def _replay(scanner: Scanner) -> None:
    """What was recorded of one visit without a code, sent again."""
    cookie = new_secret()
    sent = {"csrf": token_for(cookie), "link": scanner.secret, "code": ""}
    for _ in range(5):
        await scanner.ask("POST", "/l", data=sent, headers={"Cookie": f"portal={cookie}"})


async def _too_much(scanner: Scanner) -> None:
    """A form larger than any page takes."""
    body = BytesIO(f"link={scanner.secret}&code=".encode() + b"x" * 2_000_000)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    await scanner.ask("POST", "/l", data=body, headers=headers)


async def _many(scanner: Scanner, method: str) -> None:
    await asyncio.gather(*(scanner.ask(method, "/l") for _ in range(20)))


def _get(path: str = "/l", **headers: str) -> Behaviour:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda s: s.ask("GET", path.replace("SECRET", s.secret), headers=named)


def _method(name: str) -> Behaviour:
    return lambda s: s.ask(name, "/l", data={"link": s.secret, "code": GUESSES[0]})


def _rewritten(template: str) -> Behaviour:
    return lambda s: s.ask("GET", template.format(secret=s.secret, whole=quote(f"{s.url}/l#{s.secret}", safe="")))


PLAIN: dict[str, Behaviour] = {
    **{name: _get(User_Agent=agent, Range="bytes=0-32767") for name, agent in BOTS.items()},
    "HEAD": lambda s: s.ask("HEAD", "/l"),
    "GET": _get(),
    "OPTIONS": lambda s: s.ask("OPTIONS", "/l"),
    "twenty HEADs at once": lambda s: _many(s, "HEAD"),
    "twenty GETs at once": lambda s: _many(s, "GET"),
    "GET with If-None-Match": _get(If_None_Match='"x"', If_Modified_Since="Sun, 06 Nov 1994 08:49:37 GMT"),
    "prefetch": _get(Sec_Purpose="prefetch", Purpose="prefetch"),
    "prerender": _get(Sec_Purpose="prefetch;prerender"),
    "preview of a browser": _get(X_Purpose="preview", X_Moz="prefetch"),
    "robots and sitemap": lambda s: asyncio.gather(s.ask("GET", "/robots.txt"), s.ask("GET", "/sitemap.xml")),
    "everything the page loads": _everything_it_loads,
    "every link, and theirs": _every_link,
    "the secret in the path": _get("/l/SECRET"),
    "the secret in the query": _get("/l?link=SECRET&code=123456"),
    "the sign # encoded": _get("/l%23SECRET"),
    "rewritten as a query": _rewritten("/?url={whole}&data=05&reserved=0"),
    "rewritten as a path": _rewritten("/v3/__{whole}__;Iw!!x"),
    "rewritten with a star": _rewritten("/l*{secret}"),
    "broken over two lines": _get("/l%0D%0ASECRET"),
    "with the sentence's full stop": _get("/l.#SECRET."),
    "POST without a token": lambda s: s.ask("POST", "/l", data={"link": s.secret, "code": GUESSES[0]}),
    "POST without a code": lambda s: s.form({"link": s.secret}),
    "POST with an empty code": lambda s: s.form({"link": s.secret, "code": " "}),
    "POST of nothing": lambda s: s.form({}),
    "POST as JSON": lambda s: s.ask("POST", "/l", json={"link": s.secret, "code": GUESSES[0]}),
    "POST in parts": lambda s: s.ask("POST", "/l", data=aiohttp.FormData({"link": s.secret, "file": BytesIO(b"x")})),
    "POST of two megabytes": _too_much,
    "POST from another site": lambda s: s.form({"link": s.secret, "code": GUESSES[0]}, Sec_Fetch_Site="cross-site"),
    "POST that says it is a GET": lambda s: s.form({"link": s.secret}, X_HTTP_Method_Override="GET"),
    "POST with a token of another browser": lambda s: s.ask(
        "POST", "/l", data={"csrf": token_for(new_secret()), "link": s.secret, "code": GUESSES[0]}
    ),
    "PUT": _method("PUT"),
    "DELETE": _method("DELETE"),
    "PATCH": _method("PATCH"),
    "PROPFIND": _method("PROPFIND"),
    "TRACE": lambda s: s.ask("TRACE", "/l"),
    "every form with guesses": _every_form,
    "three guesses of the code": _guesses,
    "the secret as the code": lambda s: s.form({"link": s.secret, "code": s.secret}),
    "asks for a new link": lambda s: s.form({"link": s.secret}, "/new-link"),
    "leaves by the exit": lambda s: s.form({}, "/exit"),
    "changes the language": lambda s: s.form({"lang": "cy", "back": "/l"}, "/language"),
    "well-known holes": _known_holes,
    "a connection cut in the middle": _cut_off,
    "HTTP/1.0 without a host": _old_http,
    "a recorded visit, sent again": _replay,
}
