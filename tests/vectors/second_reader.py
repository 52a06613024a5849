"""A second reader of the sealed format, written from docs/sealed-format.md; shares no code with `exchange`.

It uses the standard library for HKDF and hashes, and bare primitives (AES-GCM, ML-KEM, X25519) where Python
has none. It is slow, reads whole objects and says what was wrong, which the service itself never does.

    python tests/vectors/second_reader.py tests/vectors/sealed/*.json
"""

import base64
import hashlib
import hmac
import json
import struct
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FULL = 16384


class WrongError(Exception):
    """`kind` is length, commitment or chunk: the first rule of the format that the object breaks."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def expand(prk: bytes, info: bytes, length: int, digest: str) -> bytes:
    """HKDF-Expand, RFC 5869 section 2.3."""
    out, block = b"", b""
    for count in range(1, 256):
        block = hmac.new(prk, block + info + bytes([count]), digest).digest()
        out += block
        if len(out) >= length:
            return out[:length]
    raise ValueError(length)


def extract(salt: bytes, secret: bytes, digest: str = "sha256") -> bytes:
    """HKDF-Extract, RFC 5869 section 2.2."""
    return hmac.new(salt or bytes(hashlib.new(digest).digest_size), secret, digest).digest()


def material(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    """Chunk key (32), base nonce (12) and commitment (32) of an object."""
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_AES_256_GCM" + b"\x00" + salt + context
    out = expand(key, info, 76, "sha512")
    return out[:32], out[32:44], out[44:]


def nonce(base: bytes, number: int) -> bytes:
    """The base nonce XOR the chunk's number, big-endian."""
    return bytes(a ^ b for a, b in zip(base, number.to_bytes(12, "big"), strict=True))


def seal(key: bytes, context: bytes, salt: bytes, plaintext: bytes) -> bytes:
    """Seal under a given salt: for vectors only, a salt must never be chosen otherwise."""
    chunk_key, base, commitment = material(key, salt, context)
    parts = [plaintext[at : at + FULL] for at in range(0, len(plaintext) + 1, FULL)]
    cipher = AESGCM(chunk_key)
    return salt + commitment + b"".join(cipher.encrypt(nonce(base, k), p, b"") for k, p in enumerate(parts))


def open_object(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """The plaintext of a whole object, or WrongError."""
    if len(sealed) < 56 + 16:
        raise WrongError("length")
    chunk_key, base, commitment = material(key, sealed[:24], context)
    if not hmac.compare_digest(commitment, sealed[24:56]):
        raise WrongError("commitment")
    chunks = [sealed[at : at + FULL + 16] for at in range(56, len(sealed), FULL + 16)]
    if not 16 <= len(chunks[-1]) < FULL + 16:
        raise WrongError("length")
    try:
        return b"".join(AESGCM(chunk_key).decrypt(nonce(base, k), c, b"") for k, c in enumerate(chunks))
    except InvalidTag:
        raise WrongError("chunk") from None


def context(*names: str, number: int | None = None, offset: int | None = None) -> bytes:
    """service, case, message, part, purpose; an upload piece adds its number and offset."""
    out = b"exchange/context/v1\x00"
    for name in names:
        out += struct.pack(">H", len(name.encode())) + name.encode()
    return out + (b"\x00" if number is None else b"\x01" + struct.pack(">QQ", number, offset))


def derive(secret: bytes, label: str) -> bytes:
    """HKDF-SHA256 without a salt, 32 bytes."""
    return expand(extract(b"", secret), label.encode(), 32, "sha256")


def link(text: str) -> tuple[bytes, bytes]:
    """(what the server stores to find a link, the key of its grant)."""
    secret = base64.urlsafe_b64decode(text + "=")
    return hashlib.sha256(derive(secret, "id")).digest(), derive(secret, "wrap")


def open_wrap(key: bytes, blob: bytes, bound: bytes, label: bytes = b"exchange/wrap/v1\x00") -> bytes:
    """A wrap, or with label exchange/field/v1 a field of tag 1: both begin with 0x01."""
    if blob[0] != 1:
        raise WrongError("version")
    return AESGCM(key).decrypt(blob[1:13], blob[13:], label + bound)


def open_envelope(private: bytes, blob: bytes, bound: bytes, label: bytes = b"exchange/hpke/v1\x00") -> bytes:
    """HPKE base mode, one message; with label exchange/field-hpke/v1 a field of tag 2."""
    if blob[0] != (2 if b"field" in label else 1):
        raise WrongError("version")
    shared = decapsulate(private, blob[1:1121])
    key, base = schedule(shared, label + bound)
    return AESGCM(key).decrypt(base, blob[1121:], b"")


def decapsulate(private: bytes, enc: bytes) -> bytes:
    """The hybrid KEM 0x647a: ML-KEM-768 and X25519, combined by SHA3-256."""
    curve = X25519PrivateKey.from_private_bytes(private[64:])
    from_lattice = MLKEM768PrivateKey.from_seed_bytes(private[:64]).decapsulate(enc[:1088])
    from_curve = curve.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
    own = curve.public_key().public_bytes_raw()
    return hashlib.sha3_256(from_lattice + from_curve + enc[1088:] + own + rb"\.//^\ "[:6]).digest()


def schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """RFC 9180 section 5.1, base mode: (AES-256 key, base nonce, which is the nonce of message 0)."""
    suite = b"HPKE" + struct.pack(">HHH", 0x647A, 0x0001, 0x0002)

    def labeled_extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return extract(salt, b"HPKE-v1" + suite + label + secret)

    def labeled_expand(prk: bytes, label: bytes, bound: bytes, length: int) -> bytes:
        return expand(prk, struct.pack(">H", length) + b"HPKE-v1" + suite + label + bound, length, "sha256")

    bound = b"\x00" + labeled_extract(b"", b"psk_id_hash", b"") + labeled_extract(b"", b"info_hash", info)
    secret = labeled_extract(shared, b"secret", b"")
    return labeled_expand(secret, b"key", bound, 32), labeled_expand(secret, b"base_nonce", bound, 12)


def check(vector: dict[str, Any]) -> bool:
    """Whether this reader sees in a vector what the vector says."""
    fields = (bytes.fromhex(vector[name]) for name in ("input_key", "context", "sealed"))
    try:
        return bool(open_object(*fields).hex() == vector.get("plaintext"))
    except WrongError as wrong:
        return bool(wrong.kind == vector.get("error"))


def main(names: list[str]) -> int:
    """Check vector files; the exit code is 1 if any is wrong or there is none."""
    wrong = [name for name in names if not check(json.loads(Path(name).read_text()))]
    lines = [f"{len(names) - len(wrong)} of {len(names)} vectors read as they say", *wrong]
    sys.stdout.write("\n  ".join(lines) + "\n")
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
