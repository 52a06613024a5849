"""The sealed format: C2SP chunked-encryption (c2sp.org/chunked-encryption), instance Cobblestone-256.

A sealed object is `salt (24) ‖ commitment (32) ‖ chunk 0 ‖ … ‖ chunk n`. Every chunk but the last holds
exactly 16 KiB of plaintext, the last holds less (perhaps nothing), each is followed by its 16-byte tag.

The rules this file keeps:
- A sealed object opens only under its own key **and** its own `context`; a swapped object does not open.
- No byte is handed on before its chunk was authenticated, and none at all when any chunk asked for fails.
- The short last chunk is the only end mark. A cut at a chunk boundary leaves an impossible size; a cut
  anywhere else leaves a last chunk that does not authenticate. So a size is *claimed* by the store until the
  last chunk has been opened: `RangeReader.check_end`.

Whole streams go through `cryptography.cobblestone`; only the range reader is ours. It does not read, store or
choose keys. docs/sealed-format.md describes the bytes for a second reader.
"""

import struct
from collections.abc import Iterable, Iterator

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import constant_time
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from exchange.core.errors import Unreadable

CHUNK = 16 * 1024
TAG = 16
SALT = 24
HEADER = 56
SEALED_CHUNK = CHUNK + TAG
RUN = 64 * CHUNK
"""Plaintext bytes of one read-ahead run: 64 chunks, 1 MiB (DESIGN section 14)."""

_MAX_CHUNKS = 1 << 38
_INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
_CONTEXT_MAGIC = b"exchange/context/v1\x00"

Bytes = bytes | bytearray | memoryview


def sealed_length(plain: int) -> int:
    """Bytes that `plain` bytes of plaintext take when sealed."""
    if plain < 0 or plain // CHUNK >= _MAX_CHUNKS:
        raise ValueError("not a length that can be sealed")
    return HEADER + plain + TAG * (plain // CHUNK + 1)


def plain_length(sealed: int) -> int:
    """Bytes of plaintext in a sealed object of `sealed` bytes; raises Unreadable where no such object exists.

    The result is only as true as `sealed` is: see `RangeReader.check_end`.
    """
    full, last = divmod(sealed - HEADER, SEALED_CHUNK)
    if sealed < HEADER + TAG or last < TAG or full >= _MAX_CHUNKS:
        raise Unreadable()
    return full * CHUNK + last - TAG


def context(
    service: str,
    case: str,
    message: str,
    part: str,
    purpose: str,
    *,
    number: int | None = None,
    offset: int | None = None,
) -> bytes:
    """The bytes that name what is sealed. Two different sets of arguments never give the same bytes.

    Each text is a 16-bit big-endian length and its UTF-8 bytes, so empty ones are unambiguous (`case`,
    `message` and `part` may be empty). An upload piece adds its `number` and plaintext `offset`: 64 bits.
    """
    if not service or not purpose or (number is None) != (offset is None):
        raise ValueError("a context needs a service and a purpose, and a piece needs both number and offset")
    fields = [text.encode() for text in (service, case, message, part, purpose)]
    named = b"".join(struct.pack(">H", len(field)) + field for field in fields)
    piece = b"\x00" if number is None else b"\x01" + struct.pack(">QQ", number, offset)
    return _CONTEXT_MAGIC + named + piece


class Sealer:
    """Seals one object as a stream: any number of `update`, then `finish` once."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._encryptor = Cobblestone256Encryptor(key, context)

    def update(self, data: Bytes) -> bytes:
        """Take plaintext, give whatever sealed bytes are ready (the header comes with the first)."""
        return self._encryptor.update(data)

    def update_into(self, data: Bytes, out: memoryview) -> int:
        """As `update`, into a buffer of the caller's; how many bytes were written at its front."""
        return int(self._encryptor.update_into(data, out))

    def finish(self) -> bytes:
        """The last, short chunk. What was given before is not a sealed object without it."""
        return self._encryptor.finalize()


def seal_iter(key: bytes, context: bytes, chunks: Iterable[Bytes]) -> Iterator[bytes]:
    """Seal a stream of plaintext pieces of any size; `sealed_length(total)` bytes come out."""
    sealer = Sealer(key, context)
    for data in chunks:
        if ready := sealer.update(data):
            yield ready
    yield sealer.finish()


def seal(key: bytes, context: bytes, plaintext: Bytes) -> bytes:
    """Seal one object whole, under a fresh random salt."""
    sealer = Sealer(key, context)
    return sealer.update(plaintext) + sealer.finish()


def open_whole(key: bytes, context: bytes, untrusted_sealed: Bytes) -> bytes:
    """The plaintext of a whole object, or Unreadable and not one byte."""
    try:
        decryptor = Cobblestone256Decryptor(key, context)
        plain = decryptor.update(untrusted_sealed)
        return plain + decryptor.finalize()
    except (InvalidTag, ValueError) as error:
        raise Unreadable() from error


class RangeReader:
    """Opens any byte range of a sealed object from the chunks that hold it.

    `sealed_size` must be what the object store says *now*, never a stored or remembered figure. It is a
    claim: a range that does not touch the end proves its own bytes and their place, not the size. Before
    `plain_size` is told to anybody (Content-Length, "end of letter"), fetch `end_span()` and `check_end` it.
    One reader may serve many ranges, one after another or in several threads.
    """

    def __init__(self, key: bytes, context: bytes, untrusted_header: Bytes, sealed_size: int) -> None:
        """`untrusted_header`: the first 56 bytes. Unreadable for a wrong key, context, header or size."""
        self.sealed_size = sealed_size
        self.plain_size = plain_length(sealed_size)
        self.end_checked = False
        if len(untrusted_header) != HEADER or len(key) != 32:
            raise Unreadable()
        header = bytes(untrusted_header)
        material = HKDFExpand(SHA512(), 76, _INFO + header[:SALT] + context).derive(key)
        if not constant_time.bytes_eq(material[44:], header[SALT:]):
            raise Unreadable()
        self._cipher = AESGCM(material[:32])
        self._base_nonce = int.from_bytes(material[32:44])

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Where the chunks of plaintext[start:stop] lie in the sealed object, as (first, one past the last).

        An empty range needs no bytes: (HEADER, HEADER). A range outside the object raises Unreadable.
        """
        if not 0 <= start <= stop <= self.plain_size:
            raise Unreadable()
        if start == stop:
            return HEADER, HEADER
        first, last = start // CHUNK, (stop - 1) // CHUNK
        return HEADER + first * SEALED_CHUNK, min(HEADER + (last + 1) * SEALED_CHUNK, self.sealed_size)

    def end_span(self) -> tuple[int, int]:
        """Where the last chunk lies: from 16 bytes up to one byte less than a full chunk."""
        return HEADER + self.plain_size // CHUNK * SEALED_CHUNK, self.sealed_size

    def check_end(self, untrusted_last_chunk: Bytes) -> None:
        """Prove `plain_size` by opening the last chunk (the bytes of `end_span()`); raises Unreadable."""
        first, stop = self.end_span()
        if len(untrusted_last_chunk) != stop - first:
            raise Unreadable()
        self._open_run(self.plain_size // CHUNK, untrusted_last_chunk, bytearray(stop - first - TAG))
        self.end_checked = True

    def runs(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """plaintext[start:stop] as consecutive ranges that end on multiples of `RUN`: one read each."""
        while start < stop:
            upto = min(stop, (start // RUN + 1) * RUN)
            yield start, upto
            start = upto

    def open(self, start: int, stop: int, untrusted_run: Bytes) -> bytes:
        """Exactly plaintext[start:stop], from the bytes of `span(start, stop)`; else Unreadable."""
        return bytes(self.open_view(start, stop, untrusted_run))

    def open_view(self, start: int, stop: int, untrusted_run: Bytes) -> memoryview:
        """As `open`, without the last copy: a read-only view of a buffer that nobody else holds."""
        first, upto = self.span(start, stop)
        if len(untrusted_run) != upto - first:
            raise Unreadable()
        number = start // CHUNK
        size = len(untrusted_run) - TAG * -(-len(untrusted_run) // SEALED_CHUNK)
        out = bytearray(size)
        self._open_run(number, untrusted_run, out)
        skip = start - number * CHUNK
        return memoryview(out).toreadonly()[skip : skip + stop - start]

    def _open_run(self, number: int, untrusted_run: Bytes, out: bytearray) -> None:
        """Open consecutive chunks from `number` on into `out`, which the caller drops when this raises."""
        source, target = memoryview(untrusted_run), memoryview(out)
        open_chunk, base = self._cipher.decrypt_into, self._base_nonce
        try:
            for index, at in enumerate(range(0, len(source), SEALED_CHUNK)):
                nonce = (base ^ (number + index)).to_bytes(12)
                place = target[index * CHUNK : (index + 1) * CHUNK]
                open_chunk(nonce, source[at : at + SEALED_CHUNK], None, place)
        except (InvalidTag, ValueError) as error:
            raise Unreadable() from error
