"""What the root key wraps says which key wrapped it, so that several can be in use while one follows another.

    0x02 ‖ length of the name (1 byte) ‖ name (ASCII) ‖ body

The name is a scheme, a hyphen and what the scheme tells its keys apart by: `file-1a2b3c4d`, `vault-exchange-v3`,
`pkcs11-exchange-v2`. It is not secret and not authenticated: under another key the body does not open. What the
body is, its provider knows (docs/sealed-format.md).
"""

import re

from exchange.core.errors import Unreadable

_VERSION = 2
_NAME = re.compile(r"(file|vault|pkcs11)-[a-z0-9][a-z0-9-]{0,60}")


def named(name: str, body: bytes) -> bytes:
    """The body with the name of the key that made it. ValueError for a name that is none."""
    if not _NAME.fullmatch(name):
        raise ValueError("not the name of a root key")
    return bytes([_VERSION, len(name)]) + name.encode("ascii") + body


def name_of(untrusted_blob: bytes) -> str:
    """Which key wrapped this; Unreadable if it does not say."""
    return _split(untrusted_blob)[0]


def body_of(untrusted_blob: bytes, name: str) -> bytes:
    """The body, if the key of this name made it; else Unreadable."""
    found, body = _split(untrusted_blob)
    if found != name:
        raise Unreadable
    return body


def scheme_of(name: str) -> str:
    """`file`, `vault` or `pkcs11`; Unreadable if this is not a root key's name."""
    if not _NAME.fullmatch(name):
        raise Unreadable
    return name.partition("-")[0]


def _split(untrusted_blob: bytes) -> tuple[str, bytes]:
    if len(untrusted_blob) < 2 or untrusted_blob[0] != _VERSION:
        raise Unreadable
    end = 2 + untrusted_blob[1]
    name = untrusted_blob[2:end].decode("ascii", "replace")
    if not _NAME.fullmatch(name):
        raise Unreadable
    return name, untrusted_blob[end:]
