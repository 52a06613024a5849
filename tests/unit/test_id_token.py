"""ID tokens, rule by rule: one that is right, and everything that makes it wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from exchange.core.errors import SignOnRefused
from exchange.core.id_token import LEEWAY, Expected, Identity, check, has_second_factor

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
EXPECTED = Expected("https://there.example", "exchange", "n" * 43, NOW)
CLAIMS = {
    "iss": "https://there.example",
    "aud": "exchange",
    "sub": "a4f0",
    "nonce": "n" * 43,
    "iat": int(NOW.timestamp()),
    "exp": int((NOW + timedelta(minutes=5)).timestamp()),
}


def token(key: Any = KEY, alg: str = "RS256", **changes: Any) -> str:
    """A signed token; None takes a claim away."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    header = {"alg": alg, "kid": "one"}
    return jwt.encode(header, claims, key, algorithms=[alg])


def published(*keys: Any) -> dict[str, Any]:
    """What the provider shows of its keys."""
    return {"keys": [{**key.as_dict(private=False), "kid": "one"} for key in keys or (KEY,)]}


def test_a_right_token_names_the_subject_and_how_they_signed_in() -> None:
    """With methods and class; with neither; for several audiences where we are the party."""
    found = check(token(amr=["pwd", "otp"], acr="strong"), published(), EXPECTED)
    assert found == Identity("https://there.example", "a4f0", frozenset({"pwd", "otp"}), "strong")
    assert check(token(), published(), EXPECTED) == Identity("https://there.example", "a4f0")
    several = token(aud=["exchange", "another"], azp="exchange")
    assert check(several, published(), EXPECTED).subject == "a4f0"


@pytest.mark.parametrize(("kind", "alg"), [("RSA", "RS256"), ("RSA", "PS256"), ("EC", "ES256"), ("OKP", "Ed25519")])
def test_every_algorithm_that_is_taken_is_taken(kind: str, alg: str) -> None:
    """Asymmetric ones, each with its kind of key."""
    key = {
        "RSA": lambda: KEY,
        "EC": lambda: ECKey.generate_key("P-256", {"kid": "one"}),
        "OKP": lambda: OKPKey.generate_key("Ed25519", {"kid": "one"}),
    }[kind]()
    assert check(token(key, alg), published(key), EXPECTED).subject == "a4f0"


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_no_claim_may_be_missing_or_of_another_type(name: str) -> None:
    """Each of the six."""
    for value in (None, "", [], {}, True, *(["x"] if name != "sub" else [])):
        with pytest.raises(SignOnRefused):
            check(token(**{name: value}), published(), EXPECTED)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://there.example/"},
        {"iss": "https://THERE.example"},
        {"aud": "Exchange"},
        {"aud": ["another"]},
        {"aud": ["exchange", "another"]},
        {"azp": "another"},
        {"nonce": "n" * 42},
        {"exp": int(NOW.timestamp()) - LEEWAY - 1},
        {"iat": int(NOW.timestamp()) + LEEWAY + 1},
        {"nbf": int(NOW.timestamp()) + LEEWAY + 1},
        {"sub": "x" * 256},
        {"sub": "a\x00b"},
        {"sub": 7},
        {"amr": "mfa"},
    ],
)
def test_one_thing_that_is_wrong_is_enough(changes: dict[str, Any]) -> None:
    """Issuer and audience to the letter, the nonce, the times, a subject that is one."""
    with pytest.raises(SignOnRefused):
        check(token(**changes), published(), EXPECTED)


def test_a_shared_secret_among_the_keys_signs_nothing() -> None:
    """A provider that published one would let everybody sign."""
    secret = OctKey.generate_key(256, {"kid": "one"})
    shown = {"keys": [*published()["keys"], {**secret.as_dict(private=True), "kid": "one"}]}
    with pytest.raises(SignOnRefused):
        check(token(secret, "HS256"), shown, EXPECTED)


@pytest.mark.parametrize("untrusted", ["", ".", "..", "a.b.c", "x" * 30_000, "é", None, 7, b"a.b.c"])
def test_what_is_no_token_is_refused_in_the_same_words(untrusted: Any) -> None:
    """One error, without a part of what came."""
    with pytest.raises(SignOnRefused) as found:
        check(untrusted, published(), EXPECTED)
    assert str(found.value) == SignOnRefused.sentence()


@pytest.mark.parametrize("listed", [[], None, "x", [{}], [7], [{"kty": "RSA"}]])
def test_odd_keys_open_nothing(listed: Any) -> None:
    """None, or ones that are none."""
    for untrusted in ({"keys": listed}, {}):
        with pytest.raises(SignOnRefused):
            check(token(), untrusted, EXPECTED)


def test_without_a_nonce_of_ours_nothing_is_taken() -> None:
    """A caller that forgot it gets no identity."""
    with pytest.raises(SignOnRefused):
        check(token(nonce=None), published(), Expected("https://there.example", "exchange", "", NOW))


def test_a_key_for_encryption_signs_nothing() -> None:
    """Its use says so."""
    shown = {"keys": [{**published()["keys"][0], "use": "enc"}]}
    with pytest.raises(SignOnRefused):
        check(token(), shown, EXPECTED)


@pytest.mark.parametrize(
    ("amr", "acr", "counts"),
    [
        ("", "", False),
        ("mfa", "", True),
        ("mfa otp", "", True),
        ("mfa hwk", "", False),
        ("", "strong", True),
        ("", "weak strong", True),
        ("", "weak", False),
        ("mfa", "weak", False),
        ("hwk", "strong", False),
        ("mfa", "strong", True),
    ],
)
def test_the_second_factor_there_counts_only_as_demanded(amr: str, acr: str, counts: bool) -> None:
    """All methods, one class, both where both are demanded; nothing where nothing is."""
    found = Identity("i", "s", frozenset({"pwd", "otp", "mfa"}), "strong")
    assert has_second_factor(found, amr=frozenset(amr.split()), acr=frozenset(acr.split())) is counts
