"""ID tokens that a real provider would not give: signed again with its own key, or not signed by it at all."""

import base64
import hashlib
import hmac
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.openid_provider import RealProvider, Tamper


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def resigned(provider: RealProvider, **changes: Any) -> Tamper:
    """The provider's token with other claims (None: without), signed with the provider's key."""

    def tamper(told: dict[str, Any]) -> dict[str, Any]:
        claims = {**claims_of(told["id_token"]), **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        return {**told, "id_token": jwt.encode({"alg": "RS256", "kid": "one"}, claims, provider.key)}

    return tamper


def forged(provider: RealProvider, how: str) -> Tamper:
    """The provider's own claims under a signature that is not the provider's."""

    def tamper(told: dict[str, Any]) -> dict[str, Any]:
        claims = claims_of(told["id_token"])
        match how:
            case "none":
                token = f"{_part({'alg': 'none', 'kid': 'one'})}.{_part(claims)}."
            case "HS256 with the public key":
                token = _hs256(claims, provider.key.as_pem(private=False))
            case "HS256 with the secret":
                token = _hs256(claims, provider.secret.encode())
            case "another key":
                token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048))
            case _:
                token = told["id_token"][:-8]
        return {**told, "id_token": token}

    return tamper


def _hs256(claims: dict[str, Any], secret: bytes) -> str:
    body = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(claims)}"
    return f"{body}.{_text(hmac.digest(secret, body.encode(), hashlib.sha256))}"


def _part(value: dict[str, Any]) -> str:
    return _text(json.dumps(value).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
