"""Passwords of staff: the rule, and argon2id (RFC 9106) in a thread.

Parameters are OWASP's: 19 MiB, two passes, one lane. The rule is NIST SP 800-63B's: length, not a known
one, not the login; no demand for odd characters and no forced changes. What is known is asked without a
network: the 30,000 most used passwords of breaches, and an estimate over them, come with `zxcvbn`.
"""

import asyncio
import functools
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from exchange.core.errors import BadInput
from exchange.core.links import new_code, new_secret

SHORTEST, LONGEST = 12, 200
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
LOOKED_AT = 32
FEWEST_GUESSES = 9
_FAMOUS = frozenset({"correcthorsebatterystaple"})
_KNOWN = frozenset(FREQUENCY_LISTS["passwords"]) | _FAMOUS
_OURS = ("restorative", "justice", "facilitator", "supervisor", "auditor", "administrator", "exchange")


def check(untrusted_password: str, login: str) -> str:
    """The password in its normal form (NFKC). Raises BadInput with the reason in words."""
    password = _normal(untrusted_password)
    if len(password) < SHORTEST:
        raise BadInput("The password must have at least 12 characters.", field="password")
    if len(password) > LONGEST:
        raise BadInput("The password must have at most 200 characters.", field="password")
    plain = "".join(password.casefold().split())
    if plain in _KNOWN or len(set(plain)) < 4 or _guessed_soon(password, login):
        raise BadInput("Too many people use this password. Choose three or four random words.", field="password")
    if _leans_on(plain, login.casefold()):
        raise BadInput("The password must not contain the sign-in name.", field="password")
    return password


def _leans_on(plain: str, login: str) -> bool:
    """Whether little of it is left without the sign-in name; "jo" in "banjo" of a long one is no fault."""
    return plain in login or (login in plain and len(plain.replace(login, "")) < SHORTEST)


def _guessed_soon(password: str, login: str) -> bool:
    """Whether known passwords, names, words, dates and keyboard rows make it up within 10^9 guesses (zxcvbn).

    The first 32 characters are looked at: enough for any that is long, and quick for any that is odd.
    """
    found = zxcvbn(password[:LOOKED_AT], user_inputs=[login, *_OURS])
    return float(found["guesses_log10"]) < FEWEST_GUESSES


def temporary() -> str:
    """A password for a first sign-in, to say or write down: three words and eight digits."""
    return "-".join([*new_code().split(), *new_code(words=False).split()])


async def hashed(password: str) -> str:
    """The argon2id hash of a checked password; about 25 ms in a thread."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def matches(untrusted_password: str, stored: str | None) -> bool:
    """Whether it is the password, all of it; takes as long where there is none (`stored` None)."""
    password = _normal(untrusted_password[: 4 * LONGEST])  # no more work than that, whatever was sent
    if len(password) > LONGEST:  # longer than any that is taken: it is not cut to what might match
        password, stored = "", None
    return await asyncio.to_thread(_verify, password, stored)


def _verify(password: str, stored: str | None) -> bool:
    try:
        return _HASHER.verify(stored or _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _nobodys() -> str:
    """The hash of a password that nobody knows, made once: the time it takes is the point."""
    return _HASHER.hash(new_secret())


def _normal(untrusted_password: str) -> str:
    return unicodedata.normalize("NFKC", untrusted_password)
