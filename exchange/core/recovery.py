"""The recovery sheet: a root key as text that a person can copy by hand (DESIGN sections 7 and 12).

A first line with the version, then four numbered lines of four groups of four characters (Crockford's
base32, so no I, L, O or U). A line carries 64 bits of the key and 15 check bits that also cover its
number, so a slip, a swap of lines or a cut is noticed (but for one in 32,768) and the line named. The key
file holds this text.
"""

import hashlib
import re

from exchange.core.errors import BadInput
from exchange.core.keys import KEY

_TITLE = "exchange root key, version 1"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORGIVEN = str.maketrans("OIL", "011")
_LINES, _BYTES = 4, 8


def recovery_text(key: bytes) -> str:
    """The five lines of the printed sheet, which are also what the key file holds."""
    lines = (f"{number}  {_line(number, part)}" for number, part in enumerate(_parts(key), start=1))
    return "\n".join((_TITLE, *lines)) + "\n"


def recovery_words(key: bytes) -> list[str]:
    """The sixteen groups of the sheet in order: `exchange init` asks for one of them to be typed back."""
    return [word for number, part in enumerate(_parts(key), start=1) for word in _line(number, part).split()]


def from_recovery_text(untrusted_text: str) -> bytes:
    """The key of a typed-back sheet; raises BadInput naming the first line that does not check.

    Forgives case, spaces, hyphens, O for 0, I and L for 1, a missing title and missing line numbers.
    """
    lines = [line.strip() for line in untrusted_text.splitlines() if line.strip()]
    if lines and lines[0].casefold().startswith("exchange"):
        if lines[0].casefold() != _TITLE:
            raise BadInput("This sheet is of a version that this service does not know.")
        lines = lines[1:]
    if len(lines) != _LINES:
        raise BadInput("The recovery sheet has four lines of four groups. Please enter all four.")
    return b"".join(_read_line(number, line) for number, line in enumerate(lines, start=1))


def _parts(key: bytes) -> list[bytes]:
    if len(key) != KEY:
        raise ValueError("a root key is 32 bytes")
    return [key[at : at + _BYTES] for at in range(0, KEY, _BYTES)]


def _line(number: int, part: bytes) -> str:
    """64 bits of key as 13 characters, 15 check bits as 3, in groups of four."""
    check = hashlib.sha256(b"exchange/recovery/v1\x00" + bytes([number]) + part).digest()
    value = int.from_bytes(part) << 15 | int.from_bytes(check[:2]) >> 1
    text = "".join(_ALPHABET[value >> shift & 31] for shift in range(75, -1, -5))
    return " ".join(text[at : at + 4] for at in range(0, 16, 4))


def _read_line(number: int, untrusted_line: str) -> bytes:
    text = re.sub(r"[\s-]", "", re.sub(r"^[1-4lI][.:)]?\s+", "", untrusted_line)).upper().translate(_FORGIVEN)
    wrong = BadInput(f"Line {number} of the recovery sheet does not check. Please compare it again.")
    if len(text) != 16 or any(char not in _ALPHABET for char in text):
        raise wrong
    value = 0
    for char in text:
        value = value << 5 | _ALPHABET.index(char)
    part = (value >> 15 & (1 << 64) - 1).to_bytes(_BYTES)
    if _line(number, part).replace(" ", "") != text:
        raise wrong
    return part
