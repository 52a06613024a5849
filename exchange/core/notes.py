"""Checkpoints and signed notes: how the head of the record is put in words and signed.

Sources: C2SP tlog-checkpoint (body: origin, size, root in base64, one line each) and C2SP signed-note
(text, empty line, lines "— name base64(key id ‖ signature)"). The only signature type here is Ed25519
(type byte 0x01); key id = SHA-256(name ‖ "\\n" ‖ 0x01 ‖ public key), first four bytes. By the same
specification the key's name is the origin of the record. Signatures of other keys in a note (witnesses,
core/cosign.py) are kept and ignored here; a note without a valid signature of *our* key is refused.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from exchange.core.errors import BadInput, Unreadable

_ED25519 = b"\x01"
_DASH = "\u2014 "
_MAX_NOTE = 100_000
_MAX_SIGNATURES = 100


class BadKey(BadInput):
    """This is not a key of the record. Copy it whole, as one line, from the printed sheet."""


class BadNote(Unreadable):
    """This is not a signed checkpoint of the record."""


class Signer(Protocol):
    """Whoever signs checkpoints: a key in memory, or one in a hardware module."""

    @property
    def verifier(self) -> "Verifier":
        """The matching public half."""

    def sign(self, text: bytes) -> bytes:
        """64 bytes: the Ed25519 signature of the text."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name; `vkey` is its one-line form."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != 32:
            raise BadKey

    @property
    def key_id(self) -> bytes:
        """4 bytes that tell keys of one name apart."""
        return key_id_of(self.name, _ED25519 + self.public)

    @property
    def vkey(self) -> str:
        """`name+keyid+base64`: what an auditor is given, on paper."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def from_vkey(cls, vkey: str) -> "Verifier":
        """Parse a vkey line. Raises BadKey, also when its key id does not match (a typing error)."""
        name, _, rest = vkey.strip().partition("+")
        key_id, _, data = rest.partition("+")
        verifier = cls(name, _key_bytes(data))
        if key_id != verifier.key_id.hex():
            raise BadKey
        return verifier

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature over the text is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class KeySigner:
    """A signing key in memory; `skey` is its secret one-line form."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: bytes) -> bytes:
        """64 bytes: the Ed25519 signature of the text."""
        return self.private.sign(text)

    @property
    def skey(self) -> str:
        """`PRIVATE+KEY+name+keyid+base64(0x01 ‖ seed)`, a secret to keep from the database's keepers."""
        seed = b64encode(_ED25519 + self.private.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{seed}"

    @classmethod
    def generate(cls, name: str) -> "KeySigner":
        """A new key. Raises BadKey for an unusable name."""
        signer = cls(name, Ed25519PrivateKey.generate())
        _ = signer.verifier
        return signer

    @classmethod
    def from_skey(cls, skey: str) -> "KeySigner":
        """Parse a skey line. Raises BadKey."""
        prefix, _, rest = skey.strip().partition("PRIVATE+KEY+")
        name, _, rest = rest.partition("+")
        key_id, _, data = rest.partition("+")
        if prefix:
            raise BadKey
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(_key_bytes(data)))
        if key_id != signer.verifier.key_id.hex():
            raise BadKey
        return signer


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the record: `size` leaves whose tree has this `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """The text that is signed (C2SP tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> str:
        """The signed note."""
        verifier = signer.verifier
        line = signature_line(verifier.name, verifier.key_id + signer.sign(self.body.encode()))
        return f"{self.body}\n{line}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A note whose signature holds: the signed text, what it says, and every signature line as (name, bytes)."""

    text: str
    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes], ...]

    @property
    def note(self) -> str:
        """The whole note again."""
        return self.text + "\n" + "".join(signature_line(name, data) for name, data in self.signatures)

    def of(self, name: str, key_id: bytes) -> list[bytes]:
        """The signatures under this name and key id (4 bytes), without the key id."""
        return [data[4:] for found, data in self.signatures if found == name and data[:4] == key_id]


def open_checkpoint(untrusted_note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint in a note, once this key's signature holds. Raises BadNote and says why."""
    return open_note(untrusted_note, verifier).checkpoint


def open_unverified(untrusted_note: str) -> Opened:
    """The parts of a note whose signatures nobody checked, for those who only pass it on. Raises BadNote."""
    text, signatures = _split(untrusted_note)
    return Opened(text, _parse_body(text), tuple(signatures))


def open_note(untrusted_note: str, verifier: Verifier) -> Opened:
    """The note with all its signatures, once this key's holds. Raises BadNote and says why."""
    opened = open_unverified(untrusted_note)
    _require_signed(opened.text, opened.of(verifier.name, verifier.key_id), verifier)
    if opened.checkpoint.origin != verifier.name:
        raise BadNote("The checkpoint belongs to another record.")
    return opened


def check_name(name: str) -> None:
    """Raise BadKey unless a key may be called so (C2SP signed-note)."""
    if not name or "+" in name or any(c.isspace() or ord(c) < 32 for c in name):
        raise BadKey("A key's name has no spaces and no plus sign.")


def key_id_of(name: str, typed_key: bytes) -> bytes:
    """4 bytes: the id of a public key that begins with its type byte (C2SP signed-note)."""
    return sha256(name.encode() + b"\n" + typed_key).digest()[:4]


def signature_line(name: str, signature: bytes) -> str:
    """A line of a note; `signature` begins with the key id."""
    return f"{_DASH}{name} {b64encode(signature).decode()}\n"


def parse_signature_lines(untrusted_lines: str) -> list[tuple[str, bytes]]:
    """(name, key id and signature) of signature lines without their note, at least one. Raises BadNote."""
    if len(untrusted_lines) > _MAX_NOTE:
        raise BadNote
    lines = untrusted_lines.split("\n")
    if lines.pop() != "" or not 0 < len(lines) <= _MAX_SIGNATURES:
        raise BadNote
    return [_signature(line) for line in lines]


def _split(untrusted_note: str) -> tuple[str, list[tuple[str, bytes]]]:
    if len(untrusted_note) > _MAX_NOTE or re.search(r"[\x00-\x09\x0b-\x1f\x7f]", untrusted_note):
        raise BadNote
    text, gap, rest = untrusted_note.rpartition("\n\n")
    if not gap:
        raise BadNote
    return text + "\n", parse_signature_lines(rest)


def _signature(untrusted_line: str) -> tuple[str, bytes]:
    name, _, data = untrusted_line.removeprefix(_DASH).partition(" ")
    signature = canonical_base64(data)
    if not untrusted_line.startswith(_DASH) or not name or "+" in name or len(signature) < 5:
        raise BadNote
    return name, signature


def _parse_body(untrusted_text: str) -> Checkpoint:
    lines = untrusted_text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise BadNote
    root = canonical_base64(lines[2])
    if len(root) != 32:
        raise BadNote
    return Checkpoint(lines[0], int(lines[1]), root)


def canonical_base64(untrusted: str) -> bytes:
    """Canonical base64 only: one text for one value."""
    try:
        data = b64decode(untrusted, validate=True)
    except (Base64Error, ValueError) as error:
        raise BadNote from error
    if b64encode(data).decode() != untrusted:
        raise BadNote
    return data


def _key_bytes(untrusted: str) -> bytes:
    try:
        data = canonical_base64(untrusted)
    except BadNote as error:
        raise BadKey from error
    if len(data) != 33 or data[:1] != _ED25519:
        raise BadKey
    return data[1:]


def sign_text(text: str, signer: Signer) -> str:
    """A text (its last line ended) as a signed note, for what is no checkpoint."""
    name = signer.verifier.name
    return f"{text}\n{signature_line(name, signer.verifier.key_id + signer.sign(text.encode()))}"


def open_text(untrusted_note: str, verifier: Verifier) -> str:
    """The text of a signed note, once this key's signature holds. Raises BadNote and says why."""
    text, signatures = _split(untrusted_note)
    mine = [data[4:] for name, data in signatures if name == verifier.name and data[:4] == verifier.key_id]
    _require_signed(text, mine, verifier)
    return text


def _require_signed(text: str, signatures: list[bytes], verifier: Verifier) -> None:
    if not signatures:
        raise BadNote("This is not signed with this key.")
    if not all(verifier.accepts(text.encode(), signature) for signature in signatures):
        raise BadNote("The signature is wrong.")
