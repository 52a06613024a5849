"""Sends one webhook: resolves the name once, judges every address it has, and connects to those and no other.

So a name that answers differently a moment later (DNS rebinding) leads nowhere new; the certificate is still that of
the name. No redirect is followed, no proxy asked, nothing of the answer is read but its status.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from ipaddress import ip_network
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from exchange.core import webhooks
from exchange.core.errors import WrongSetting
from exchange.settings import Settings

SECONDS = 10.0
HTTPS = 443


class NotSent(Exception):
    """No answer came: `reason` is a word for the record (`no_such_host`, `not_allowed`, `no_answer`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Fixed(AbstractResolver):
    """Knows the addresses that were judged."""

    def __init__(self, found: list[ResolveResult]) -> None:
        self._found = found

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
        """The same whatever is asked."""
        del host, port, family
        return self._found

    async def close(self) -> None:
        """Nothing is open."""


async def send(settings: Settings, address: str, headers: Mapping[str, str], body: bytes) -> int:
    """The status of the answer to a POST. Raises NotSent."""
    parts = urlsplit(webhooks.checked_address(address))
    try:
        async with asyncio.timeout(SECONDS):
            found = await _judged(settings, str(parts.hostname), parts.port or HTTPS)
            connector = aiohttp.TCPConnector(
                resolver=_Fixed(found), ssl=_tls(settings), use_dns_cache=False, force_close=True
            )
            async with (
                aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http,
                http.post(
                    address, data=body, headers={"content-type": "application/json", **headers}, allow_redirects=False
                ) as answer,
            ):
                return answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotSent("no_answer") from error


async def _judged(settings: Settings, host: str, port: int) -> list[ResolveResult]:
    """Every address of the name; one that may not be called is enough to call none."""
    try:
        told = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent("no_such_host") from error
    inner = [ip_network(part.strip()) for part in settings.webhook_networks.split(",") if part.strip()]
    numbers = [str(place[0]) for *_, place in told]
    if not numbers or not all(webhooks.may_call(one, inner, demo=settings.demo) for one in numbers):
        raise NotSent("not_allowed")
    return [
        ResolveResult(hostname=host, host=number, port=port, family=family, proto=proto, flags=socket.AI_NUMERICHOST)
        for (family, _, proto, *_), number in zip(told, numbers, strict=True)
    ]


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.webhook_ca)
    except OSError as error:
        raise WrongSetting("EXCHANGE_WEBHOOK_CA names a file that cannot be read. Check its path and mode.") from error
