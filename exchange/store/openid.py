"""The OpenID provider over HTTP: discovery, exchanging a code, its keys. Plain https, no redirects, small answers.

The configured issuer is the only address that is trusted: its own document names the others (OpenID Connect
Discovery 1.0), which must be https too. Nothing is kept between two sign-ins, so a key that the provider withdrew
counts no more. What the provider says of an error is neither shown nor logged.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.discovery import get_well_known_url

from exchange.core.errors import SignOnRefused, SignOnSilent, WrongSetting
from exchange.settings import Settings, is_guarded

SECONDS = 10
LARGEST = 256 * 1024


@dataclass(frozen=True)
class Provider:
    """What the issuer's own document says."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_itself: bool
    """Whether it says in every answer who it is (RFC 9207)."""
    auth_method: str


@asynccontextmanager
async def connection(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """HTTP to the provider; every trouble of the way is `SignOnSilent`."""
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    connector = aiohttp.TCPConnector(ssl=_tls(settings))
    try:
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as http:
            yield http
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SignOnSilent from error


async def discover(http: aiohttp.ClientSession, settings: Settings) -> Provider:
    """The provider behind the configured issuer; SignOnSilent where its document is not to be trusted."""
    async with http.get(get_well_known_url(settings.oidc_issuer, external=True), allow_redirects=False) as answer:
        found = await _json(answer)
    try:
        places = {name: str(found[name]) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        methods = [str(one) for one in found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]]
    except (KeyError, TypeError) as error:
        raise SignOnSilent from error
    if found.get("issuer") != settings.oidc_issuer or not all(map(is_guarded, places.values())):
        raise SignOnSilent
    basic = "client_secret_basic"
    method = basic if basic in methods else "client_secret_post"
    names_itself = found.get("authorization_response_iss_parameter_supported") is True
    return Provider(settings.oidc_issuer, **places, names_itself=names_itself, auth_method=method)


async def exchange(
    http: aiohttp.ClientSession, settings: Settings, provider: Provider, *, code: str, verifier: str, redirect_uri: str
) -> str:
    """The ID token for an authorization code, unchecked. SignOnRefused where the provider gives none."""
    if settings.oidc_client_secret is None:
        raise WrongSetting
    body = prepare_token_request("authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier)
    secret = settings.oidc_client_secret.get_secret_value()
    client = ClientAuth(settings.oidc_client_id, secret, provider.auth_method)
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    uri, headers, body = client.prepare("POST", provider.token_endpoint, headers, body)
    async with http.post(uri, headers=headers, data=body, allow_redirects=False) as answer:
        if 400 <= answer.status < 500:
            raise SignOnRefused
        found = await _json(answer)
    token = found.get("id_token")
    if not isinstance(token, str):
        raise SignOnRefused
    return token


async def keys(http: aiohttp.ClientSession, provider: Provider) -> dict[str, Any]:
    """The provider's public keys as they are now (RFC 7517), unchecked."""
    async with http.get(provider.jwks_uri, allow_redirects=False) as answer:
        return await _json(answer)


async def _json(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """A JSON object of at most 256 KiB; anything else is `SignOnSilent`."""
    if answer.status != 200:
        raise SignOnSilent
    try:
        body = await answer.content.readexactly(LARGEST)
    except asyncio.IncompleteReadError as whole:
        body = whole.partial
    try:
        found = json.loads(body)
    except ValueError as error:
        raise SignOnSilent from error
    if not isinstance(found, dict):
        raise SignOnSilent
    return found


def _tls(settings: Settings) -> ssl.SSLContext | bool:
    if settings.oidc_ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=settings.oidc_ca)
    except OSError as error:
        raise WrongSetting("EXCHANGE_OIDC_CA names a file that cannot be read. Check its path and mode.") from error
