"""Keys: making, wrapping, deriving; the hierarchy of DESIGN section 7.

    root key (provider) ── wraps ──► case private key ── opens ──► data keys, tag-2 fields
    link or session secret ── derives ──► wrap key ── wraps ──► data key (a grant)
    case field key ── opens ──► tag-1 fields

Every envelope here is bound to a `context` (`sealed.context`): the same bytes must be given to open it. The
first byte of an envelope is its version or tag and is authenticated through the label that precedes the
context. All failures are Unreadable; none says why. Byte layouts: docs/sealed-format.md.
"""

import secrets
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from exchange.core.errors import Unreadable

KEY = 32
NONCE = 12
PRIVATE = 64 + 32
PUBLIC = 1184 + 32

FIELD_UNDER_KEY = 1
FIELD_TO_CASE = 2

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_VERSION = b"\x01"
_WRAP, _HPKE = b"exchange/wrap/v1\x00", b"exchange/hpke/v1\x00"
_FIELD, _FIELD_HPKE = b"exchange/field/v1\x00", b"exchange/field-hpke/v1\x00"


@dataclass(frozen=True, slots=True)
class CaseKey:
    """A key pair. private: ML-KEM-768 seed (64) ‖ X25519 (32); public: ML-KEM-768 (1184) ‖ X25519 (32)."""

    private: bytes = field(repr=False)
    public: bytes = field(repr=False)


class RootKeyProvider(Protocol):
    """What wraps case keys: a file, a vault, an HSM. `key_name` says which root key wraps, and stands in each wrap.

    Every method may wait for a server elsewhere, and raises KeysUnavailable where that does not answer.
    """

    @property
    def key_name(self) -> str: ...

    def wrap(self, plaintext: bytes, context: bytes) -> bytes: ...

    def unwrap(self, untrusted_blob: bytes, context: bytes) -> bytes: ...

    def use(self, name: str) -> None:
        """Wrap under this key from now on; RootKeyMissing where it cannot."""


def new_data_key() -> bytes:
    """32 fresh random bytes: a data key, a field key, a secret."""
    return secrets.token_bytes(KEY)


def random_below(limit: int) -> int:
    """A uniform random whole number in [0, limit)."""
    return secrets.randbelow(limit)


def new_case_key() -> CaseKey:
    """A fresh key pair for a case (or a session)."""
    kem, curve = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    private = kem.private_bytes_raw() + curve.private_bytes_raw()
    return CaseKey(private, public_of(private))


def public_of(private: bytes) -> bytes:
    """The public key that belongs to a stored private key; Unreadable if it is not one."""
    if len(private) != PRIVATE:
        raise Unreadable()
    kem, curve = _split_private(private)
    return kem.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def seal_to(public: bytes, plaintext: bytes, context: bytes) -> bytes:
    """HPKE (RFC 9180, base mode) to a stored public key: 0x01 ‖ enc (1120) ‖ ciphertext ‖ tag (16)."""
    return _VERSION + _hpke_seal(public, plaintext, _HPKE + context)


def open_sealed(private: bytes, untrusted_blob: bytes, context: bytes) -> bytes:
    """Open what `seal_to` made for this key pair and context; else Unreadable."""
    _expect(untrusted_blob, _VERSION)
    return _hpke_open(private, untrusted_blob[1:], _HPKE + context)


def wrap(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """AES-256-GCM under a 32-byte key: 0x01 ‖ nonce (12, random) ‖ ciphertext ‖ tag (16)."""
    return _VERSION + _gcm_seal(key, plaintext, _WRAP + context)


def unwrap(key: bytes, untrusted_blob: bytes, context: bytes) -> bytes:
    """Open what `wrap` made under this key and context; else Unreadable."""
    _expect(untrusted_blob, _VERSION)
    return _gcm_open(key, untrusted_blob[1:], _WRAP + context)


def derive(secret: bytes, label: str) -> bytes:
    """32 bytes by HKDF-SHA256 (RFC 5869): no salt, info = the label's UTF-8 bytes."""
    return HKDF(SHA256(), KEY, None, label.encode()).derive(secret)


def seal_field(field_key: bytes, text: str, context: bytes) -> bytes:
    """A text column under the case's field key: 0x01 ‖ nonce ‖ ciphertext ‖ tag."""
    return bytes([FIELD_UNDER_KEY]) + _gcm_seal(field_key, text.encode(), _FIELD + context)


def seal_field_to(public: bytes, text: str, context: bytes) -> bytes:
    """A text column written by the portal, which has no field key: 0x02 ‖ enc ‖ ciphertext ‖ tag."""
    return bytes([FIELD_TO_CASE]) + _hpke_seal(public, text.encode(), _FIELD_HPKE + context)


def open_field(
    untrusted_blob: bytes, context: bytes, *, field_key: bytes | None = None, private: bytes | None = None
) -> str:
    """The text of either kind of sealed column; Unreadable also where the key that it needs was not given."""
    tag = untrusted_blob[0] if untrusted_blob else None
    try:
        if tag == FIELD_UNDER_KEY and field_key is not None:
            return _gcm_open(field_key, untrusted_blob[1:], _FIELD + context).decode()
        if tag == FIELD_TO_CASE and private is not None:
            return _hpke_open(private, untrusted_blob[1:], _FIELD_HPKE + context).decode()
    except UnicodeDecodeError as error:
        raise Unreadable() from error
    raise Unreadable()


def _expect(untrusted_blob: bytes, version: bytes) -> None:
    if untrusted_blob[:1] != version:
        raise Unreadable()


def _gcm_seal(key: bytes, plaintext: bytes, bound: bytes) -> bytes:
    if len(key) != KEY:
        raise ValueError("a key is 32 bytes")
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def _gcm_open(key: bytes, untrusted: bytes, bound: bytes) -> bytes:
    if len(key) != KEY:
        raise Unreadable()
    try:
        return AESGCM(key).decrypt(untrusted[:NONCE], untrusted[NONCE:], bound)
    except (InvalidTag, ValueError) as error:
        raise Unreadable() from error


def _hpke_seal(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    if len(public) != PUBLIC:
        raise ValueError("a public key is 1216 bytes")
    kem = MLKEM768PublicKey.from_public_bytes(public[:1184])
    curve = X25519PublicKey.from_public_bytes(public[1184:])
    return _SUITE.encrypt(plaintext, MLKEM768X25519PublicKey(kem, curve), info)


def _hpke_open(private: bytes, untrusted: bytes, info: bytes) -> bytes:
    if len(private) != PRIVATE:
        raise Unreadable()
    try:
        return _SUITE.decrypt(untrusted, MLKEM768X25519PrivateKey(*_split_private(private)), info)
    except (InvalidTag, ValueError) as error:
        raise Unreadable() from error


def _split_private(private: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    return MLKEM768PrivateKey.from_seed_bytes(private[:64]), X25519PrivateKey.from_private_bytes(private[64:])
