"""Cosignatures: another organisation says that it saw a checkpoint follow from all that it saw before.

Source: C2SP tlog-cosignature. A cosignature is a signature line of the note whose bytes are key id ‖ time ‖
signature; the time is seconds since 1970, eight bytes, big-endian. Two kinds:

- Ed25519 (type byte 0x04) over "cosignature/v1\\n", "time T\\n" and the whole text of the note.
- ML-DSA-44 (0x06, FIPS 204), which also withstands quantum computers, over a `cosigned_message`: label
  "subtree/v1\\n\\0", name, time, origin, 0, size, root. It says nothing of lines after the third.

Not here: whether the checkpoint may be cosigned at all (core/witness.py).
"""

import struct
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from exchange.core.notes import (
    BadKey,
    BadNote,
    Opened,
    canonical_base64,
    check_name,
    key_id_of,
    signature_line,
)

_LATEST = 2**63 - 1
_LONGEST_NAME = 255
_TIME_SIZE = 8

Private: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey


class Kind(Enum):
    """The kinds of cosignature: type byte, bytes of a public key, bytes of a signature."""

    ED25519 = (4, 32, 64)
    ML_DSA_44 = (6, 1312, 2420)

    @property
    def type_byte(self) -> bytes:
        """What stands before the key in a vkey."""
        return bytes(self.value[:1])


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The public key of a witness with its name; `vkey` is its one-line form."""

    name: str
    kind: Kind
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.name.encode()) > _LONGEST_NAME or len(self.public) != self.kind.value[1]:
            raise BadKey

    @property
    def key_id(self) -> bytes:
        """4 bytes that tell keys of one name apart."""
        return key_id_of(self.name, self.kind.type_byte + self.public)

    @property
    def vkey(self) -> str:
        """`name+keyid+base64(type ‖ public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(self.kind.type_byte + self.public).decode()}"

    @classmethod
    def from_vkey(cls, vkey: str) -> "WitnessKey":
        """Parse a vkey line. Raises BadKey, also for a key that signs records but does not cosign."""
        name, kind, public, key_id = _key_line(vkey)
        key = cls(name, kind, public)
        if key_id != key.key_id.hex():
            raise BadKey
        return key

    def times(self, opened: Opened) -> list[int]:
        """When this witness says it saw the checkpoint: seconds since 1970, one per line of its key.

        Raises BadNote where such a line does not verify: the note was then tampered with (C2SP signed-note).
        """
        return [self._time(opened, data) for data in opened.of(self.name, self.key_id)]

    def _time(self, opened: Opened, untrusted_data: bytes) -> int:
        if len(untrusted_data) != _TIME_SIZE + self.kind.value[2]:
            raise BadNote("A witness's cosignature is damaged.")
        at = int.from_bytes(untrusted_data[:_TIME_SIZE])
        if not 0 < at <= _LATEST or not self._accepts(_message(self, opened, at), untrusted_data[_TIME_SIZE:]):
            raise BadNote("A witness's cosignature is wrong.")
        return at

    def _accepts(self, message: bytes, signature: bytes) -> bool:
        try:
            if self.kind is Kind.ED25519:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class Cosigner:
    """A witness's secret key in memory; `skey` is its one-line form."""

    name: str
    private: Private

    @property
    def key(self) -> WitnessKey:
        """The public half."""
        kind = Kind.ED25519 if isinstance(self.private, Ed25519PrivateKey) else Kind.ML_DSA_44
        return WitnessKey(self.name, kind, self.private.public_key().public_bytes_raw())

    def cosign(self, opened: Opened, at: int) -> str:
        """The signature line that says this checkpoint was seen at that time (seconds since 1970, > 0)."""
        if not 0 < at <= _LATEST:
            raise ValueError("a cosignature names a time after 1970")
        key = self.key
        signature = self.private.sign(_message(key, opened, at))
        return signature_line(self.name, key.key_id + at.to_bytes(_TIME_SIZE) + signature)

    @property
    def skey(self) -> str:
        """`PRIVATE+KEY+name+keyid+base64(type ‖ 32-byte seed)`: the secret of the witness."""
        key = self.key
        seed = b64encode(key.kind.type_byte + self.private.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{key.key_id.hex()}+{seed}"

    @classmethod
    def generate(cls, name: str, kind: Kind = Kind.ML_DSA_44) -> "Cosigner":
        """A new key. Raises BadKey for an unusable name."""
        private: Private = Ed25519PrivateKey.generate() if kind is Kind.ED25519 else MLDSA44PrivateKey.generate()
        made = cls(name, private)
        _ = made.key
        return made

    @classmethod
    def from_skey(cls, skey: str) -> "Cosigner":
        """Parse a skey line. Raises BadKey."""
        prefix, found, rest = skey.strip().partition("PRIVATE+KEY+")
        if prefix or not found:
            raise BadKey
        name, kind, seed, key_id = _key_line(rest)
        if len(seed) != 32:
            raise BadKey
        by_seed = Ed25519PrivateKey.from_private_bytes if kind is Kind.ED25519 else MLDSA44PrivateKey.from_seed_bytes
        made = cls(name, by_seed(seed))
        if key_id != made.key.key_id.hex():
            raise BadKey
        return made


def when(at: int) -> datetime:
    """A cosignature's time (seconds since 1970). Raises OverflowError for one that no calendar has."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)


def moment(at: int) -> str:
    """A cosignature's time as people write it, in UTC."""
    try:
        return when(at).strftime("%Y-%m-%d %H:%M UTC")
    except OverflowError:
        return "an impossible time"


def _key_line(untrusted_line: str) -> tuple[str, Kind, bytes, str]:
    """(name, kind, what follows the type byte, key id in hex) of a key line."""
    name, _, rest = untrusted_line.strip().partition("+")
    key_id, _, data = rest.partition("+")
    try:
        typed = canonical_base64(data)
    except BadNote as error:
        raise BadKey from error
    for kind in Kind:
        if typed[:1] == kind.type_byte:
            return name, kind, typed[1:], key_id
    raise BadKey("This is not a key of a witness.")


def _message(key: WitnessKey, opened: Opened, at: int) -> bytes:
    """What is signed."""
    if key.kind is Kind.ED25519:
        return f"cosignature/v1\ntime {at}\n{opened.text}".encode()
    head, origin = opened.checkpoint, opened.checkpoint.origin.encode()
    if len(origin) > _LONGEST_NAME:
        raise BadNote("The record's name is too long to be cosigned.")
    name = key.name.encode()
    return b"".join(
        [
            b"subtree/v1\n\0",
            struct.pack(">B", len(name)), name,
            struct.pack(">Q", at),
            struct.pack(">B", len(origin)), origin,
            struct.pack(">QQ", 0, head.size),
            head.root,
        ]
    )  # fmt: skip
