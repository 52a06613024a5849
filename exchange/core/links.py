"""Link secrets, session secrets and participants' codes (DESIGN sections 7 and 8).

A link's secret S is 32 random bytes, written as 43 characters in the URL fragment. The server keeps only
SHA-256(HKDF(S, "id")) to find the link, and whatever is wrapped under HKDF(S, "wrap"): neither leads back
to S. A session's cookie is the same kind of secret with labels of its own: it never passes for a link.

A code is agreed by voice, so it forgives spaces, hyphens, case and other people's digits. It is a second lock
against whoever sees the link, with few bits: tries are counted by the caller.
"""

import base64
import hashlib
import re
import unicodedata

from cryptography.hazmat.primitives import constant_time
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from exchange.core.errors import LinkDead
from exchange.core.keys import derive, new_data_key, random_below
from exchange.core.words import WORDS

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_PASTE = 4096
_AROUND = "<>()[]{}\"'.,;:!?\u2018\u2019\u201c\u201d"
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 1 << 14, 8, 1


def new_secret() -> str:
    """A fresh link or session secret: 32 random bytes as 43 URL-safe base64 characters without padding."""
    return base64.urlsafe_b64encode(new_data_key()).rstrip(b"=").decode()


def lookup_hash(secret: str) -> bytes:
    """What the server stores to find a link: SHA-256(HKDF(S, "id")), 32 bytes."""
    return hashlib.sha256(derive(_raw(secret), "id")).digest()


def wrap_key(secret: str) -> bytes:
    """The key under which a link's grant lies: HKDF(S, "wrap"), 32 bytes."""
    return derive(_raw(secret), "wrap")


def session_hash(untrusted_cookie: str) -> bytes:
    """What the server stores to find a session: SHA-256(HKDF(C, "session-id")), 32 bytes."""
    return hashlib.sha256(derive(_raw(untrusted_cookie), "session-id")).digest()


def session_key(untrusted_cookie: str) -> bytes:
    """The key under which a session's grant lies: HKDF(C, "session-wrap"), 32 bytes."""
    return derive(_raw(untrusted_cookie), "session-wrap")


def derived(secret: str, label: str) -> str:
    """Another secret, that only whoever holds this one can make: HKDF(S, label) as 43 characters."""
    return base64.urlsafe_b64encode(derive(_raw(secret), label)).rstrip(b"=").decode()


def parse_secret(untrusted_text: str) -> str:
    """The secret in whatever was pasted: the whole address or its last part, with spaces, breaks or brackets.

    Raises LinkDead for anything else; that a text is well formed says nothing about whether the link exists.
    """
    if len(untrusted_text) > _LONGEST_PASTE:
        raise LinkDead()
    text = "".join(char for char in untrusted_text if not _is_blank(char))
    text = text.strip(_AROUND)
    secret = re.split(r"[#/=?&]", text)[-1]
    _raw(secret)
    return secret


def new_code(words: bool = True) -> str:
    """A participant's code to say aloud: three everyday words, or eight digits shown 4+4."""
    if words:
        return " ".join(WORDS[random_below(len(WORDS))] for _ in range(3))
    digits = f"{random_below(10**8):08d}"
    return f"{digits[:4]} {digits[4:]}"


def normalise_code(untrusted_code: str) -> str:
    """Letters and digits only, lower case, digits of any script as 0 to 9; the empty text stays empty."""
    text = unicodedata.normalize("NFKC", untrusted_code[:200]).casefold()
    return "".join(_plain_digit(char) for char in text if char.isalnum())


def code_hash(untrusted_code: str, salt: bytes) -> bytes:
    """32 bytes by scrypt (RFC 7914; N 2^14, r 8, p 1: about 30 ms and 16 MiB) over the normalised code."""
    kdf = Scrypt(salt, 32, _SCRYPT_N, _SCRYPT_R, _SCRYPT_P)
    return kdf.derive(normalise_code(untrusted_code).encode())


def code_matches(untrusted_code: str, salt: bytes, stored_hash: bytes) -> bool:
    """Whether a typed code is the agreed one; takes the same time either way."""
    return constant_time.bytes_eq(code_hash(untrusted_code, salt), stored_hash)


def _raw(untrusted_secret: str) -> bytes:
    """The 32 bytes of a well-formed secret. One spelling only: 43 characters carry two bits too many."""
    if not _SECRET.fullmatch(untrusted_secret):
        raise LinkDead()
    raw = base64.urlsafe_b64decode(untrusted_secret + "=")
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != untrusted_secret:
        raise LinkDead()
    return raw


def _is_blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cf", "Cc")


def _plain_digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
