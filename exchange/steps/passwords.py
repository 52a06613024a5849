"""Passwords of staff: the rule, and argon2id (RFC 9106) in a thread.

Parameters are OWASP's: 19 MiB, two passes, one lane. The rule is NIST SP 800-63B's: length, not a known
one, not the login; no demand for odd characters and no forced changes.
"""

import asyncio
import functools
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from exchange.core.errors import BadInput
from exchange.core.links import new_code, new_secret

SHORTEST, LONGEST = 12, 200
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
_KNOWN = """
123456789012 1234567890123 qwertyuiop12 qwertyuiop123 qwertyuiopas passwordpassword password1234
password12345 password123456 administrator administrator1 letmeinletmein iloveyou1234 welcome12345
changeme1234 changemeplease adminadminadmin abcdefghijkl abc123abc123 qwerty123456 qwertyqwerty
monkeymonkey footballfootball liverpoolfc1 restorative1 restorativejustice facilitator1 facilitator123
correcthorsebatterystaple
"""
_COMMON = frozenset(_KNOWN.split())


def check(untrusted_password: str, login: str) -> str:
    """The password in its normal form (NFKC). Raises BadInput with the reason in words."""
    password = _normal(untrusted_password)
    if len(password) < SHORTEST:
        raise BadInput("The password must have at least 12 characters.", field="password")
    if len(password) > LONGEST:
        raise BadInput("The password must have at most 200 characters.", field="password")
    plain = "".join(password.casefold().split())
    if plain in _COMMON or len(set(plain)) < 4:
        raise BadInput("Too many people use this password. Choose three or four random words.", field="password")
    if login.casefold() in plain or plain in login.casefold():
        raise BadInput("The password must not contain the sign-in name.", field="password")
    return password


def temporary() -> str:
    """A password for a first sign-in, to say or write down: three words and eight digits."""
    return "-".join([*new_code().split(), *new_code(words=False).split()])


async def hashed(password: str) -> str:
    """The argon2id hash of a checked password; about 25 ms in a thread."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def matches(untrusted_password: str, stored: str | None) -> bool:
    """Whether it is the password; takes as long where there is none (`stored` None)."""
    return await asyncio.to_thread(_verify, _normal(untrusted_password[:LONGEST]), stored)


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
