"""Whether an ID token says who signed in, to us, just now (OpenID Connect Core 1.0, section 3.1.3.7).

Rules. It is signed by a key of the issuer, in an algorithm of ALGORITHMS: never "none", never one with a shared
secret, whatever its own header says. `iss` is the issuer, `aud` names our client (with more audiences, `azp` is our
client), `exp` has not come, `iat` is not to come, `nonce` is the one of this very sign-in, `sub` is there. The time is
the caller's. Whatever fails is one error, and nothing of the token is part of it.

It does not know accounts; and the e-mail address in a token is never looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from exchange.core.errors import SignOnRefused

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
LONGEST = 20_000
LONGEST_SUBJECT = 255
LEEWAY = 30
"""Seconds by which the provider's clock may differ from ours."""


@dataclass(frozen=True)
class Expected:
    """What a token must say."""

    issuer: str
    client_id: str
    nonce: str
    now: datetime


@dataclass(frozen=True)
class Identity:
    """Who signed in at the provider, and how: authentication methods (RFC 8176) and context class."""

    issuer: str
    subject: str
    amr: frozenset[str] = frozenset()
    acr: str = ""


def check(untrusted_token: str, untrusted_keys: Mapping[str, Any], expected: Expected) -> Identity:
    """The identity in a token that passes every rule above; SignOnRefused for any other."""
    try:
        return _checked(untrusted_token, untrusted_keys, expected)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SignOnRefused from error


def has_second_factor(identity: Identity, *, amr: frozenset[str], acr: frozenset[str]) -> bool:
    """Whether the provider asked for what was demanded: every method of `amr`, one class of `acr`; no if neither is."""
    if not amr and not acr:
        return False
    return amr <= identity.amr and (not acr or identity.acr in acr)


def _checked(untrusted_token: str, untrusted_keys: Mapping[str, Any], expected: Expected) -> Identity:
    if not isinstance(untrusted_token, str) or len(untrusted_token) > LONGEST or not expected.nonce:
        raise SignOnRefused
    found = jwt.decode(untrusted_token, _public_keys(untrusted_keys), algorithms=list(ALGORITHMS))
    wanted: Any = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
        "sub": {"essential": True},
        "nonce": {"essential": True, "value": expected.nonce},
    }
    asked = {"nonce": expected.nonce, "client_id": expected.client_id}
    claims = CodeIDToken(found.claims, found.header, wanted, asked)
    claims.validate(now=int(expected.now.timestamp()), leeway=LEEWAY)
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\x00" in subject:
        raise SignOnRefused
    methods = claims.get("amr") or ()
    return Identity(
        expected.issuer,
        subject,
        frozenset(one for one in methods if isinstance(one, str)),
        str(claims.get("acr") or ""),
    )


def _public_keys(untrusted_keys: Mapping[str, Any]) -> KeySet:
    """The asymmetric keys for signing; a shared secret among them, or a private part, counts for nothing."""
    kinds: dict[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    wanted = [
        kinds[one["kty"]].import_key({name: value for name, value in one.items() if name != "d"})
        for one in untrusted_keys["keys"]
        if one.get("kty") in kinds and one.get("use", "sig") == "sig"
    ]
    return KeySet(wanted)
