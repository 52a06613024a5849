"""Writes the vectors beside it: one object per file, one failure per file. Run by hand when a class is added.

    python -m tests.vectors.sealed.make

Three writers: `exchange.core.sealed`, `cryptography.cobblestone` and "hand", which is this file bending what
the second reader's writer made. The first two draw a fresh salt: a new run gives other bytes of that kind.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Encryptor
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exchange.core import sealed
from tests.vectors import second_reader as second

FULL, WHOLE, HEADER = 16384, 16400, 56
KEY = bytes(range(32))
SALT = bytes(range(100, 124))
NAMED = second.context("service-1", "case-7", "message-3", "page-1.png", "revision")
PIECE = second.context("service-1", "case-7", "message-3", "", "upload", number=2, offset=16777216)

Vector = dict[str, str]
Bend = Callable[[bytes], bytes]


def text(length: int) -> bytes:
    """Plaintext in which every 16 KiB chunk differs."""
    line = b"".join(b"%07d " % number for number in range(length // 8 + 1))
    return line[:length]


def hand(plain: bytes, context: bytes = NAMED, salt: bytes = SALT) -> bytes:
    """Sealed by the second reader's writer, under a chosen salt."""
    return second.seal(KEY, context, salt, plain)


def cobblestone(plain: bytes, context: bytes) -> bytes:
    """Sealed by the library, under a fresh salt."""
    writer = Cobblestone256Encryptor(KEY, context)
    return writer.update(plain) + writer.finalize()


def good(writer: str, plain: bytes, whole: bytes, context: bytes = NAMED) -> Vector:
    """A vector that opens."""
    return {
        "writer": writer,
        "input_key": KEY.hex(),
        "context": context.hex(),
        "sealed": whole.hex(),
        "plaintext": plain.hex(),
    }


def bad(error: str, whole: bytes, context: bytes = NAMED, key: bytes = KEY) -> Vector:
    """A vector that does not open, and which rule it breaks."""
    return {
        "writer": "hand",
        "input_key": key.hex(),
        "context": context.hex(),
        "sealed": whole.hex(),
        "error": error,
    }


def flip(at: int, bit: int = 1) -> Bend:
    """Change one bit."""

    def bend(whole: bytes) -> bytes:
        out = bytearray(whole)
        out[at] ^= bit
        return bytes(out)

    return bend


def foreign(
    plain: bytes,
    *,
    number: Callable[[int], int] = int,
    order: str = "big",
    aad: bytes = b"",
    size: int = FULL,
) -> bytes:
    """An object whose header is right and whose chunks were made by another rule."""
    key, base, commitment = second.material(KEY, SALT, NAMED)
    parts = [plain[at : at + size] for at in range(0, len(plain), size)]
    body = b""
    for index, part in enumerate(parts):
        counter = number(index).to_bytes(12, "big" if order == "big" else "little")
        body += AESGCM(key).encrypt(bytes(a ^ b for a, b in zip(base, counter, strict=True)), part, aad)
    return SALT + commitment + body


def carry_salt() -> bytes:
    """A salt whose base nonce ends in 0xff, where adding the chunk number is not the same as XOR."""
    for number in range(100_000):
        salt = number.to_bytes(24, "big")
        if second.material(KEY, salt, NAMED)[1][-1] == 255:
            return salt
    raise AssertionError


def readable() -> Iterator[tuple[str, Vector]]:
    """Everything that opens."""
    for name, length in {
        "empty": 0,
        "one-byte": 1,
        "one-chunk-less-one": FULL - 1,
        "one-chunk-exactly": FULL,
        "one-chunk-and-one": FULL + 1,
    }.items():
        yield f"good-{name}", good("hand", text(length), hand(text(length)))
    plain = text(2 * FULL + 5)
    yield "good-cobblestone-three-chunks", good("cryptography.cobblestone", plain, cobblestone(plain, NAMED))
    yield "good-cobblestone-empty", good("cryptography.cobblestone", b"", cobblestone(b"", NAMED))
    yield (
        "good-service-piece",
        good("exchange.core.sealed", text(99), sealed.seal(KEY, PIECE, text(99)), PIECE),
    )
    plain = text(2 * FULL)
    yield (
        "good-service-two-chunks-exactly",
        good("exchange.core.sealed", plain, sealed.seal(KEY, NAMED, plain)),
    )
    yield "good-context-empty", good("cryptography.cobblestone", text(9), cobblestone(text(9), b""), b"")
    yield "good-context-long", good("hand", text(9), hand(text(9), b"c" * 300), b"c" * 300)
    plain = text(FULL + 3)
    yield "good-nonce-is-xor-not-sum", good("hand", plain, hand(plain, NAMED, carry_salt()))


def bad_sizes() -> Iterator[tuple[str, Vector]]:
    """Sizes that no object has."""
    small, two = hand(text(40)), hand(text(FULL + 40))
    for name, whole in {
        "nothing": b"",
        "header-cut": small[:55],
        "header-only": small[:56],
        "tag-cut": small[:71],
        "cut-at-the-chunk-boundary": two[: HEADER + WHOLE],
        "cut-inside-the-last-tag": two[: HEADER + WHOLE + 15],
        "two-full-chunks-and-no-end": foreign(text(2 * FULL)),
    }.items():
        yield f"bad-length-{name}", bad("length", whole)


def bad_keys() -> Iterator[tuple[str, Vector]]:
    """Wrong keys, headers and derivations."""
    small = hand(text(40))
    yield "bad-key", bad("commitment", small, key=bytes(32))
    yield "bad-key-one-bit", bad("commitment", small, key=flip(31)(KEY))
    yield "bad-salt-first-bit", bad("commitment", flip(0, 128)(small))
    yield "bad-salt-last-bit", bad("commitment", flip(23)(small))
    yield "bad-commitment-first-bit", bad("commitment", flip(24, 128)(small))
    yield "bad-commitment-last-bit", bad("commitment", flip(55)(small))
    yield "bad-commitment-zero", bad("commitment", small[:24] + bytes(32) + small[56:])
    hashed = second.expand(KEY, b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + SALT + NAMED, 76, "sha256")
    yield "bad-kdf-is-sha256", bad("commitment", SALT + hashed[44:] + small[56:])
    label = second.expand(KEY, b"c2sp.org/chunked-encryption@v1+AEAD_AES_128_GCM\0" + SALT + NAMED, 76, "sha512")
    yield "bad-kdf-names-aes-128", bad("commitment", SALT + label[44:] + small[56:])


def bad_contexts() -> Iterator[tuple[str, Vector]]:
    """Objects asked for under another name."""
    small, piece = hand(text(40)), hand(text(40), PIECE)
    names = ["service-1", "case-7", "message-3", "page-1.png", "revision"]
    for at, name in enumerate(("service", "case", "message", "part", "purpose")):
        other = [*names[:at], "other", *names[at + 1 :]]
        yield f"bad-context-other-{name}", bad("commitment", small, second.context(*other))
    yield "bad-context-cut", bad("commitment", small, NAMED[:-1])
    moved = second.context("service-1", "case-7", "message-3p", "age-1.png", "revision")
    yield "bad-context-letter-moved-over", bad("commitment", small, moved)
    base = ("service-1", "case-7", "message-3", "", "upload")
    yield "bad-piece-number", bad("commitment", piece, second.context(*base, number=3, offset=16777216))
    yield "bad-piece-offset", bad("commitment", piece, second.context(*base, number=2, offset=16777217))
    yield "bad-piece-without-number", bad("commitment", piece, second.context(*base))


def bad_chunks() -> Iterator[tuple[str, Vector]]:
    """Chunks that do not authenticate where they stand."""
    small, two, three = hand(text(40)), hand(text(FULL + 40)), hand(text(2 * FULL + 40))
    head, first, middle, last = three[:56], three[56:16456], three[16456:32856], three[32856:]
    yield "bad-body-bit", bad("chunk", flip(60)(small))
    yield "bad-tag-bit", bad("chunk", flip(-1)(small))
    yield "bad-first-chunk-body-bit", bad("chunk", flip(56)(two))
    yield "bad-first-chunk-tag-bit", bad("chunk", flip(HEADER + WHOLE - 1)(two))
    yield "bad-empty-last-chunk-tag-bit", bad("chunk", flip(-1)(hand(text(FULL))))
    yield "bad-cut-by-one-byte", bad("chunk", two[:-1])
    yield "bad-cut-inside-the-first-chunk", bad("chunk", two[:9000])
    yield "bad-chunks-swapped", bad("chunk", head + middle + first + last)
    yield "bad-chunk-repeated", bad("chunk", head + first + first + last)
    yield "bad-chunk-missing", bad("chunk", head + first + last)
    yield "bad-one-byte-more", bad("chunk", small + b"\0")
    yield "bad-last-chunk-twice", bad("chunk", small + small[56:])
    yield "bad-body-of-another-salt", bad("chunk", small[:56] + hand(text(40), salt=bytes(24))[56:])
    yield "bad-counter-from-one", bad("chunk", foreign(text(40), number=lambda index: index + 1))
    yield "bad-counter-little-endian", bad("chunk", foreign(text(FULL + 40), order="little"))
    yield (
        "bad-last-chunk-flag-in-nonce",
        bad("chunk", foreign(text(40), number=lambda index: index | 1 << 88)),
    )
    yield "bad-aad-is-context", bad("chunk", foreign(text(40), aad=NAMED))
    yield "bad-short-chunk-in-the-middle", bad("chunk", foreign(text(40), size=20))


def main() -> None:
    """Write every file."""
    folder = Path(__file__).parent
    for part in (readable, bad_sizes, bad_keys, bad_contexts, bad_chunks):
        for name, vector in part():
            (folder / f"{name}.json").write_text(json.dumps(vector, indent=1) + "\n")


if __name__ == "__main__":
    main()
